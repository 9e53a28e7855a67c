// Lattice points that are neighbours along one blur axis.
#pragma once
#include <cstddef>
#include <cstdint>

#include "ops/common/cpu/buffer.h"

namespace semples::dense_crf_cpu {

// Runs of points that follow one another along a blur axis. Most points have no neighbour along most axes, and a blur
// leaves those unchanged: they are in no chain. A point is in at most one chain, so a blur can work in place.
struct Chains {
  Buffer<int32_t> pairs, triples, quads;  // 2, 3, 4 points each, one after another
  Buffer<int32_t> longer, longer_begin;   // points of all longer chains; where each begins, and the end of the last

  size_t bytes() const {
    return pairs.bytes() + triples.bytes() + quads.bytes() + longer.bytes() + longer_begin.bytes();
  }
};

// next: the point that follows each of `points` points along the axis, or -1.
Chains chains_of(const int32_t* next, int64_t points);

}  // namespace semples::dense_crf_cpu
