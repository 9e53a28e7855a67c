// A lattice with what normalises its filter.
#pragma once
#include <memory>

#include "ops/dense_crf/cpu/permutohedral_lattice.h"
#include "ops/dense_crf/plain/problem.h"

namespace semples::dense_crf_cpu {

using dense_crf_plain::Normalization;

struct NormalizedLattice {
  // For kSymmetric the weights are divided by n^1/2. `index` is in pairs of floats of rows of `lanes` floats
  // (unsigned).
  PermutohedralLattice lattice;
  Buffer<float> factor;  // per pixel 1 / n, for kBefore and kAfter

  size_t bytes() const { return lattice.bytes() + factor.bytes(); }
};

// order: of the pixels, tile_order of the picture's size. The lattices of positions alone of the last few sizes are
// kept, 64 MB in all at most.
std::shared_ptr<const NormalizedLattice> normalized_lattice(const LatticeFeatures& features,
                                                            const Buffer<int32_t>& order, Normalization normalization,
                                                            int lanes, const BuildPlan& plan);

// Gives the lattices that are kept back.
void release_lattices() noexcept;

}  // namespace semples::dense_crf_cpu
