// Pixel-adaptive refinement on a GPU: what is run on a device, in which order. A template over the device, so that
// tests run it on the processor.
#pragma once
#include <algorithm>
#include <utility>
#include <vector>

#include "ops/common/plain/device.h"
#include "ops/pamr/plain/problem.h"

namespace semples::pamr_cuda {

using device::Array;
using pamr_plain::PamrProblem;

// A picture, and its neighbours: eight at each dilation; outside the picture, the nearest pixel in it.
struct Neighbourhood {
  const int32_t* dilations;
  int count;  // of neighbours
  int32_t height, width;

  SEMPLES_DEVICE int64_t at(int32_t y, int32_t x, int n) const {
    const int32_t dilation = dilations[n / 8];
    const int direction = n % 8 < 4 ? n % 8 : n % 8 + 1;  // 0 to 8 without the centre, row by row
    return int64_t{inside(y + (direction / 3 - 1) * dilation, height)} * width +
           inside(x + (direction % 3 - 1) * dilation, width);
  }
  SEMPLES_DEVICE static int32_t inside(int32_t at, int32_t size) { return at < 0 ? 0 : at < size ? at : size - 1; }
};

// Of the pixels from `first` on: softmax over the neighbours of minus the mean over colours of |I(x) - I(n)| /
// (e + 0.1 sigma(x)), as in cpu/loops.h. Weights [neighbours, pixels of the band].
struct Weigh {
  Neighbourhood around;
  const uint8_t* image;
  int64_t first, pixels;
  float* weights;

  SEMPLES_DEVICE void operator()(int64_t i, int) const {
    const int64_t pixel = first + i;
    const auto y = static_cast<int32_t>(pixel / around.width),
               x = static_cast<int32_t>(pixel - int64_t{y} * around.width);
    float steepness[3];
    for (int color = 0; color < 3; ++color) steepness[color] = steepness_of(pixel, y, x, color);
    float least = 3e38f;
    for (int n = 0; n < around.count; ++n) {
      const int64_t neighbour = around.at(y, x, n);
      float distance = 0;
      for (int color = 0; color < 3; ++color) {
        const float d = difference(neighbour, pixel, color);
        distance = device::fused(distance, d < 0 ? -d : d, steepness[color]);
      }
      weights[n * pixels + i] = distance;
      least = distance < least ? distance : least;
    }
    float sum = 0;
    for (int n = 0; n < around.count; ++n) {
      const float weight = device::exponential(least - weights[n * pixels + i]);
      weights[n * pixels + i] = weight;
      sum += weight;
    }
    const float scale = 1.0f / sum;
    for (int n = 0; n < around.count; ++n) weights[n * pixels + i] *= scale;
  }

  SEMPLES_DEVICE float difference(int64_t neighbour, int64_t pixel, int color) const {
    return static_cast<float>(image[neighbour * 3 + color]) - static_cast<float>(image[pixel * 3 + color]);
  }

  // 1 / (3 (e + 0.1 sigma)) in bytes: sigma is the unbiased deviation over the neighbours and, once for each dilation,
  // the pixel itself. Sums of differences are whole numbers, and exact.
  SEMPLES_DEVICE float steepness_of(int64_t pixel, int32_t y, int32_t x, int color) const {
    const auto total = static_cast<float>(around.count + around.count / 8);
    float sum = 0, squares = 0;
    for (int n = 0; n < around.count; ++n) {
      const float d = difference(around.at(y, x, n), pixel, color);
      sum += d;
      squares = device::fused(squares, d, d);
    }
    const float variance = (squares - sum * sum / total) / (total - 1);
    return 1.0f / (3.0f * (255.0f * 1e-8f + 0.1f * __builtin_sqrtf(variance)));
  }
};

// Means over the neighbours of `planes` maps at a time: a weight is read once for all of them.
struct Average {
  static constexpr int kPlanes = 4;
  Neighbourhood around;
  const float* weights;
  int64_t first, pixels;  // of the band
  const float* maps;
  float* means;
  int labels;
  SEMPLES_DEVICE void operator()(int64_t group_pixel, int) const {
    const int64_t group = group_pixel / pixels, i = group_pixel - group * pixels, pixel = first + i;
    const int64_t plane = int64_t{around.height} * around.width;
    const auto y = static_cast<int32_t>(pixel / around.width),
               x = static_cast<int32_t>(pixel - int64_t{y} * around.width);
    const int begin = static_cast<int>(group) * kPlanes;
    float sums[kPlanes] = {};
    for (int n = 0; n < around.count; ++n) {
      const int64_t neighbour = around.at(y, x, n);
      const float weight = weights[n * pixels + i];
      SEMPLES_UNROLL
      for (int p = 0; p < kPlanes; ++p)
        if (begin + p < labels) sums[p] = device::fused(sums[p], maps[(begin + p) * plane + neighbour], weight);
    }
    SEMPLES_UNROLL
    for (int p = 0; p < kPlanes; ++p)
      if (begin + p < labels) means[(begin + p) * plane + pixel] = sums[p];
  }
};

struct Copy {
  const float* from;
  float* to;
  SEMPLES_DEVICE void operator()(int64_t i, int) const { to[i] = from[i]; }
};

// Bytes of weights that are kept; those of pictures with more are computed anew in each iteration, band by band, with
// the same result.
inline constexpr int64_t kMaxWeightBytes = int64_t{512} << 20;

// Refined maps [labels, height, width] into `refined`, which may not overlap the inputs.
template <class Device>
void refine(Device& device, const PamrProblem& problem, float* refined, int64_t max_weight_bytes = kMaxWeightBytes) {
  const int64_t pixels = problem.height * problem.width, values = pixels * problem.labels;
  std::vector<int32_t> dilations;
  const int64_t largest = std::max(problem.height, problem.width);
  for (const int64_t dilation : problem.dilations)
    dilations.push_back(static_cast<int32_t>(std::min(dilation, largest)));
  const Array<int32_t> steps = device.upload(dilations.data(), static_cast<int64_t>(dilations.size()));
  const Neighbourhood around = {steps.data(), static_cast<int>(8 * dilations.size()),
                                static_cast<int32_t>(problem.height), static_cast<int32_t>(problem.width)};
  const int64_t fit = max_weight_bytes / (int64_t{4} * around.count);
  const int64_t band = std::clamp<int64_t>(fit, 1, pixels);
  const Array<float> weights = device.template array<float>(problem.iterations > 0 ? band * around.count : 0);
  const Array<float> spare = device.template array<float>(problem.iterations > 1 ? values : 0);
  const float* current = problem.maps;
  for (int i = 0; i < problem.iterations; ++i) {
    device.stop_if_interrupted();
    // The last result is to lie in `refined`.
    float* next = (problem.iterations - i) % 2 == 1 ? refined : spare.data();
    for (int64_t first = 0; first < pixels; first += band) {
      const int64_t count = std::min(band, pixels - first);
      if (i == 0 || band < pixels)
        device.for_each(count, 1, Weigh{around, problem.image, first, count, weights.data()});
      const int groups = (problem.labels + Average::kPlanes - 1) / Average::kPlanes;
      device.for_each(count * groups, 1, Average{around, weights.data(), first, count, current, next, problem.labels});
    }
    current = next;
  }
  if (problem.iterations == 0) device.for_each(values, 1, Copy{problem.maps, refined});
}

}  // namespace semples::pamr_cuda
