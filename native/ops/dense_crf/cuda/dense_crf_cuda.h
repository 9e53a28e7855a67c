// Mean-field inference on a GPU, from another shared library: see ops/common/cuda_library.h.
#pragma once
#include <vector>

#include "ops/common/cuda/cuda_execution.h"
#include "ops/dense_crf/plain/problem.h"

namespace semples::dense_crf_cuda {

// Q [labels, height, width] of each picture into `marginals`. All pointers are of the current device, but those of
// matrices. The pictures have kernels and normalisation of the first; with matrices, its number of labels too. False
// where it was interrupted, of which it asks before each iteration and while lattices are built. Throws
// std::length_error where the deviations are too small, and what `allocate` throws.
using MeanFieldFunction = bool(const std::vector<dense_crf_plain::MeanFieldProblem>& pictures,
                               const std::vector<float*>& marginals, const CudaExecution& execution,
                               dense_crf_plain::Profile* profile);
// With the number of this agreement: another addon's library then has no such function, instead of another meaning of
// it.
inline constexpr const char* kMeanFieldSymbol = "semples_cuda_dense_crf_1";

}  // namespace semples::dense_crf_cuda
