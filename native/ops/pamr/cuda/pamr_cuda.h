// Pixel-adaptive refinement on a GPU, from another shared library: see ops/common/cuda_library.h.
#pragma once
#include "ops/common/cuda/cuda_execution.h"
#include "ops/pamr/plain/problem.h"

namespace semples::pamr_cuda {

// Refined maps into `refined`; all pointers are of the current device. False where it was interrupted, of which it asks
// before each iteration. Throws what `allocate` throws.
using PamrFunction = bool(const pamr_plain::PamrProblem& problem, const CudaExecution& execution, float* refined);
// With the number of this agreement: another addon's library then has no such function, instead of another meaning of
// it.
inline constexpr const char* kPamrSymbol = "semples_cuda_pamr_1";

}  // namespace semples::pamr_cuda
