// semples::dense_crf, a torch operator: mean-field inference in a fully connected CRF with Gaussian edge potentials
// (Kraehenbuehl and Koltun 2011), filtering on the permutohedral lattice (Adams, Baek and Davis 2010).
#pragma once
#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <vector>

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

// Q [C, H, W] float32, through the dispatcher. Bad arguments are a c10::Error (or ValueError, TypeError) that names the
// argument, what it was and what is expected.
at::Tensor dense_crf(const DenseCrfArguments& arguments);

// Throws as dense_crf does; returns nothing. For implementations.
void check_dense_crf(const DenseCrfArguments& arguments);

// Bytes that the CPU implementation takes at most, result included.
int64_t dense_crf_bytes(int64_t height, int64_t width, int64_t labels, int64_t gaussian_kernels,
                        int64_t bilateral_kernels, int64_t threads);

}  // namespace semples
