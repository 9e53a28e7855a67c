#include "ops/dense_crf/cpu/mean_field.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>

#include "ops/dense_crf/cpu/lattice_values.h"
#include "ops/dense_crf/cpu/normalized_lattice.h"
#include "ops/dense_crf/cpu/passes.h"

namespace semples::dense_crf_cpu {

namespace {

class Stopwatch {
 public:
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - last_).count();
    last_ = now;
    return seconds;
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

struct Stopped : std::runtime_error {
  Stopped() : std::runtime_error("interrupted") {}
};

// The lattice of one kernel with rows of values on it.
struct Filter {
  std::shared_ptr<const NormalizedLattice> normalized;
  Buffer<float> sliced, splatted;  // rows, exchanged after each blur

  const PermutohedralLattice& lattice() const { return normalized->lattice; }
};

class MeanField {
 public:
  MeanField(const MeanFieldProblem& problem, const KernelExecution& execution, Profile* profile)
      : problem_(problem),
        parallel_for_(execution.parallel_for),
        interrupted_(execution.interrupted),
        memory_limit_(execution.memory_limit),
        lanes_(padded_lanes(problem.labels)),
        pixels_(problem.height * problem.width),
        order_(tile_order(problem.height, problem.width)),
        profile_(profile) {
    BuildPlan plan{std::max(1, execution.threads), parallel_for_, nullptr};
    for (const GaussianKernel& kernel : problem.kernels) {
      const int vertices = kernel.colors ? 6 : 3;
      plan.monitor = [&](int64_t pixels, int64_t points) { watch_building(vertices, pixels, points); };
      const LatticeFeatures features{problem.height, problem.width, kernel.colors ? problem.image : nullptr,
                                     kernel.position_deviation, kernel.color_deviation};
      Filter f;
      f.normalized = normalized_lattice(features, order_, problem.normalization, lanes_, plan);
      building_ = std::max(building_, bytes_while_building(vertices, f.lattice().points));
      filters_.push_back(std::move(f));
    }
    lap(&Profile::lattice);
    require(bytes_needed());
    for (size_t k = 0; k < filters_.size(); ++k) {
      filters_[k].sliced = Buffer<float>(filters_[k].lattice().rows() * lanes_);
      filters_[k].splatted = Buffer<float>(filters_[k].lattice().rows() * lanes_);
      views_.push_back(view(filters_[k], problem.kernels[k]));
    }
  }

  void run(float* marginals) {
    Buffer<float> logits(pixels_ * lanes_);
    PixelPass pass = pixel_pass(problem_.unary, problem_.start, logits.data(), marginals);
    for (int i = 0; i <= problem_.iterations; ++i) {
      stop_if_interrupted();
      pass.first = i == 0;
      pass.output = i == problem_.iterations ? PixelOutput::kPlanes : PixelOutput::kSplat;
      step(pass, false);
    }
    if (profile_ != nullptr) {
      profile_->bytes = bytes_needed();
      for (const Filter& f : filters_) profile_->points = std::max(profile_->points, f.lattice().points);
    }
  }

  void filter_once(const float* values, bool reversed, float* result) {
    Buffer<float> logits(pixels_ * lanes_);
    PixelPass pass = pixel_pass(values, values, logits.data(), result);
    pass.linear = true;
    pass.first = true;
    pass.output = PixelOutput::kSplat;
    step(pass, reversed);
    pass.first = false;
    pass.output = PixelOutput::kPlanes;
    step(pass, reversed);
  }

 private:
  PixelPass pixel_pass(const float* unary, const float* start, float* logits, float* planes) const {
    PixelPass pass{};
    pass.labels = problem_.labels;
    pass.lanes = lanes_;
    pass.pixels = pixels_;
    pass.order = order_.data();
    pass.unary = unary;
    pass.start = start;
    pass.logits = logits;
    pass.kernels = views_.data();
    pass.kernel_count = static_cast<int>(views_.size());
    pass.planes = planes;
    return pass;
  }

  // One pass over the pixels and, where it splats, the blur that follows.
  void step(PixelPass& pass, bool reversed) {
    const bool splats = pass.output == PixelOutput::kSplat;
    for (size_t k = 0; k < filters_.size(); ++k) {
      views_[k].values = filters_[k].sliced.data();
      views_[k].target = filters_[k].splatted.data();
    }
    parallel_for_(bands(), [&](int64_t part) {
      if (filters_.empty()) return passes().pixels(pass, 0, pixels_);
      for (Filter& f : filters_)
        if (splats) clear_band({&f.lattice(), f.splatted.data()}, lanes_, part);
      const Band& band = filters_[0].lattice().bands[part];
      passes().pixels(pass, band.first_pixel, band.last_pixel);
    });
    lap(&Profile::pixels);
    if (!splats) return;
    std::vector<LatticeValues> fields;
    for (Filter& f : filters_) fields.push_back({&f.lattice(), f.splatted.data()});
    blur(fields, lanes_, reversed, parallel_for_);
    lap(&Profile::blur);
    for (Filter& f : filters_) std::swap(f.sliced, f.splatted);
  }

  void stop_if_interrupted() const {
    if (interrupted_ && interrupted_()) throw Stopped();
  }

