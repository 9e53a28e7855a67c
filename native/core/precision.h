// In what numbers networks compute. Weights that are trained, losses, masks and probabilities are float32 in any case.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <unordered_map>

#include "core/options.h"

namespace semples {

enum class Precision {
  kFloat32,   // products in float32 too, on every device
  kTf32,      // products of float32 numbers rounded to 10 bits; CUDA alone
  kBfloat16,  // products and what lies between in bfloat16; sums in float32
};

// Reads the option `precision`.
void visit_precision(OptionVisitor& options, Precision& precision);
// SEMPLES_CONFIG_INVALID where a device has nothing like it.
void check_precision(Precision precision, at::Device device);

// bfloat16 copies of a model's weights: casting all of them again at each step would take as long as a good part of it.
class WeightCopies {
 public:
  // Made again when the weight was changed.
  at::Tensor of(const at::Tensor& weight);

 private:
  struct Copy {
    at::Tensor weight, copy;
    uint32_t version;
  };
  std::unordered_map<const void*, Copy> copies_;
};

// While one of these lives, products on this thread are computed so. Scopes nest. What goes out of the outermost has to
// be made float32 by `full`; gradients are computed in the numbers of the forward pass, also after it.
class PrecisionScope {
 public:
  PrecisionScope(Precision precision, at::Device device, WeightCopies* copies = nullptr);
  ~PrecisionScope();
  PrecisionScope(const PrecisionScope&) = delete;
  PrecisionScope& operator=(const PrecisionScope&) = delete;

 private:
  const at::DeviceType device_;
  const bool was_enabled_, was_cached_, was_tf32_;
  const at::ScalarType was_dtype_;
  WeightCopies* const outer_copies_;
};

// A weight as the scope in force wants it: itself, or its copy where no gradient will be computed for it.
at::Tensor weight_in_scope(const at::Tensor& weight);
// The same of numbers that the caller keeps.
at::Tensor number_in_scope(const at::Tensor& numbers, at::Device device);

// float32, itself where it is.
inline at::Tensor full(const at::Tensor& numbers) { return numbers.defined() ? numbers.to(at::kFloat) : numbers; }

}  // namespace semples
