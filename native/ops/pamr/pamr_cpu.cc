// The operator on the CPU: from tensors to the plain memory of cpu/.
#include <ATen/Functions.h>

#include "ops/common/cpu_kernel.h"
#include "ops/common/execution.h"
#include "ops/pamr/cpu/pamr.h"
#include "ops/pamr/cpu/passes.h"
#include "ops/pamr/pamr.h"
#include "ops/pamr/plain_problem.h"

namespace semples {

static_assert(kMaxDilations == pamr_cpu::kMaxDilations);

at::Tensor pamr_on_cpu(const at::Tensor& image, const at::Tensor& maps, int64_t iterations, at::IntArrayRef dilations) {
  PamrArguments arguments{image, maps, iterations, dilations.vec()};
  check_pamr(arguments);
  arguments.image = image.detach().contiguous();
  arguments.maps = maps.detach().contiguous();
  const pamr_plain::PamrProblem problem = plain_problem(arguments);
  require_memory(pamr_bytes(arguments, operation_threads()).min);
  at::Tensor refined = at::empty(maps.sizes(), arguments.maps.options());
  run_cpu_kernel(static_cast<int64_t>(refined.nbytes()), [&](const KernelExecution& how) {
    return pamr_cpu::pamr(problem, how, refined.mutable_data_ptr<float>());
  });
  return refined;
}

PamrBytes pamr_bytes(const PamrArguments& arguments, int64_t threads) {
  const auto bytes = pamr_cpu::pamr_bytes(plain_problem(arguments), static_cast<int>(threads));
  const auto result = static_cast<size_t>(arguments.maps.numel()) * sizeof(float);
  return {static_cast<int64_t>(bytes.max + result), static_cast<int64_t>(bytes.min + result)};
}

}  // namespace semples
