// What an operator is made of: one schema, and a kernel for each device that has one.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/DispatchKey.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace torch {
class Library;
}

namespace semples {

struct OperatorKernel {
  c10::DispatchKey device;               // CPU, CUDA
  void (*add)(torch::Library& library);  // library.impl(name, TORCH_FN(function))
  // Whether there is one here: those of GPUs are in a library that may not be open. Null: always.
  bool (*available)() = nullptr;
};

// Returned by the one function of an operator's register.cc, which ops/register.cc lists.
struct Operator {
  const char* name;    // as in semples::name
  const char* schema;  // "name(Tensor image, ...) -> Tensor"
  std::vector<OperatorKernel> kernels;
  // Gives memory that its kernels keep between calls back to the system; null where they keep none but that of
  // ops/common/cpu/buffer.h. Calls under way keep what they use.
  void (*release_memory)() noexcept = nullptr;
};

// What calling an operator throws where it has no kernel for the device of its tensors.
struct NoKernel : std::runtime_error {
  NoKernel(const std::string& op, at::Device device);
  std::string op;  // its name
  at::Device device;
};

// Throws NoKernel. The operators must have been registered.
void require_kernel(const char* op, at::Device device);

}  // namespace semples
