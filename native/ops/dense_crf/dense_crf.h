// semples::dense_crf, a torch operator: mean-field inference in a fully connected CRF with Gaussian edge potentials
// (Kraehenbuehl and Koltun 2011), filtering on the permutohedral lattice (Adams, Baek and Davis 2010).
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ops/common/operator.h"

namespace semples {

struct DenseCrfArguments {
  at::Tensor image;      // uint8 [H, W, 3]; [H, W, 0] will do where there is no bilateral kernel
  at::Tensor unary;      // float32 [C, H, W], energies: -log p; finite
  at::Tensor gaussian;   // [G, 2] standard deviations along x, y in pixels, one row a kernel on positions
  at::Tensor bilateral;  // [B, 5] along x, y, red, green, blue, one row a kernel on positions and colours
  // One tensor a kernel, Gaussian ones first. A single number w is a Potts model: w times the filtered Q of a label is
  // taken from its energy. A [C, C] matrix M, symmetrised, adds M times the filtered Q.
  std::vector<at::Tensor> compatibility;
  int64_t iterations = 10;
  std::string normalization = "symmetric";  // or before, after, none
  std::optional<at::Tensor> start;          // float32 [C, H, W], Q to start from; softmax(-unary) where there is none
};

inline constexpr int64_t kMaxCrfLabels = 511;
inline constexpr int64_t kMaxCrfPixels = INT32_MAX / 16;

// Q [C, H, W] float32, through the dispatcher, on the device of `unary`. Bad arguments are a c10::Error (or ValueError,
// TypeError) that names the argument, what it was and what is expected; a device without a kernel is NoKernel;
// deviations so small that lattice coordinates cannot be told apart are a std::length_error. ops/common/execution.h
// sets threads, interruption, memory limit and profile: "lattice", "pixels" and "blur" (seconds), "points" of the
// largest lattice, "bytes" held during the iterations with the result.
at::Tensor dense_crf(const DenseCrfArguments& arguments);

// Throws as dense_crf does; returns nothing. For implementations.
void check_dense_crf(const DenseCrfArguments& arguments);

// Bytes that the CPU implementation takes at most, result included. What bounds them: a pixel touches 3 points of a
// Gaussian kernel's lattice and 6 of a bilateral one's, and a point takes two rows of floats, one float a label, the
// labels padded to 4, 8, 16, 24, 32, 64, 128 or 512. So memory grows with pixels times labels times kernels. The bound
// is reached where no two pixels share a point; photographs need about a fifth of it, and it is that need, known once
// the lattices are built, which a memory limit is compared with (before them: the part that any picture needs).
//
// Between calls the implementation keeps blocks of at most 512 MB and lattices of positions of at most 64 MB.
int64_t dense_crf_bytes(int64_t height, int64_t width, int64_t labels, int64_t gaussian_kernels,
                        int64_t bilateral_kernels, int64_t threads);

// One kernel applied to values [C, H, W] float32, and its transpose (`reversed`: the blur axes in the reverse order).
// A kernel row [2] or [5] as above. For tests.
at::Tensor dense_crf_filter(const at::Tensor& image, const at::Tensor& values, const at::Tensor& kernel,
                            const std::string& normalization, bool reversed);

// For the registration.
const Operator& dense_crf_operator();
at::Tensor dense_crf_on_cpu(const at::Tensor& image, const at::Tensor& unary, const at::Tensor& gaussian,
                            const at::Tensor& bilateral, at::TensorList compatibility, int64_t iterations,
                            c10::string_view normalization, const std::optional<at::Tensor>& start);
bool has_dense_crf_on_cuda();
at::Tensor dense_crf_on_cuda(const at::Tensor& image, const at::Tensor& unary, const at::Tensor& gaussian,
                             const at::Tensor& bilateral, at::TensorList compatibility, int64_t iterations,
                             c10::string_view normalization, const std::optional<at::Tensor>& start);

}  // namespace semples
