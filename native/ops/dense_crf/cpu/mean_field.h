// Mean-field inference in a fully connected CRF (Kraehenbuehl and Koltun 2011), on plain memory: knows no tensors.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "ops/common/cpu/kernel_execution.h"
#include "ops/dense_crf/cpu/normalized_lattice.h"

namespace semples::dense_crf_cpu {

struct GaussianKernel {
  bool colors = false;                        // bilateral; otherwise on positions alone
  std::array<float, 2> position_deviation{};  // x, y, pixels
  std::array<float, 3> color_deviation{};     // red, green, blue
  float potts = 0;                            // weight of agreement between similar pixels ...
  const float* matrix = nullptr;              // ... or [labels, labels]: energy of each pair of labels, symmetrised
};

struct MeanFieldProblem {
  int64_t height = 0, width = 0;
  int labels = 0;
  const uint8_t* image = nullptr;  // [height, width, 3]; may be null without bilateral kernels
  const float* unary = nullptr;    // [labels, height, width] energies
  const float* start = nullptr;    // [labels, height, width] Q to start from, or null for softmax(-unary)
  std::vector<GaussianKernel> kernels;
  int iterations = 10;
  Normalization normalization = Normalization::kSymmetric;
};

inline constexpr int kMaxLabels = 511;

// Floats of a row of so many labels.
int padded_lanes(int labels);

struct Profile {
  double lattice = 0, pixels = 0, blur = 0;  // seconds
  int64_t points = 0;
  size_t bytes = 0;
};

// Q [labels, height, width] into `marginals`, which may not overlap the inputs. False where it was interrupted, of
// which it asks before each iteration and while lattices are built. Throws KernelMemoryLimit while lattices are built
// (its need is an estimate then) and before the values are allocated, the largest part.
bool mean_field(const MeanFieldProblem& problem, const KernelExecution& execution, float* marginals,
                Profile* profile = nullptr);

// Applies one kernel to `values` [channels, height, width]; `reversed` blurs along the axes in reverse order, which is
// the transposed operator.
void filter(const GaussianKernel& kernel, const uint8_t* image, int64_t height, int64_t width, int channels,
            const float* values, Normalization normalization, bool reversed, const KernelExecution& execution,
            float* result);

// Bytes that mean_field allocates at most, result not included: as if no two pixels shared a lattice point. Photographs
// need about a fifth of it; memory_limit is compared with what a picture really needs.
size_t mean_field_bytes(const MeanFieldProblem& problem, int threads);

}  // namespace semples::dense_crf_cpu
