#include "ops/common/operator.h"

#include <ATen/core/dispatch/Dispatcher.h>

namespace semples {

NoKernel::NoKernel(const std::string& op, at::Device device)
    : std::runtime_error("semples::" + op + " has no kernel for the device " + device.str()), op(op), device(device) {}

void require_kernel(const char* op, at::Device device) {
  const auto handle = c10::Dispatcher::singleton().findSchemaOrThrow((std::string("semples::") + op).c_str(), "");
  const c10::DispatchKey key = device.is_cpu()    ? c10::DispatchKey::CPU
                               : device.is_cuda() ? c10::DispatchKey::CUDA
                                                  : c10::DispatchKey::Undefined;
  if (key == c10::DispatchKey::Undefined || !handle.hasKernelForDispatchKey(key)) throw NoKernel(op, device);
}

}  // namespace semples
