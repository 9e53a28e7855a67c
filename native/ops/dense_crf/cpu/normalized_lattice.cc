#include "ops/dense_crf/cpu/normalized_lattice.h"

#include <cmath>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <tuple>

#include "ops/dense_crf/cpu/lattice_values.h"

namespace semples::dense_crf_cpu {

namespace {

// n = K 1 from its values on the points; then the rows' numbers become places in rows of `pairs` pairs of floats.
template <int vertices>
void finish_band(NormalizedLattice& n, const float* values, Normalization normalization, uint32_t pairs,
                 const Band& band) {
  const float gain = n.lattice.gain();
  auto* index = reinterpret_cast<uint32_t*>(n.lattice.index.data()) + band.first_pixel * vertices;
  float* weight = n.lattice.weight.data() + band.first_pixel * vertices;
  for (int64_t p = band.first_pixel; p < band.last_pixel; ++p, index += vertices, weight += vertices) {
    if (normalization != Normalization::kNone) {
      float sum = 0;
      for (int v = 0; v < vertices; ++v) sum += weight[v] * values[index[v]];
      const float norm = sum * gain + 1e-20f;
      if (normalization == Normalization::kSymmetric) {
        const float root = 1.0f / std::sqrt(norm);
        for (int v = 0; v < vertices; ++v) weight[v] *= root;
      } else {
        n.factor[p] = 1.0f / norm;
      }
    }
    for (int v = 0; v < vertices; ++v) index[v] *= pairs;
  }
}

std::shared_ptr<const NormalizedLattice> build(const LatticeFeatures& features, const Buffer<int32_t>& order,
                                               Normalization normalization, int lanes, const BuildPlan& plan) {
  const ParallelFor& parallel_for = plan.parallel_for;
  auto result = std::make_shared<NormalizedLattice>();
  PermutohedralLattice& lattice = result->lattice = build_lattice(features, order, plan);
  const auto parts = static_cast<int64_t>(lattice.bands.size());
  const int vertices = lattice.dimensions + 1;
  const uint32_t pairs = static_cast<uint32_t>(lanes) / 2;
  if (lattice.rows() * pairs > UINT32_MAX) throw std::length_error("lattice points times labels exceed 32 bits");
  Buffer<float> values(normalization == Normalization::kNone ? 0 : lattice.rows());
  if (normalization == Normalization::kBefore || normalization == Normalization::kAfter)
    result->factor = Buffer<float>(order.size());
  if (normalization != Normalization::kNone) {
    parallel_for(parts, [&](int64_t part) {
      clear_band({&lattice, values.data()}, 1, part);
      const Band& band = lattice.bands[part];
      for (int64_t i = band.first_pixel * vertices; i < band.last_pixel * vertices; ++i)
        values[lattice.index[i]] += lattice.weight[i];
    });
    blur({{&lattice, values.data()}}, 1, false, parallel_for);
  }
  parallel_for(parts, [&](int64_t part) {
    if (vertices == 6) {
      finish_band<6>(*result, values.data(), normalization, pairs, lattice.bands[part]);
    } else {
      finish_band<3>(*result, values.data(), normalization, pairs, lattice.bands[part]);
    }
  });
  return result;
}

// Lattices of positions alone do not depend on the picture, and a data set has few sizes.
class Cache {
 public:
  using Key = std::tuple<int64_t, int64_t, float, float, Normalization, int, int>;
  using Value = std::shared_ptr<const NormalizedLattice>;

  Value find(const Key& key) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [k, value] : entries_)
      if (k == key) return value;
    return nullptr;
  }
  void add(const Key& key, const Value& value) {
    const std::lock_guard<std::mutex> lock(mutex_);
    entries_.emplace_back(key, value);
    bytes_ += value->bytes();
    while (bytes_ > kKeep) {
      bytes_ -= entries_.front().second->bytes();
      entries_.pop_front();
    }
  }
  void clear() noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    entries_.clear();
    bytes_ = 0;
  }

 private:
  static constexpr size_t kKeep = size_t{64} << 20;
  std::mutex mutex_;
  std::deque<std::pair<Key, Value>> entries_;
  size_t bytes_ = 0;
};

// Never destroyed: buffers return to their pool, which may be gone by then.
Cache& cache() {
  static auto* lattices = new Cache();
  return *lattices;
}

}  // namespace

std::shared_ptr<const NormalizedLattice> normalized_lattice(const LatticeFeatures& features,
                                                            const Buffer<int32_t>& order, Normalization normalization,
                                                            int lanes, const BuildPlan& plan) {
  if (features.colors != nullptr) return build(features, order, normalization, lanes, plan);
  const Cache::Key key{
      features.height, features.width, features.position_deviation[0], features.position_deviation[1], normalization,
      lanes,           plan.bands};
  if (auto found = cache().find(key)) return found;
  auto built = build(features, order, normalization, lanes, plan);
  cache().add(key, built);
  return built;
}

void release_lattices() noexcept { cache().clear(); }

}  // namespace semples::dense_crf_cpu
