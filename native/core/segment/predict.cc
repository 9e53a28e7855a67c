#include "core/segment/predict.h"

#include <torch/torch.h>

#include <algorithm>

#include "core/error.h"
#include "core/images.h"

namespace semples {

namespace {

struct Window {
  int64_t top, left;
};

// Adds the logits of some windows to the sums of the pixels in them.
void add(std::vector<at::Tensor>& sums, at::Tensor& coverage, const std::vector<at::Tensor>& outputs,
         const std::vector<Window>& windows, int64_t first) {
  for (size_t i = 0; i < outputs.size(); ++i)
    for (int64_t j = 0; j < outputs[i].size(0); ++j) {
      const Window& at = windows[size_t(first + j)];
      const at::Tensor own = outputs[i][j];
      sums[i].narrow(1, at.top, own.size(1)).narrow(2, at.left, own.size(2)).add_(own);
      if (i == 0) coverage.narrow(0, at.top, own.size(1)).narrow(1, at.left, own.size(2)).add_(1);
    }
}

// The outputs that count, enlarged to the size of the windows.
std::vector<at::Tensor> outputs_of(const Segmenter& segmenter, const at::Tensor& windows, bool earlier) {
  SegmentPass pass;
  pass.every_output = earlier;
  std::vector<at::Tensor> all = segmenter.respond(fill_up(windows, segmenter.multiple()), pass);
  if (earlier && all.size() < 2)
    throw refusal("earlier", "0 for a model whose decoder has one output", "another weight", "SEMPLES_CONFIG_INVALID");
  all.erase(all.begin(), all.end() - (earlier ? 2 : 1));
  for (at::Tensor& logits : all) logits = enlarge(logits, segmenter.stride(), windows.size(2), windows.size(3));
  return all;
}

}  // namespace

std::vector<int64_t> window_starts(int64_t length, int64_t window, int64_t stride) {
  std::vector<int64_t> starts;
  for (int64_t at = 0; at + window < length; at += stride) starts.push_back(at);
  starts.push_back(std::max<int64_t>(0, length - window));
  return starts;
}

std::vector<at::Tensor> window_logits(const Segmenter& segmenter, const at::Tensor& image, const PredictRules& rules) {
  const int64_t height = image.size(1), width = image.size(2);
  std::vector<Window> windows;
  for (const int64_t top : window_starts(height, rules.window, rules.stride))
    for (const int64_t left : window_starts(width, rules.window, rules.stride)) windows.push_back({top, left});
  const int64_t rows = std::min(rules.window, height), columns = std::min(rules.window, width);
  const bool earlier = rules.earlier > 0;
  std::vector<at::Tensor> sums(earlier ? 2 : 1);
  for (at::Tensor& sum : sums) sum = torch::zeros({segmenter.classes(), height, width}, image.options());
  at::Tensor coverage = torch::zeros({height, width}, image.options());
  for (size_t first = 0; first < windows.size(); first += size_t(rules.at_once)) {
    const size_t end = std::min(windows.size(), first + size_t(rules.at_once));
    std::vector<at::Tensor> parts;
    for (size_t i = first; i < end; ++i)
      parts.push_back(image.narrow(1, windows[i].top, rows).narrow(2, windows[i].left, columns));
    add(sums, coverage, outputs_of(segmenter, at::stack(parts), earlier), windows, int64_t(first));
  }
  for (at::Tensor& sum : sums) sum.div_(coverage);
  return sums;
}

at::Tensor predict(const Segmenter& segmenter, const std::vector<at::Tensor>& scales, const PredictRules& rules,
                   int64_t height, int64_t width) {
  torch::NoGradGuard no_grad;
  at::Tensor sum;
  int64_t passes = 0;
  for (const at::Tensor& scale : scales) {
    const at::Tensor image = normalize(scale.unsqueeze(0).to(segmenter.device()), kImageNet)[0];
    for (int mirrored = 0; mirrored <= int(rules.flip); ++mirrored, ++passes) {
      const std::vector<at::Tensor> outputs = window_logits(segmenter, mirrored ? image.flip({2}) : image, rules);
      for (size_t i = 0; i < outputs.size(); ++i) {
        at::Tensor logits = at::upsample_bilinear2d(outputs[i].unsqueeze(0), {height, width}, false)[0];
        if (mirrored) logits = logits.flip({2});
        const at::Tensor own = at::softmax(logits, 0) * (i + 1 == outputs.size() ? 1 : rules.earlier);
        sum = sum.defined() ? sum.add_(own) : own.clone();
      }
    }
  }
  return sum.div_(double(passes));
}

}  // namespace semples
