// Refinement of the score maps of one picture by its colours.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/refine/scores.h"

namespace semples {

// As in ops/dense_crf/dense_crf.h.
struct DenseCrfMethod {
  at::Tensor gaussian, bilateral;
  std::vector<at::Tensor> compatibility;
  int64_t iterations = 10;
  std::string normalization = "symmetric";
};

// As in ops/pamr/pamr.h.
struct PamrMethod {
  int64_t iterations = 10;
  std::vector<int64_t> dilations;
};

using RefineMethod = std::variant<DenseCrfMethod, PamrMethod>;

// Everything in host memory.
struct Refinement {
  at::Tensor image;  // uint8 [H, W, 3]
  ScoreSource source;
  RefineMethod method;
  float min_confidence = 0;      // labels whose score is lower become kUnsure
  at::Device device = at::kCPU;  // where it is computed
};

struct Refined {
  at::Tensor labels;  // uint16 [H, W], in host memory
  at::Tensor scores;  // float32 [C, H, W], on the device
};

// Throws Error SEMPLES_DEVICE_UNAVAILABLE where the operator of the method has no kernel for the device, and
// SEMPLES_TWO_COPIES as refine does.
void check_device(const RefineMethod& method, at::Device device);

// With one label in all nothing is computed: the result is that label. Threads, interruption and memory limit are those
// of ops/common/execution.h. Throws Error: SEMPLES_ARGUMENT_INVALID, SEMPLES_DEVICE_UNAVAILABLE, SEMPLES_INTERRUPTED,
// SEMPLES_MEMORY_LIMIT, SEMPLES_TWO_COPIES (another copy of the addon in this process has registered the operators).
Refined refine(Refinement refinement);

}  // namespace semples
