// Pixel-adaptive mask refinement (Araslanov and Roth 2020), on plain memory: knows no tensors.
#pragma once
#include <cstddef>

#include "ops/common/cpu/kernel_execution.h"
#include "ops/pamr/plain/problem.h"

namespace semples::pamr_cpu {

using pamr_plain::PamrProblem;

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
