#include "ops/dense_crf/cpu/lattice_values.h"

#include <algorithm>
#include <cstring>

#include "ops/dense_crf/cpu/passes.h"

namespace semples::dense_crf_cpu {

namespace {

ChainView chain_view(const Chains& chains) {
  const auto list = [](const Buffer<int32_t>& points) { return ChainList{points.data(), points.size()}; };
  return {list(chains.pairs), list(chains.triples), list(chains.quads), list(chains.longer), list(chains.longer_begin)};
}

// A part owns a range of points, whose copies it adds band after band: the sums do not depend on who is faster.
void gather_copies(const LatticeValues& field, int64_t lanes, int64_t part, int64_t parts) {
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

void refresh_copies(const LatticeValues& field, int64_t lanes, int64_t part, int64_t parts) {
  const PermutohedralLattice& lattice = *field.lattice;
  const int64_t count = lattice.copy_of.size();
  for (int64_t c = count * part / parts; c < count * (part + 1) / parts; ++c)
    std::memcpy(field.values + (lattice.points + c) * lanes, field.values + lattice.copy_of[c] * lanes,
                static_cast<size_t>(lanes) * sizeof(float));
}

}  // namespace

void clear_band(const LatticeValues& field, int lanes, int64_t band) {
  const PermutohedralLattice& lattice = *field.lattice;
  const Band& b = lattice.bands[band];
  const auto clear = [&](int64_t first, int64_t last) {
    if (last > first)
      std::memset(field.values + first * lanes, 0, static_cast<size_t>((last - first) * lanes) * sizeof(float));
  };
  clear(b.first_point, b.last_point);
  clear(lattice.points + b.first_copy, lattice.points + b.last_copy);
}

void blur(const std::vector<LatticeValues>& all, int lanes, bool reversed, const ParallelFor& parallel_for) {
  const auto parts = static_cast<int64_t>(all.empty() ? 0 : all[0].lattice->bands.size());
  if (parts > 1)
    parallel_for(parts, [&](int64_t part) {
      for (const LatticeValues& field : all) gather_copies(field, lanes, part, parts);
    });
  size_t axes = 0;
  for (const LatticeValues& field : all) axes = std::max(axes, field.lattice->axes.size());
  for (size_t a = 0; a < axes; ++a) {
    parallel_for(parts, [&](int64_t part) {
      for (const LatticeValues& field : all) {
        const std::vector<Chains>& chains = field.lattice->axes;
        if (a < chains.size())
          passes().blur(chain_view(chains[reversed ? chains.size() - 1 - a : a]), field.values, lanes,
                        static_cast<int>(part), static_cast<int>(parts));
      }
    });
  }
  if (parts > 1)
    parallel_for(parts, [&](int64_t part) {
      for (const LatticeValues& field : all) refresh_copies(field, lanes, part, parts);
    });
}

}  // namespace semples::dense_crf_cpu
