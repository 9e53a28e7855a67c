// Windows that slide over a picture, and the logits that they give: kept as small as the model gives them, merged by
// rows.
#pragma once
#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace semples {

// Where windows begin along a side: every `stride`, the last flush with the border; at 0 alone where one window will
// do.
std::vector<int64_t> window_starts(int64_t length, int64_t window, int64_t stride);

// Bilinear, not aligned at corners: the rows that each row of a resized map lies between, and how far from the first.
struct SourceRows {
  std::vector<int64_t> low, high;
  std::vector<float> weight;
};
// Of rows [first, first + count) of the resized map; the source has `size` rows, each the height of 1 / `ratio`.
SourceRows source_rows(int64_t first, int64_t count, double ratio, int64_t size);

// [C, H, W] -> [C, count, W]; row 0 of the map is row `offset` of the source.
at::Tensor at_rows(const at::Tensor& map, const SourceRows& rows, int64_t offset = 0);
// [C, H, w] -> [C, H, width].
at::Tensor at_columns(const at::Tensor& map, int64_t width);

// One picture at one scale, or its mirror image.
class WindowedPicture {
 public:
  // pixels: uint8 [H, W, 3]
  WindowedPicture(at::Tensor pixels, bool mirrored, int64_t window, int64_t stride);

  int64_t height() const { return pixels_.size(0); }
  int64_t width() const { return pixels_.size(1); }
  bool mirrored() const { return mirrored_; }
  size_t windows() const { return tops_.size() * lefts_.size(); }
  int64_t window_height() const { return rows_; }
  int64_t window_width() const { return columns_; }

  // Pixels of a window, uint8 [rows, columns, 3].
  at::Tensor window(size_t index) const;
  // Its logits [C, rows / stride, columns / stride], one for each output; fractions rounded up.
  void keep(size_t index, std::vector<at::Tensor> logits);
  size_t outputs() const { return logits_.front().size(); }

  // Rows [first, first + count) of the logits of the whole picture [C, count, W]: each window enlarged by the stride of
  // its logits, the mean where windows overlap.
  at::Tensor merged(size_t output, int64_t first, int64_t count, int64_t stride) const;

 private:
  at::Tensor coverage(int64_t first, int64_t count) const;

  at::Tensor pixels_;
  bool mirrored_;
  int64_t rows_, columns_;
  std::vector<int64_t> tops_, lefts_;
  std::vector<std::vector<at::Tensor>> logits_;  // by window and output
};

}  // namespace semples
