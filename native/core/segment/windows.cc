#include "core/segment/windows.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

namespace semples {

namespace {

// How many windows of a side each of `count` places from `first` on is in.
at::Tensor covering(const std::vector<int64_t>& starts, int64_t window, int64_t first, int64_t count) {
  at::Tensor covers = torch::zeros({count});
  for (const int64_t start : starts) {
    const int64_t from = std::max(first, start), to = std::min(first + count, start + window);
    if (from < to) covers.narrow(0, from - first, to - from).add_(1);
  }
  return covers;
}

at::Tensor indices(const std::vector<int64_t>& rows, int64_t offset, at::Device device) {
  return torch::tensor(rows, at::kLong).sub_(offset).to(device);
}

}  // namespace

std::vector<int64_t> window_starts(int64_t length, int64_t window, int64_t stride) {
  std::vector<int64_t> starts;
  for (int64_t at = 0; at + window < length; at += stride) starts.push_back(at);
  starts.push_back(std::max<int64_t>(0, length - window));
  return starts;
}

SourceRows source_rows(int64_t first, int64_t count, double ratio, int64_t size) {
  SourceRows rows;
  for (int64_t row = first; row < first + count; ++row) {
    const double place = std::max(0.0, (double(row) + 0.5) * ratio - 0.5);
    const int64_t low = std::min(size - 1, int64_t(std::floor(place)));
    rows.low.push_back(low);
    rows.high.push_back(std::min(size - 1, low + 1));
    rows.weight.push_back(float(place - double(low)));
  }
  return rows;
}

at::Tensor at_rows(const at::Tensor& map, const SourceRows& rows, int64_t offset) {
  const at::Tensor weight = torch::tensor(rows.weight).view({-1, 1}).to(map.device());
  at::Tensor low = map.index_select(1, indices(rows.low, offset, map.device()));
  return low.lerp_(map.index_select(1, indices(rows.high, offset, map.device())), weight);
}

// A resize to as many rows as there are leaves them as they are.
at::Tensor at_columns(const at::Tensor& map, int64_t width) {
  if (map.size(2) == width) return map;
  return at::upsample_bilinear2d(map.unsqueeze(0), {map.size(1), width}, false)[0];
}

WindowedPicture::WindowedPicture(at::Tensor pixels, bool mirrored, int64_t window, int64_t stride)
    : pixels_(std::move(pixels)),
      mirrored_(mirrored),
      rows_(std::min(window, height())),
      columns_(std::min(window, width())),
      tops_(window_starts(height(), window, stride)),
      lefts_(window_starts(width(), window, stride)),
      logits_(windows()) {}

at::Tensor WindowedPicture::window(size_t index) const {
  const int64_t top = tops_[index / lefts_.size()], left = lefts_[index % lefts_.size()];
  const at::Tensor rows = pixels_.narrow(0, top, rows_);
  if (!mirrored_) return rows.narrow(1, left, columns_);
  return rows.narrow(1, width() - left - columns_, columns_).flip({1});
}

void WindowedPicture::keep(size_t index, std::vector<at::Tensor> logits) { logits_[index] = std::move(logits); }

at::Tensor WindowedPicture::merged(size_t output, int64_t first, int64_t count, int64_t stride) const {
  const at::Tensor& some = logits_.front()[output];
  at::Tensor sum = torch::zeros({some.size(0), count, width()}, some.options());
  for (size_t i = 0; i < windows(); ++i) {
    const int64_t top = tops_[i / lefts_.size()], left = lefts_[i % lefts_.size()];
    const int64_t from = std::max(first, top), to = std::min(first + count, top + rows_);
    if (from >= to) continue;
    const at::Tensor& own = logits_[i][output];
    const SourceRows rows = source_rows(from - top, to - from, 1.0 / double(stride), own.size(1));
    const at::Tensor enlarged = at_columns(at_rows(own, rows), own.size(2) * stride);
    sum.narrow(1, from - first, to - from).narrow(2, left, columns_).add_(enlarged.narrow(2, 0, columns_));
  }
  return windows() == 1 ? sum : sum.div_(coverage(first, count).to(sum.device()));
}

at::Tensor WindowedPicture::coverage(int64_t first, int64_t count) const {
  return covering(tops_, rows_, first, count).unsqueeze(1) * covering(lefts_, columns_, 0, width());
}

}  // namespace semples