  void require(size_t bytes) const {
    if (memory_limit_ > 0 && bytes > memory_limit_) throw KernelMemoryLimit(bytes);
  }

  // Ends the building of a lattice that will not fit: what it needs is then estimated from the pixels so far.
  void watch_building(int vertices, int64_t pixels, int64_t points) const {
    stop_if_interrupted();
    if (memory_limit_ == 0 || bytes_while_building(vertices, points) <= memory_limit_) return;
    const double share = static_cast<double>(pixels) / static_cast<double>(pixels_);
    require(bytes_while_building(vertices, static_cast<int64_t>(static_cast<double>(points) / share)));
  }

  size_t bytes_while_building(int vertices, int64_t points) const {
    size_t bytes = building_bytes(points, vertices - 1) + order_.bytes() + pixels_ * vertices * 2 * sizeof(int32_t);
    for (const Filter& f : filters_) bytes += f.normalized->bytes();
    return bytes;
  }

  // The larger of what lives during the iterations and what building a lattice took.
  size_t bytes_needed() const {
    size_t bytes = order_.bytes() + pixels_ * lanes_ * sizeof(float);
    for (const Filter& f : filters_) {
      bytes += f.normalized->bytes() + 2 * f.lattice().rows() * lanes_ * sizeof(float);
    }
    return std::max(bytes, building_);
  }

  int64_t bands() const { return filters_.empty() ? 1 : static_cast<int64_t>(filters_[0].lattice().bands.size()); }

  KernelView view(const Filter& f, const GaussianKernel& kernel) {
    KernelView v{};
    v.vertices = f.lattice().dimensions + 1;
    v.index = reinterpret_cast<const uint32_t*>(f.lattice().index.data());
    v.weight = f.lattice().weight.data();
    v.gain = f.lattice().gain() * (kernel.matrix == nullptr ? kernel.potts : 1.0f);
    if (problem_.normalization == Normalization::kBefore) v.before = f.normalized->factor.data();
    if (problem_.normalization == Normalization::kAfter) v.after = f.normalized->factor.data();
    if (kernel.matrix != nullptr) {
      Buffer<float> padded(int64_t{lanes_} * lanes_);
      padded.zero();
      for (int a = 0; a < problem_.labels; ++a)
        for (int b = 0; b < problem_.labels; ++b) padded[a * lanes_ + b] = kernel.energy(problem_.labels, a, b);
      v.matrix = padded.data();
      matrices_.push_back(std::move(padded));
    }
    return v;
  }

  void lap(double Profile::* phase) {
    const double seconds = watch_.lap();
    if (profile_ != nullptr) profile_->*phase += seconds;
  }

  const MeanFieldProblem& problem_;
  const ParallelFor parallel_for_;
  const std::function<bool()> interrupted_;
  const size_t memory_limit_;
  const int lanes_;
  const int64_t pixels_;
  Stopwatch watch_;
  Buffer<int32_t> order_;
  Profile* profile_;
  std::vector<Filter> filters_;
  size_t building_ = 0;
  std::vector<KernelView> views_;
  std::vector<Buffer<float>> matrices_;
};

}  // namespace

int padded_lanes(int labels) {
  for (const int lanes : {4, 8, 16, 24, 32, 64, 128})
    if (labels <= lanes) return lanes;
  return 512;
}

bool mean_field(const MeanFieldProblem& problem, const KernelExecution& execution, float* marginals, Profile* profile) {
  try {
    MeanField(problem, execution, profile).run(marginals);
  } catch (const Stopped&) {
    return false;
  }
  return true;
}

void filter(const GaussianKernel& kernel, const uint8_t* image, int64_t height, int64_t width, int channels,
            const float* values, Normalization normalization, bool reversed, const KernelExecution& execution,
            float* result) {
  MeanFieldProblem problem;
  problem.height = height;
  problem.width = width;
  problem.labels = channels;
  problem.image = image;
  problem.normalization = normalization;
  problem.kernels = {kernel};
  problem.kernels[0].potts = 1;
  problem.kernels[0].matrix = nullptr;
  MeanField(problem, execution, nullptr).filter_once(values, reversed, result);
}

size_t mean_field_bytes(const MeanFieldProblem& problem, int threads) {
  const auto pixels = static_cast<size_t>(problem.height) * static_cast<size_t>(problem.width);
  const auto lanes = static_cast<size_t>(padded_lanes(problem.labels));
  size_t bytes = pixels * (sizeof(int32_t) + lanes * sizeof(float)), building = 0;
  for (const GaussianKernel& kernel : problem.kernels) {
    const size_t vertices = kernel.colors ? 6 : 3, points = pixels * vertices;
    // Index and weight of every vertex; two rows a point; a place in a chain for every axis; copies of other bands.
    const size_t rows = points + (threads > 1 ? points : 0);
    bytes +=
        points * 8 + rows * 2 * lanes * sizeof(float) + points * vertices * sizeof(int32_t) + pixels * sizeof(float);
    building = std::max(building, building_bytes(static_cast<int64_t>(points), static_cast<int>(vertices) - 1));
  }
  return bytes + building;
}

}  // namespace semples::dense_crf_cpu
