#include "ops/cpu/mean_field.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>

#include "ops/cpu/mean_field_passes.h"

namespace semples::crf {

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

void one_after_another(int64_t count, const std::function<void(int64_t)>& body) {
  for (int64_t i = 0; i < count; ++i) body(i);
}

ChainView chain_view(const Chains& chains) {
  const auto list = [](const Buffer<int32_t>& points) { return ChainList{points.data(), points.size()}; };
  return {list(chains.pairs), list(chains.triples), list(chains.quads), list(chains.longer), list(chains.longer_begin)};
}

// The lattice of one kernel with rows of values on it.
struct Filter {
  PermutohedralLattice lattice;
  Buffer<float> sliced, splatted;  // rows, exchanged after each blur
  Buffer<float> factor;            // per pixel, where it is not folded into the weights
};

class MeanField {
 public:
  MeanField(const MeanFieldProblem& problem, const Execution& execution, Profile* profile)
      : problem_(problem),
        parts_(std::max(1, execution.threads)),
        parallel_for_(execution.parallel_for ? execution.parallel_for : one_after_another),
        interrupted_(execution.interrupted),
        lanes_(padded_lanes(problem.labels)),
        pixels_(problem.height * problem.width),
        order_(tile_order(problem.height, problem.width)),
        profile_(profile) {
    for (const GaussianKernel& kernel : problem.kernels) {
      Filter f;
      f.lattice = build_lattice({problem.height, problem.width, kernel.colors ? problem.image : nullptr,
                                 kernel.position_deviation, kernel.color_deviation},
                                order_, parts_, parallel_for_);
      filters_.push_back(std::move(f));
    }
    lap(&Profile::lattice);
    const size_t needed = bytes_needed();
    if (execution.memory_limit > 0 && needed > execution.memory_limit) throw MemoryLimit(needed);
    for (size_t k = 0; k < filters_.size(); ++k) {
      normalize(filters_[k]);
      scale_index(filters_[k].lattice);
      filters_[k].sliced = Buffer<float>(filters_[k].lattice.rows() * lanes_);
      filters_[k].splatted = Buffer<float>(filters_[k].lattice.rows() * lanes_);
      views_.push_back(view(filters_[k], problem.kernels[k]));
    }
    lap(&Profile::normalize);
  }

  bool run(float* marginals) {
    PixelPass pass{};
    Buffer<float> logits(pixels_ * lanes_);
    pass.labels = problem_.labels;
    pass.lanes = lanes_;
    pass.pixels = pixels_;
    pass.order = order_.data();
    pass.unary = problem_.unary;
    pass.start = problem_.start;
    pass.logits = logits.data();
    pass.kernels = views_.data();
    pass.kernel_count = static_cast<int>(views_.size());
    pass.planes = marginals;
    for (int i = 0; i <= problem_.iterations; ++i) {
      if (interrupted_ && interrupted_()) return false;
      pass.first = i == 0;
      pass.output = i == problem_.iterations ? PixelOutput::kPlanes : PixelOutput::kSplat;
      step(pass, false);
    }
    if (profile_ != nullptr) {
      profile_->bytes = bytes_needed();
      for (const Filter& f : filters_) profile_->points = std::max(profile_->points, f.lattice.points);
    }
    return true;
  }

  void filter_once(const float* values, bool reversed, float* result) {
    PixelPass pass{};
    Buffer<float> logits(pixels_ * lanes_);
    pass.labels = problem_.labels;
    pass.lanes = lanes_;
    pass.pixels = pixels_;
    pass.order = order_.data();
    pass.unary = values;
    pass.start = values;
    pass.logits = logits.data();
    pass.kernels = views_.data();
    pass.kernel_count = static_cast<int>(views_.size());
    pass.planes = result;
    pass.linear = true;
    pass.first = true;
    pass.output = PixelOutput::kSplat;
    step(pass, reversed);
    pass.first = false;
    pass.output = PixelOutput::kPlanes;
    step(pass, reversed);
  }

