#include "core/segment/predict.h"

#include <torch/torch.h>

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/images.h"
#include "core/memory.h"
#include "core/segment/windows.h"
#include "ops/common/execution.h"

namespace semples {

namespace {

// Numbers of a band, of every class (BAND_NUMBERS of lib/models/memory/segmentJobs.ts).
constexpr int64_t kBandNumbers = 1 << 22;

struct Window {
  WindowedPicture* picture;
  size_t index;
  std::pair<int64_t, int64_t> size() const { return {picture->window_height(), picture->window_width()}; }
};

std::vector<WindowedPicture> windowed(const std::vector<ScaledPicture>& pictures, const PredictRules& rules) {
  std::vector<WindowedPicture> all;
  for (const ScaledPicture& picture : pictures)
    for (const at::Tensor& scale : picture.scales)
      for (int mirrored = 0; mirrored <= int(rules.flip); ++mirrored)
        all.emplace_back(scale, mirrored != 0, rules.window, rules.stride);
  return all;
}

// Windows of one size beside each other.
std::vector<Window> windows_of(std::vector<WindowedPicture>& pictures) {
  std::vector<Window> windows;
  for (WindowedPicture& picture : pictures)
    for (size_t i = 0; i < picture.windows(); ++i) windows.push_back({&picture, i});
  std::stable_sort(windows.begin(), windows.end(),
                   [](const Window& a, const Window& b) { return a.size() > b.size(); });
  return windows;
}

// The outputs that count, as the model gives them.
std::vector<at::Tensor> outputs_of(const Segmenter& segmenter, const at::Tensor& pixels, bool earlier) {
  SegmentPass pass;
  pass.every_output = earlier;
  const at::Tensor images = normalize(pixels.to(segmenter.device()), kImageNet);
  std::vector<at::Tensor> all = segmenter.respond(fill_up(images, segmenter.multiple()), pass);
  if (earlier && all.size() < 2)
    throw refusal("earlier", "0 for a model whose decoder has one output", "another weight", "SEMPLES_CONFIG_INVALID");
  all.erase(all.begin(), all.end() - (earlier ? 2 : 1));
  return all;
}

void respond(const Segmenter& segmenter, const std::vector<Window>& windows, const PredictRules& rules) {
  for (size_t first = 0, end = 0; first < windows.size(); first = end) {
    throw_if_interrupted();
    if (first > 0 && windows[first].size() != windows[first - 1].size()) release_memory();
    std::vector<at::Tensor> pixels;
    for (; end < windows.size() && end - first < size_t(rules.at_once); ++end) {
      if (windows[end].size() != windows[first].size()) break;
      pixels.push_back(windows[end].picture->window(windows[end].index));
    }
    const std::vector<at::Tensor> outputs = outputs_of(segmenter, at::stack(pixels), rules.earlier > 0);
    for (size_t i = first; i < end; ++i) {
      std::vector<at::Tensor> own;
      for (const at::Tensor& output : outputs) own.push_back(output[int64_t(i - first)]);
      windows[i].picture->keep(windows[i].index, std::move(own));
    }
  }
}

// Probabilities [C, H, W] of one picture in one of its sizes, of rows [first, first + count) of the mask.
at::Tensor probabilities_of(const WindowedPicture& picture, size_t output, const ScaledPicture& mask, int64_t first,
                            int64_t count, int64_t stride) {
  const SourceRows rows = source_rows(first, count, double(picture.height()) / double(mask.height), picture.height());
  const int64_t top = rows.low.front();
  at::Tensor logits = picture.merged(output, top, rows.high.back() + 1 - top, stride);
  logits = at_rows(logits, rows, top);
  logits = at_columns(logits, mask.width);
  if (picture.mirrored()) logits = logits.flip({2});
  return at::softmax(logits, 0);
}

int64_t rows_at_once(const Segmenter& segmenter, const WindowedPicture* pictures, size_t count,
                     const ScaledPicture& mask, const PredictRules& rules) {
  if (rules.band_rows > 0) return rules.band_rows;
  double numbers = double(mask.width);  // of a row of the mask, or of what it is made from
  for (size_t i = 0; i < count; ++i)
    numbers = std::max(numbers, double(pictures[i].width()) * double(pictures[i].height()) / double(mask.height));
  return std::max<int64_t>(1, int64_t(double(kBandNumbers) / double(segmenter.classes()) / numbers));
}

PredictedMask mask_of(const Segmenter& segmenter, const WindowedPicture* pictures, size_t count,
                      const ScaledPicture& mask, const PredictRules& rules) {
  const int64_t height = mask.height, width = mask.width;
  PredictedMask result{torch::empty({height, width}, at::kByte), torch::empty({height, width}), {}};
  if (rules.probabilities) result.probabilities = torch::empty({segmenter.classes(), height, width});
  const int64_t size = rows_at_once(segmenter, pictures, count, mask, rules);
  for (int64_t first = 0; first < height; first += size) {
    throw_if_interrupted();
    const int64_t rows = std::min(size, height - first);
    at::Tensor sum;
    for (size_t i = 0; i < count; ++i)
      for (size_t output = 0; output < pictures[i].outputs(); ++output) {
        at::Tensor own = probabilities_of(pictures[i], output, mask, first, rows, segmenter.stride());
        if (output + 1 < pictures[i].outputs()) own.mul_(rules.earlier);
        sum = sum.defined() ? sum.add_(own) : own;
      }
    sum.div_(double(count));
    const auto [confidence, labels] = sum.max(0);
    result.labels.narrow(0, first, rows).copy_(labels);
    result.confidence.narrow(0, first, rows).copy_(confidence);
    if (rules.probabilities) result.probabilities.narrow(1, first, rows).copy_(sum);
  }
  return result;
}

}  // namespace

std::vector<PredictedMask> predict(const Segmenter& segmenter, const std::vector<ScaledPicture>& pictures,
                                   const PredictRules& rules) {
  torch::NoGradGuard no_grad;
  // Windows and bands ask for the same sizes again and again.
  const KeepMemory keep(MemorySource::kSystem);
  try {
    std::vector<WindowedPicture> all = windowed(pictures, rules);
    respond(segmenter, windows_of(all), rules);
    release_memory();
    std::vector<PredictedMask> masks;
    const WindowedPicture* own = all.data();
    for (const ScaledPicture& picture : pictures) {
      const size_t count = picture.scales.size() * (rules.flip ? 2 : 1);
      masks.push_back(mask_of(segmenter, own, count, picture, rules));
      own += count;
      release_memory();
    }
    return masks;
  } catch (const Interrupted&) {
    throw Error("SEMPLES_INTERRUPTED", "The prediction was interrupted");
  }
}

}  // namespace semples
