// semples::pamr, a torch operator: pixel-adaptive mask refinement (Araslanov and Roth, Single-Stage Semantic
// Segmentation from Image Labels, CVPR 2020), which replaces scores by means over the neighbours of like colour.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ops/common/operator.h"

namespace semples {

inline constexpr size_t kMaxDilations = 16;

// Neighbours n of a pixel x are the eight at each dilation; outside the picture, the nearest pixel in it. Per colour
// channel, sigma(x) is the unbiased deviation over the neighbours and, once for each dilation, x itself. The weights
//   w(x, n) = softmax over n of mean over colours of -|I(x) - I(n)| / (1e-8 + 0.1 sigma(x)),  I in [0, 1]
// are computed once; each iteration then is m(x) <- sum over n of w(x, n) m(n).
struct PamrArguments {
  at::Tensor image;  // uint8 [H, W, 3]
  at::Tensor maps;   // float32 [C, H, W], of the picture's size; finite
  int64_t iterations = 10;
  std::vector<int64_t> dilations = {1, 2, 4, 8, 12, 24};  // pixels; 1 to kMaxDilations of them
};

// The refined maps [C, H, W] float32, through the dispatcher, on the device of `maps`. Bad arguments are a c10::Error
// (or ValueError, TypeError) that names the argument, what it was and what is expected; a device without a kernel is
// NoKernel. ops/common/execution.h sets threads, interruption (asked before each iteration) and memory limit.
at::Tensor pamr(const PamrArguments& arguments);

// Throws as pamr does; returns nothing. For implementations.
void check_pamr(const PamrArguments& arguments);

// Bytes that the CPU implementation takes at most, result included: with the published dilations 192 a pixel for its
// weights, up to 512 MB in all, and 12 + 12 a label for colours, maps and result (rows are padded by the largest
// dilation on both sides). `min` is what a memory limit must leave it: where there is no room for all weights, those of
// some rows are computed anew in each iteration, with the same result.
struct PamrBytes {
  int64_t max, min;
};
PamrBytes pamr_bytes(const PamrArguments& arguments, int64_t threads);

// For the registration.
const Operator& pamr_operator();
at::Tensor pamr_on_cpu(const at::Tensor& image, const at::Tensor& maps, int64_t iterations, at::IntArrayRef dilations);
bool has_pamr_on_cuda();
at::Tensor pamr_on_cuda(const at::Tensor& image, const at::Tensor& maps, int64_t iterations, at::IntArrayRef dilations);

}  // namespace semples