 private:
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
        if (splats) clear(f.lattice, f.splatted.data(), lanes_, part);
      const Band& band = filters_[0].lattice.bands[part];
      passes().pixels(pass, band.first_pixel, band.last_pixel);
    });
    lap(&Profile::pixels);
    if (!splats) return;
    std::vector<Field> fields;
    for (Filter& f : filters_) fields.push_back({&f.lattice, f.splatted.data()});
    blur(fields, lanes_, reversed);
    for (Filter& f : filters_) std::swap(f.sliced, f.splatted);
  }

  static void clear(const PermutohedralLattice& lattice, float* values, int64_t lanes, int64_t part) {
    const Band& band = lattice.bands[part];
    std::memset(values + band.first_point * lanes, 0,
                static_cast<size_t>((band.last_point - band.first_point) * lanes) * sizeof(float));
    std::memset(values + (lattice.points + band.first_copy) * lanes, 0,
                static_cast<size_t>((band.last_copy - band.first_copy) * lanes) * sizeof(float));
  }

  // Rows of `lanes` floats on a lattice.
  struct Field {
    const PermutohedralLattice* lattice;
    float* values;
  };

  // Adds up the copies, blurs along all axes, and refreshes the copies; all fields at once, since threads that wait for
  // each other cost more than a blur of a small lattice.
  void blur(const std::vector<Field>& fields, int lanes, bool reversed) {
    const int64_t parts = bands();
    if (parts > 1)
      parallel_for_(parts, [&](int64_t part) {
        for (const Field& f : fields) gather_copies(f, lanes, part, parts);
      });
    lap(&Profile::copies);
    size_t axes = 0;
    for (const Field& f : fields) axes = std::max(axes, f.lattice->axes.size());
    for (size_t a = 0; a < axes; ++a) {
      parallel_for_(parts, [&](int64_t part) {
        for (const Field& f : fields) {
          const std::vector<Chains>& chains = f.lattice->axes;
          if (a < chains.size())
            passes().blur(chain_view(chains[reversed ? chains.size() - 1 - a : a]), f.values, lanes,
                          static_cast<int>(part), static_cast<int>(parts));
        }
      });
    }
    lap(&Profile::blur);
    if (parts > 1)
      parallel_for_(parts, [&](int64_t part) {
        for (const Field& f : fields) refresh_copies(f, lanes, part, parts);
      });
    lap(&Profile::copies);
  }

  // A part owns a range of points, whose copies it adds band after band: the sums do not depend on who is faster.
  static void gather_copies(const Field& field, int64_t lanes, int64_t part, int64_t parts) {
    const PermutohedralLattice& lattice = *field.lattice;
    const auto first = static_cast<int32_t>(lattice.points * part / parts);
    const auto last = static_cast<int32_t>(lattice.points * (part + 1) / parts);
    for (const Band& band : lattice.bands) {
      const int32_t *copies = lattice.copy_of.data(), *end = copies + band.last_copy;
      for (const int32_t* c = std::lower_bound(copies + band.first_copy, end, first); c < end && *c < last; ++c) {
        float* point = field.values + *c * lanes;
        const float* copy = field.values + (lattice.points + (c - copies)) * lanes;
        for (int64_t l = 0; l < lanes; ++l) point[l] += copy[l];
      }
    }
  }

  static void refresh_copies(const Field& field, int64_t lanes, int64_t part, int64_t parts) {
    const PermutohedralLattice& lattice = *field.lattice;
    const int64_t count = lattice.copy_of.size();
    for (int64_t c = count * part / parts; c < count * (part + 1) / parts; ++c)
      std::memcpy(field.values + (lattice.points + c) * lanes, field.values + lattice.copy_of[c] * lanes,
                  static_cast<size_t>(lanes) * sizeof(float));
  }

  // Of everything that lives during the iterations.
  size_t bytes_needed() const {
    size_t bytes = order_.bytes() + pixels_ * lanes_ * sizeof(float);
    for (const Filter& f : filters_) {
      bytes += f.lattice.bytes() + 2 * f.lattice.rows() * lanes_ * sizeof(float);
      if (beside_weights()) bytes += pixels_ * sizeof(float);
    }
    return bytes;
  }

  bool beside_weights() const {
    return problem_.normalization == Normalization::kBefore || problem_.normalization == Normalization::kAfter;
  }

  int64_t bands() const { return filters_.empty() ? 1 : static_cast<int64_t>(filters_[0].lattice.bands.size()); }

  // n = K 1 on the lattice; its root or itself goes into the weights or beside them.
  void normalize(Filter& f) {
    if (problem_.normalization == Normalization::kNone) return;
    PermutohedralLattice& lattice = f.lattice;
    const int vertices = lattice.dimensions + 1;
    const auto parts = static_cast<int64_t>(lattice.bands.size());
    Buffer<float> values(lattice.rows());
    if (beside_weights()) f.factor = Buffer<float>(pixels_);
    parallel_for_(parts, [&](int64_t part) {
      clear(lattice, values.data(), 1, part);
      const Band& band = lattice.bands[part];
      for (int64_t i = band.first_pixel * vertices; i < band.last_pixel * vertices; ++i)
        values[lattice.index[i]] += lattice.weight[i];
    });
    blur({{&lattice, values.data()}}, 1, false);
    parallel_for_(parts, [&](int64_t part) {
      if (vertices == 6) {
        divide<6>(f, values.data(), lattice.bands[part]);
      } else {
        divide<3>(f, values.data(), lattice.bands[part]);
      }
    });
  }

  template <int vertices>
  void divide(Filter& f, const float* values, const Band& band) const {
    const bool symmetric = problem_.normalization == Normalization::kSymmetric;
    const float gain = f.lattice.gain();
    const int32_t* index = f.lattice.index.data() + band.first_pixel * vertices;
    float* weight = f.lattice.weight.data() + band.first_pixel * vertices;
    for (int64_t p = band.first_pixel; p < band.last_pixel; ++p, index += vertices, weight += vertices) {
      float sum = 0;
      for (int v = 0; v < vertices; ++v) sum += weight[v] * values[index[v]];
      const float norm = sum * gain + 1e-20f;
      if (!symmetric) {
        f.factor[p] = 1.0f / norm;
        continue;
      }
      const float root = 1.0f / std::sqrt(norm);
      for (int v = 0; v < vertices; ++v) weight[v] *= root;
    }
  }

  // Passes over pixels address rows by pairs of floats.
  void scale_index(PermutohedralLattice& lattice) {
    const auto parts = static_cast<int64_t>(lattice.bands.size());
    const int vertices = lattice.dimensions + 1;
    const uint32_t pairs = static_cast<uint32_t>(lanes_) / 2;
    if (lattice.rows() * pairs > UINT32_MAX) throw std::length_error("lattice points times labels exceed 32 bits");
    parallel_for_(parts, [&](int64_t part) {
      const Band& band = lattice.bands[part];
      auto* index = reinterpret_cast<uint32_t*>(lattice.index.data());
      for (int64_t i = band.first_pixel * vertices; i < band.last_pixel * vertices; ++i) index[i] *= pairs;
    });
  }

  KernelView view(Filter& f, const GaussianKernel& kernel) {
    KernelView v{};
    v.vertices = f.lattice.dimensions + 1;
    v.index = reinterpret_cast<const uint32_t*>(f.lattice.index.data());
    v.weight = f.lattice.weight.data();
    v.gain = f.lattice.gain() * (kernel.matrix == nullptr ? kernel.potts : 1.0f);
    if (problem_.normalization == Normalization::kBefore) v.before = f.factor.data();
    if (problem_.normalization == Normalization::kAfter) v.after = f.factor.data();
    if (kernel.matrix != nullptr) {
      Buffer<float> padded(int64_t{lanes_} * lanes_);
      padded.zero();
      for (int a = 0; a < problem_.labels; ++a)
        for (int b = 0; b < problem_.labels; ++b)
          padded[a * lanes_ + b] =
              0.5f * (kernel.matrix[a * problem_.labels + b] + kernel.matrix[b * problem_.labels + a]);
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
  const int parts_;
  const ParallelFor parallel_for_;
  const std::function<bool()> interrupted_;
  const int lanes_;
  const int64_t pixels_;
  Stopwatch watch_;
  Buffer<int32_t> order_;
  Profile* profile_;
  std::vector<Filter> filters_;
  std::vector<KernelView> views_;
  std::vector<Buffer<float>> matrices_;
};

}  // namespace

bool mean_field(const MeanFieldProblem& problem, const Execution& execution, float* marginals, Profile* profile) {
  return MeanField(problem, execution, profile).run(marginals);
}

void filter(const GaussianKernel& kernel, const uint8_t* image, int64_t height, int64_t width, int channels,
            const float* values, Normalization normalization, bool reversed, const Execution& execution,
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
    // The table of keys is at most half full; neighbours along every axis; lists of chains.
    building = std::max(
        building, points * (4 * sizeof(uint64_t) + 3 * sizeof(uint64_t)) + points * (vertices + 8) * sizeof(int32_t));
  }
  return bytes + building;
}

}  // namespace semples::crf
