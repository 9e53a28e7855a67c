// What mean-field inference does for each pixel on a GPU, and how rows of values get from pixels to lattice points and
// back. A row is the labels of a pixel or a point, padded to whole Quads. It is float32: points kept as float16 moved Q
// by up to 0.07, and by more than 1e-4 in 57 of 142 results of test/native/emulated.
#pragma once
#include "ops/dense_crf/cuda/lattice.h"

namespace semples::dense_crf_cuda {

using device::Quad;

inline constexpr float kAbsent = -__builtin_inff();  // the logit of a lane without a label: below any finite one
// Exponentials are summed as integers, so the sum does not depend on the order of the labels. At most 511 of them fit.
inline constexpr float kSumUnit = 4194304.0f;

// Planes [labels, pixels] of one picture -> rows, times `sign`. Of each Quad of each pixel, those of a plane side by
// side.
struct ReadPlanes {
  const float* planes;
  int labels;
  int64_t pixels;
  float sign, padding;
  Quad* rows;
  int quads;
  SEMPLES_DEVICE void operator()(int64_t i, int) const {
    const int64_t quad = i / pixels, pixel = i - quad * pixels;
    Quad row;
    for (int l = 0; l < 4; ++l) {
      const int64_t label = quad * 4 + l;
      row.lane[l] = label < labels ? sign * planes[label * pixels + pixel] : padding;
    }
    rows[pixel * quads + quad] = row;
  }
};

struct WritePlanes {
  const Quad* rows;
  int quads;
  int64_t pixels;
  float* planes;
  SEMPLES_DEVICE void operator()(int64_t i, int) const {
    const int64_t label = i / pixels, pixel = i - label * pixels;
    planes[i] = rows[pixel * quads + label / 4].lane[label % 4];
  }
};

// Sums of weighted rows: of the pixels around each point, or of portions of such sums.
struct SumPortions {
  const int32_t* begin;
  const int32_t* row_of;  // of each item; null: the item's own number
  const float* weight;    // of each item; null: 1
  const Quad* rows;
  Quad* sums;
  int quads;
  SEMPLES_DEVICE void operator()(int64_t portion, int quad) const {
    Quad sum = {};
    for (int32_t i = begin[portion]; i < begin[portion + 1]; ++i) {
      const int64_t row = row_of == nullptr ? i : row_of[i];
      sum.add(rows[row * quads + quad], weight == nullptr ? 1.0f : weight[i]);
    }
    sums[portion * quads + quad] = sum;
  }
};

// new = old + (previous + next) / 2 along one axis.
struct Blur {
  const int32_t *next, *previous;
  const Quad* from;
  Quad* to;
  int quads;
  SEMPLES_DEVICE void operator()(int64_t point, int quad) const {
    Quad row = from[point * quads + quad];
    if (previous[point] >= 0) row.add(from[int64_t{previous[point]} * quads + quad], 0.5f);
    if (next[point] >= 0) row.add(from[int64_t{next[point]} * quads + quad], 0.5f);
    to[point * quads + quad] = row;
  }
};

// One kernel as a pixel sees it.
struct Slice {
  int vertices;
  const int32_t* index;
  const float* weight;
  const Quad* values;
  float gain;           // sliced values times this are added to the logits ...
  const float* matrix;  // ... or, where there is one, [lanes, lanes] times them is subtracted

  SEMPLES_DEVICE Quad at(int64_t pixel, int quad, int quads) const {
    Quad message = {};
    for (int v = 0; v < vertices; ++v)
      message.add(values[int64_t{index[pixel * vertices + v]} * quads + quad], weight[pixel * vertices + v]);
    return message;
  }
};

// Slices one kernel into `rows`, and after the last one makes them sum to 1 over the labels. `fixed` Quads a row, kept
// in registers; 0: any number, kept in `rows`.
template <int fixed>
struct Update {
  Slice slice;
  const Quad* logits;  // what the first kernel adds to; null for the later ones, which add to `rows`
  Quad* rows;
  int any_quads;
  bool slices, last;

