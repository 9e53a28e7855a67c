// Pixel-adaptive mask refinement (Araslanov and Roth 2020), on plain memory: knows no tensors.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ops/common/cpu/kernel_execution.h"

namespace semples::pamr_cpu {

struct PamrProblem {
  int64_t height = 0, width = 0;
  int labels = 0;
  const uint8_t* image = nullptr;  // [height, width, 3]
  const float* maps = nullptr;     // [labels, height, width]
  int iterations = 10;
  std::vector<int64_t> dilations;  // 1 to kMaxDilations of them, each 1 or more
};

// Refined maps [labels, height, width] into `refined`, which may not overlap the inputs. False where it was
// interrupted. The weights (4 bytes for each of 8 neighbours a dilation, so 192 bytes a pixel as published) are kept
// for as many rows as the memory limit allows, and 512 MB at most; the others' are computed anew in each iteration,
// with the same result. Throws KernelMemoryLimit where there is no room for the maps alone.
bool pamr(const PamrProblem& problem, const KernelExecution& execution, float* refined);

// Bytes that `pamr` allocates at most, result not included; and the least memory limit that lets it run.
struct PamrBytes {
  size_t max, min;
};
PamrBytes pamr_bytes(const PamrProblem& problem, int threads);

}  // namespace semples::pamr_cpu
