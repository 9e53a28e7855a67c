#include "ops/common/operator.h"

#include <ATen/core/dispatch/Dispatcher.h>

namespace semples {

NoKernel::NoKernel(const std::string& op, at::DeviceType device)
    : std::runtime_error("semples::" + op + " has no kernel for the device " + c10::DeviceTypeName(device, true)),
      op(op),
      device(device) {}

void require_kernel(const char* op, at::DeviceType device) {
  const auto handle = c10::Dispatcher::singleton().findSchemaOrThrow((std::string("semples::") + op).c_str(), "");
  const c10::DispatchKey key = c10::computeDispatchKey(std::nullopt, at::kStrided, at::Device(device));
  if (!handle.hasKernelForDispatchKey(key)) throw NoKernel(op, device);
}

}  // namespace semples
