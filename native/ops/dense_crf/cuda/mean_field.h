// Mean-field inference on a GPU: what is run on a device, in which order. A template over the device, so that tests run
// it on the processor.
#pragma once
#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

#include "ops/dense_crf/cuda/pixels.h"

namespace semples::dense_crf_cuda {

// Quads of a row of so many labels: few numbers, for each of which a kernel is compiled; above 24 labels any.
inline int padded_quads(int labels) {
  const int quads = (labels + 3) / 4;
  for (const int compiled : {1, 2, 4, 6})
    if (quads <= compiled) return compiled;
  return quads;
}

// One lattice with the values of its points: blurred from one buffer into the other and back.
struct Filter {
  Lattice lattice;
  Array<Quad> values, spare;
  std::vector<Array<Quad>> portions;  // sums of every level but the last, which are those of the points
  Slice slice{};
};

template <class Device>
class MeanField {
 public:
  // Pictures of like kernels, labels padded to those of the picture with most.
  MeanField(Device& device, const std::vector<MeanFieldProblem>& pictures)
      : device_(device), pictures_(pictures), problem_(pictures.front()) {
    int labels = 0;
    for (const MeanFieldProblem& picture : pictures) {
      pixels_ += picture.pixels();
      labels = std::max(labels, picture.labels);
    }
    quads_ = padded_quads(labels);
    for (const GaussianKernel& kernel : problem_.kernels) {
      filters_.push_back(make_filter(kernel));
      points_ = std::max(points_, filters_.back().lattice.points);
    }
    for (Filter& filter : filters_) prepare(filter, quads_);
  }

  // Q [labels, height, width] of each picture into `marginals`.
  void run(const std::vector<float*>& marginals) {
    const Array<Quad> logits = rows(), q = rows();
    read_planes(&MeanFieldProblem::unary, -1.0f, kAbsent, logits);
    if (problem_.start == nullptr) {
      update(nullptr, logits, q, true, true);
    } else {
      read_planes(&MeanFieldProblem::start, 1.0f, 0.0f, q);
    }
    for (int i = 0; i < problem_.iterations; ++i) {
      device_.stop_if_interrupted();
      for (Filter& filter : filters_) apply(filter, q, quads_);
      if (filters_.empty()) update(nullptr, logits, q, true, true);
      for (size_t k = 0; k < filters_.size(); ++k)
        update(&filters_[k].slice, logits, q, k == 0, k + 1 == filters_.size());
    }
    write_planes(q, marginals);
  }

  int64_t points() const { return points_; }

 private:
  Array<Quad> rows() { return device_.template array<Quad>(pixels_ * quads_); }

  Filter make_filter(const GaussianKernel& kernel) {
    Filter filter;
    filter.lattice =
        kernel.colors ? build_lattice<5>(device_, kernel, pictures_) : build_lattice<2>(device_, kernel, pictures_);
    Lattice& lattice = filter.lattice;
    const int64_t entries = lattice.pixels * lattice.vertices();
    lattice.splat_weight = device_.template array<float>(entries);
    device_.for_each(entries, 1,
                     OrderWeights{lattice.place.data(), lattice.weight.data(), lattice.splat_weight.data()});
    lattice.place = {};
    if (problem_.normalization != dense_crf_plain::Normalization::kNone) normalize(filter);
    filter.slice = slice_of(filter);
    if (kernel.matrix == nullptr) {
      filter.slice.gain *= kernel.potts;
    } else {
      matrices_.push_back(padded(kernel));
      filter.slice.matrix = matrices_.back().data();
    }
    return filter;
  }

  // Points get their values; `slice.values` still is to be set after each blur.
  Slice slice_of(const Filter& filter) const {
    const Lattice& lattice = filter.lattice;
    return {lattice.vertices(), lattice.index.data(), lattice.weight.data(), nullptr, lattice.gain(), nullptr};
  }

  void normalize(Filter& filter) {
    Lattice& lattice = filter.lattice;
    const Array<Quad> ones = device_.template array<Quad>(pixels_);
    device::fill(device_, ones, Quad{{1, 0, 0, 0}});
    filter.slice = slice_of(filter);
    prepare(filter, 1);
    apply(filter, ones, 1);
    const Array<float> slicing = device_.template array<float>(pixels_),
                       splatting = device_.template array<float>(pixels_);
    device_.for_each(pixels_, 1, Normalize{filter.slice, problem_.normalization, slicing.data(), splatting.data()});
    const int vertices = lattice.vertices();
    device_.for_each(pixels_ * vertices, 1, ScaleWeights{slicing.data(), nullptr, vertices, lattice.weight.data()});
    device_.for_each(pixels_ * vertices, 1,
                     ScaleWeights{splatting.data(), lattice.pixel.data(), vertices, lattice.splat_weight.data()});
  }

