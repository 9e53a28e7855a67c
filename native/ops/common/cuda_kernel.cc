#include "ops/common/cuda_kernel.h"

#include <ATen/Functions.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>

#include "ops/common/execution.h"

namespace semples {

namespace {

// What a kernel takes, given back in the order of the stream.
class DeviceMemory {
 public:
  DeviceMemory(at::Device device, int64_t reserved) : device_(device), held_(reserved), most_(reserved) {}

  std::shared_ptr<void> allocate(size_t bytes) {
    const auto size = static_cast<int64_t>(bytes);
    require_memory(held_ + size);
    const at::Tensor block = at::empty({size}, at::TensorOptions(at::kByte).device(device_));
    held_ += size;
    most_ = std::max(most_, held_);
    return {block.mutable_data_ptr(), [this, block, size](void*) { held_ -= size; }};
  }

  int64_t most() const { return most_; }

 private:
  const at::Device device_;
  int64_t held_, most_;
};

}  // namespace

int64_t run_cuda_kernel(at::Device device, int64_t reserved, const std::function<bool(const CudaExecution&)>& kernel) {
  const c10::DeviceGuard guard(device);
  const c10::impl::VirtualGuardImpl backend(device.type());
  DeviceMemory memory(device, reserved);
  CudaExecution how;
  how.stream = backend.getStreamNativeHandle(backend.getStream(device));
  how.allocate = [&](size_t bytes) { return memory.allocate(bytes); };
  how.interrupted = execution().interrupted;
  if (!kernel(how)) throw Interrupted();
  return memory.most();
}

}  // namespace semples
