// The inner loops of pixel-adaptive refinement, once for each instruction set.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace semples::pamr_cpu {

inline constexpr int kBlock = 16;  // pixels of a row whose weights lie together
inline constexpr int kMaxDilations = 16;
inline constexpr int kMaxNeighbours = 8 * kMaxDilations;

// A row of pixels with its neighbours. Each pixel has several planes (colours or labels), `stride` floats apart; a row
// may be read up to the end of its last block.
struct RowView {
  const float* centre;             // plane 0 of the row's first pixel
  const float* const* neighbours;  // plane 0 of each neighbour of the row's first pixel
  int count;                       // neighbours
  int64_t stride;
  int64_t blocks;  // of kBlock pixels
};

struct PassTable {
  const char* name;
  // Red, green, blue -> weights [blocks, neighbours, kBlock], which sum to 1 over the neighbours.
  void (*weigh)(const RowView& row, float* weights);
  // Planes -> their weighted means over the neighbours, planes `row.stride` floats apart.
  void (*average)(const RowView& row, int planes, const float* weights, float* means);
};

// The widest that this processor has.
const PassTable& passes();

const PassTable& portable_passes();
const PassTable* avx2_passes();  // null where the processor has no AVX2 and FMA

}  // namespace semples::pamr_cpu