  Array<float> padded(const GaussianKernel& kernel) {
    const int lanes = quads_ * 4;
    std::vector<float> matrix(static_cast<size_t>(lanes) * lanes, 0.0f);
    for (int a = 0; a < problem_.labels; ++a)
      for (int b = 0; b < problem_.labels; ++b) matrix[a * lanes + b] = kernel.energy(problem_.labels, a, b);
    return device_.upload(matrix.data(), static_cast<int64_t>(matrix.size()));
  }

  void prepare(Filter& filter, int quads) {
    filter.values = device_.template array<Quad>(filter.lattice.points * quads);
    filter.spare = device_.template array<Quad>(filter.lattice.points * quads);
    filter.portions.clear();
    for (size_t l = 0; l + 1 < filter.lattice.levels.size(); ++l)
      filter.portions.push_back(device_.template array<Quad>(filter.lattice.levels[l].portions() * quads));
  }

  // Splats and blurs.
  void apply(Filter& filter, const Array<Quad>& from, int quads) {
    const Lattice& lattice = filter.lattice;
    const Quad* items = from.data();
    for (size_t l = 0; l < lattice.levels.size(); ++l) {
      Quad* sums = l + 1 == lattice.levels.size() ? filter.values.data() : filter.portions[l].data();
      const SumPortions sum = {lattice.levels[l].begin.data(),
                               l == 0 ? lattice.pixel.data() : nullptr,
                               l == 0 ? lattice.splat_weight.data() : nullptr,
                               items,
                               sums,
                               quads};
      device_.for_each(lattice.levels[l].portions(), quads, sum);
      items = sums;
    }
    for (int axis = 0; axis < lattice.vertices(); ++axis) {
      const int64_t first = axis * lattice.points;
      device_.for_each(lattice.points, quads,
                       Blur{lattice.next.data() + first, lattice.previous.data() + first, filter.values.data(),
                            filter.spare.data(), quads});
      std::swap(filter.values, filter.spare);
    }
    filter.slice.values = filter.values.data();
  }

  // Slices `slice` (none where null) into `q`, which the first one begins from the logits and the last one normalises.
  void update(const Slice* slice, const Array<Quad>& logits, const Array<Quad>& q, bool first, bool last) {
    const auto with = [&]<int fixed>(std::integral_constant<int, fixed>) {
      device_.for_each(pixels_, 1,
                       Update<fixed>{slice == nullptr ? Slice{} : *slice, first ? logits.data() : nullptr, q.data(),
                                     quads_, slice != nullptr, last});
    };
    switch (quads_) {
      case 1:
        return with(std::integral_constant<int, 1>());
      case 2:
        return with(std::integral_constant<int, 2>());
      case 4:
        return with(std::integral_constant<int, 4>());
      case 6:
        return with(std::integral_constant<int, 6>());
      default:
        return with(std::integral_constant<int, 0>());
    }
  }

  void read_planes(const float* MeanFieldProblem::* planes, float sign, float padding, const Array<Quad>& target) {
    int64_t first = 0;
    for (const MeanFieldProblem& picture : pictures_) {
      device_.for_each(picture.pixels() * quads_, 1,
                       ReadPlanes{picture.*planes, picture.labels, picture.pixels(), sign, padding,
                                  target.data() + first * quads_, quads_});
      first += picture.pixels();
    }
  }

  void write_planes(const Array<Quad>& q, const std::vector<float*>& marginals) {
    int64_t first = 0;
    for (size_t p = 0; p < pictures_.size(); ++p) {
      const int64_t pixels = pictures_[p].pixels();
      device_.for_each(pixels * pictures_[p].labels, 1,
                       WritePlanes{q.data() + first * quads_, quads_, pixels, marginals[p]});
      first += pixels;
    }
  }

  Device& device_;
  const std::vector<MeanFieldProblem>& pictures_;
  const MeanFieldProblem& problem_;
  int64_t pixels_ = 0, points_ = 0;
  int quads_ = 1;
  std::vector<Filter> filters_;
  std::vector<Array<float>> matrices_;
};

}  // namespace semples::dense_crf_cuda
