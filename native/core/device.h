// Between the processor and the device of a model.
#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

namespace semples {

// Numbers of the processor on a device. To a GPU they go from memory that does not move, and nothing waits for them.
inline at::Tensor send(const at::Tensor& numbers, at::Device device) {
  if (!device.is_cuda() || !numbers.is_cpu()) return numbers.to(device);
  return numbers.pin_memory().to(device, /*non_blocking=*/true);
}

// Tensors of one number each, read in one copy: the processor waits once for all of them.
std::vector<double> host_numbers(const std::vector<at::Tensor>& numbers);

}  // namespace semples
