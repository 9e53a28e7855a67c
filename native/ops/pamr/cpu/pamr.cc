#include "ops/pamr/cpu/pamr.h"

#include <algorithm>
#include <utility>

#include "ops/common/cpu/buffer.h"
#include "ops/pamr/cpu/passes.h"

namespace semples::pamr_cpu {

namespace {

constexpr size_t kMaxWeights = size_t{512} << 20;

int64_t round_up(int64_t size) { return (size + kBlock - 1) / kBlock * kBlock; }

// Where everything lies. Rows are padded with copies of their ends, so that neighbours need no check of columns.
struct Layout {
  explicit Layout(const PamrProblem& problem)
      : height(problem.height),
        width(problem.width),
        labels(problem.labels),
        neighbours(8 * static_cast<int>(problem.dilations.size())),
        blocks(round_up(problem.width) / kBlock) {
    for (const int64_t dilation : problem.dilations) padding = std::max(padding, std::min(dilation, width - 1));
    stride = round_up(padding + blocks * kBlock + padding);
  }

  int64_t height, width;
  int labels, neighbours;
  int64_t blocks;       // of kBlock pixels in a row
  int64_t padding = 0;  // floats before the first pixel of a row
  int64_t stride;       // floats of a row of one plane

  int64_t plane_floats() const { return height * stride; }
  int64_t weights_of_row() const { return blocks * neighbours * kBlock; }
};

// A picture's planes, row by row: [height, planes, stride].
class PaddedPlanes {
 public:
  PaddedPlanes(const Layout& layout, int planes)
      : layout_(&layout), planes_(planes), values_(layout.plane_floats() * planes) {}

  // The first pixel of a row's plane 0.
  float* row(int64_t y) { return values_.data() + y * planes_ * layout_->stride + layout_->padding; }
  const float* row(int64_t y) const { return values_.data() + y * planes_ * layout_->stride + layout_->padding; }

  // Copies the ends of a row's planes outwards.
  void pad(int64_t y) {
    for (int plane = 0; plane < planes_; ++plane) {
      float* first = row(y) + plane * layout_->stride;
      std::fill(first - layout_->padding, first, *first);
      std::fill(first + layout_->width, first - layout_->padding + layout_->stride, first[layout_->width - 1]);
    }
  }

 private:
  const Layout* layout_;
  int planes_;
  Buffer<float> values_;
};

// Which rows' weights are kept, spread evenly so that every thread has as many.
class KeptRows {
 public:
  KeptRows(int64_t height, int64_t kept) : height_(height), kept_(kept) {}
  int64_t place(int64_t y) const { return y * kept_ / height_; }
  bool holds(int64_t y) const { return place(y + 1) > place(y); }

 private:
  int64_t height_, kept_;
};

class Pamr {
 public:
  Pamr(const PamrProblem& problem, const KernelExecution& execution)
      : problem_(problem),
        layout_(problem),
        parts_(std::clamp<int64_t>(execution.threads, 1, problem.height)),
        execution_(execution),
        kept_(problem.height, rows_to_keep()),
        colors_(layout_, 3),
        current_(layout_, problem.labels),
        next_(layout_, problem.labels),
        kept_weights_(kept_.place(problem.height) * layout_.weights_of_row()),
        part_weights_(parts_ * layout_.weights_of_row()) {}

  bool run(float* refined) {
    for_rows([&](int64_t y, int64_t) { read_row(y); });
    for (int i = 0; i < problem_.iterations; ++i) {
      if (execution_.interrupted && execution_.interrupted()) return false;
      for_rows([&](int64_t y, int64_t part) { average_row(y, part, i == 0); });
      std::swap(current_, next_);
    }
    for_rows([&](int64_t y, int64_t) { write_row(y, refined); });
    return true;
  }