  SEMPLES_DEVICE int quads() const { return fixed > 0 ? fixed : any_quads; }

  SEMPLES_DEVICE void operator()(int64_t pixel, int) const {
    Quad* result = rows + pixel * quads();
    Quad kept[fixed > 0 ? fixed : 1];
    Quad* row = fixed > 0 ? kept : result;
    SEMPLES_UNROLL
    for (int q = 0; q < quads(); ++q) {
      if (logits == nullptr) {
        row[q] = result[q];
      } else {
        row[q] = logits[pixel * quads() + q];
      }
    }
    if (slices && slice.matrix == nullptr) add(pixel, row);
    if (slices && slice.matrix != nullptr) add_energies(pixel, row);
    if (last) softmax(row);
    SEMPLES_UNROLL
    for (int q = 0; q < quads(); ++q) result[q] = row[q];
  }

  SEMPLES_DEVICE void add(int64_t pixel, Quad* row) const {
    SEMPLES_UNROLL
    for (int q = 0; q < quads(); ++q) row[q].add(slice.at(pixel, q, quads()), slice.gain);
  }

  // The energies of all pairs of labels: row -= M message.
  SEMPLES_DEVICE void add_energies(int64_t pixel, Quad* row) const {
    const auto* matrix = reinterpret_cast<const Quad*>(slice.matrix);
    for (int q = 0; q < quads(); ++q) {
      const Quad message = slice.at(pixel, q, quads());
      for (int l = 0; l < 4; ++l) {
        SEMPLES_UNROLL
        for (int to = 0; to < quads(); ++to)
          row[to].add(matrix[(q * 4 + l) * quads() + to], -slice.gain * message.lane[l]);
      }
    }
  }

  SEMPLES_DEVICE void softmax(Quad* row) const {
    float top = kAbsent;
    SEMPLES_UNROLL
    for (int q = 0; q < quads(); ++q)
      for (int l = 0; l < 4; ++l) top = row[q].lane[l] > top ? row[q].lane[l] : top;
    uint32_t sum = 0;
    SEMPLES_UNROLL
    for (int q = 0; q < quads(); ++q) {
      for (int l = 0; l < 4; ++l) {
        row[q].lane[l] = device::exponential(row[q].lane[l] - top);
        sum += static_cast<uint32_t>(row[q].lane[l] * kSumUnit + 0.5f);
      }
    }
    const float scale = kSumUnit / static_cast<float>(sum);
    SEMPLES_UNROLL
    for (int q = 0; q < quads(); ++q)
      for (int l = 0; l < 4; ++l) row[q].lane[l] *= scale;
  }
};

// n = K 1 of each pixel, sliced from the values of `ones`; then what of it the weights of slicing and of splatting get.
struct Normalize {
  Slice slice;
  dense_crf_plain::Normalization how;
  float *slicing, *splatting;  // a factor of each pixel
  SEMPLES_DEVICE void operator()(int64_t pixel, int) const {
    using dense_crf_plain::Normalization;
    const float norm = slice.at(pixel, 0, 1).lane[0] * slice.gain + 1e-20f;
    const float factor = how == Normalization::kSymmetric ? 1.0f / __builtin_sqrtf(norm) : 1.0f / norm;
    slicing[pixel] = how == Normalization::kBefore ? 1.0f : factor;
    splatting[pixel] = how == Normalization::kAfter ? 1.0f : factor;
  }
};

struct ScaleWeights {
  const float* factor;   // of each pixel
  const int32_t* pixel;  // of each weight; null: weight / vertices
  int vertices;
  float* weight;
  SEMPLES_DEVICE void operator()(int64_t i, int) const {
    weight[i] *= factor[pixel == nullptr ? i / vertices : pixel[i]];
  }
};

// The weights of slicing in the order in which points sum.
struct OrderWeights {
  const uint32_t* place;
  const float* weight;
  float* ordered;
  SEMPLES_DEVICE void operator()(int64_t i, int) const { ordered[i] = weight[place[i]]; }
};

}  // namespace semples::dense_crf_cuda
