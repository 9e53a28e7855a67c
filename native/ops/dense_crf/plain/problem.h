// What mean-field inference is given, on plain memory: knows no tensors. Of the processor or of a GPU.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

namespace semples::dense_crf_plain {

inline constexpr int kMaxLabels = 511;

// K is the kernel's matrix, n = K 1.
enum class Normalization {
  kSymmetric,  // n^-1/2 K n^-1/2
  kBefore,     // K n^-1
  kAfter,      // n^-1 K: a constant stays constant
  kNone,       // K
};

struct GaussianKernel {
  bool colors = false;                        // bilateral; otherwise on positions alone
  std::array<float, 2> position_deviation{};  // x, y, pixels
  std::array<float, 3> color_deviation{};     // red, green, blue
  float potts = 0;                            // weight of agreement between similar pixels ...
  const float* matrix = nullptr;              // ... or [labels, labels]: energy of each pair of labels, symmetrised

  int dimensions() const { return colors ? 5 : 2; }
  // Entry (a, b) of the matrix, symmetrised.
  float energy(int labels, int a, int b) const { return 0.5f * (matrix[a * labels + b] + matrix[b * labels + a]); }
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

  int64_t pixels() const { return height * width; }
};

struct Profile {
  double lattice = 0, pixels = 0, blur = 0;  // seconds
  int64_t points = 0;                        // of the largest lattice
  size_t bytes = 0;
};

}  // namespace semples::dense_crf_plain
