// Rows of values on the points of a lattice: clearing and blurring them.
#pragma once
#include <vector>

#include "ops/dense_crf/cpu/permutohedral_lattice.h"

namespace semples::dense_crf_cpu {

// lattice.rows() rows of some number of floats.
struct LatticeValues {
  const PermutohedralLattice* lattice;
  float* values;
};

// Sets the rows that band `band` splats into to 0.
void clear_band(const LatticeValues& values, int lanes, int64_t band);

// Adds up the copies, blurs along all axes (or in the reverse order: the transposed operator), and refreshes the
// copies. All lattices at once, since threads that wait for each other cost more than the blur of a small lattice. They
// have the same bands.
void blur(const std::vector<LatticeValues>& all, int lanes, bool reversed, const ParallelFor& parallel_for);

}  // namespace semples::dense_crf_cpu