 private:
  int64_t rows_to_keep() const {
    const PamrBytes bytes = pamr_bytes(problem_, static_cast<int>(parts_));
    const size_t limit = execution_.memory_limit > 0 ? execution_.memory_limit : bytes.max;
    if (limit < bytes.min) throw KernelMemoryLimit(bytes.min);
    const size_t row = static_cast<size_t>(layout_.weights_of_row()) * sizeof(float);
    return static_cast<int64_t>((std::min(limit, bytes.max) - bytes.min) / row);
  }

  template <class Body>
  void for_rows(const Body& body) {
    const auto band = [&](int64_t part) {
      const int64_t end = layout_.height * (part + 1) / parts_;
      for (int64_t y = layout_.height * part / parts_; y < end; ++y) body(y, part);
    };
    execution_.parallel_for(parts_, band);
  }

  void read_row(int64_t y) {
    const uint8_t* pixels = problem_.image + y * layout_.width * 3;
    float* colors = colors_.row(y);
    for (int color = 0; color < 3; ++color)
      for (int64_t x = 0; x < layout_.width; ++x) colors[color * layout_.stride + x] = pixels[x * 3 + color];
    colors_.pad(y);
    float* labels = current_.row(y);
    for (int label = 0; label < layout_.labels; ++label)
      std::copy_n(problem_.maps + (label * layout_.height + y) * layout_.width, layout_.width,
                  labels + label * layout_.stride);
    current_.pad(y);
  }

  void average_row(int64_t y, int64_t part, bool first) {
    const float* neighbours[kMaxNeighbours];
    const bool kept = kept_.holds(y);
    float* weights = kept ? kept_weights_.data() + kept_.place(y) * layout_.weights_of_row()
                          : part_weights_.data() + part * layout_.weights_of_row();
    if (first || !kept) passes().weigh(view(colors_, y, neighbours), weights);
    passes().average(view(current_, y, neighbours), layout_.labels, weights, next_.row(y));
    next_.pad(y);
  }

  void write_row(int64_t y, float* refined) const {
    const float* labels = current_.row(y);
    for (int label = 0; label < layout_.labels; ++label)
      std::copy_n(labels + label * layout_.stride, layout_.width,
                  refined + (label * layout_.height + y) * layout_.width);
  }

  // Row y of `planes`; fills `neighbours`. A neighbour outside the picture is the nearest pixel in it.
  RowView view(const PaddedPlanes& planes, int64_t y, const float** neighbours) const {
    int count = 0;
    for (const int64_t dilation : problem_.dilations) {
      const int64_t down = std::min(dilation, layout_.height - 1), right = std::min(dilation, layout_.width - 1);
      for (int64_t dy = -1; dy <= 1; ++dy) {
        const float* row = planes.row(std::clamp<int64_t>(y + dy * down, 0, layout_.height - 1));
        for (int64_t dx = -1; dx <= 1; ++dx)
          if (dy != 0 || dx != 0) neighbours[count++] = row + dx * right;
      }
    }
    return {planes.row(y), neighbours, count, layout_.stride, layout_.blocks};
  }

  const PamrProblem& problem_;
  const Layout layout_;
  const int64_t parts_;
  const KernelExecution& execution_;
  const KeptRows kept_;
  PaddedPlanes colors_, current_, next_;
  Buffer<float> kept_weights_, part_weights_;
};

}  // namespace

bool pamr(const PamrProblem& problem, const KernelExecution& execution, float* refined) {
  return Pamr(problem, execution).run(refined);
}

PamrBytes pamr_bytes(const PamrProblem& problem, int threads) {
  const Layout layout(problem);
  const auto planes = static_cast<size_t>(3 + 2 * layout.labels) * static_cast<size_t>(layout.plane_floats());
  const auto row = static_cast<size_t>(layout.weights_of_row()) * sizeof(float);
  const auto parts = static_cast<size_t>(std::clamp<int64_t>(threads, 1, layout.height));
  const size_t least = planes * sizeof(float) + parts * row;
  // A single iteration uses each weight once.
  const size_t rows = problem.iterations > 1 ? std::min(static_cast<size_t>(layout.height), kMaxWeights / row) : 0;
  return {least + rows * row, least};
}

}  // namespace semples::pamr_cpu
