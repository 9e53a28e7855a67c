// The operator on the CPU: from tensors to the plain memory of cpu/.
#include <ATen/Functions.h>

#include "ops/common/cpu_kernel.h"
#include "ops/common/execution.h"
#include "ops/pamr/cpu/pamr.h"
#include "ops/pamr/cpu/passes.h"
#include "ops/pamr/pamr.h"

namespace semples {

namespace {

static_assert(kMaxDilations == pamr_cpu::kMaxDilations);

pamr_cpu::PamrProblem problem_of(const PamrArguments& a) {
  pamr_cpu::PamrProblem problem;
  problem.labels = static_cast<int>(a.maps.size(0));
  problem.height = a.maps.size(1);
  problem.width = a.maps.size(2);
  problem.iterations = static_cast<int>(a.iterations);
  problem.dilations = a.dilations;
  return problem;
}

}  // namespace

at::Tensor pamr_on_cpu(const at::Tensor& image, const at::Tensor& maps, int64_t iterations, at::IntArrayRef dilations) {
  PamrArguments arguments{image, maps, iterations, dilations.vec()};
  check_pamr(arguments);
  arguments.image = image.detach().contiguous();
  arguments.maps = maps.detach().contiguous();
  pamr_cpu::PamrProblem problem = problem_of(arguments);
  problem.image = arguments.image.const_data_ptr<uint8_t>();
  problem.maps = arguments.maps.const_data_ptr<float>();
  require_memory(pamr_bytes(arguments, operation_threads()).min);
  at::Tensor refined = at::empty(maps.sizes(), arguments.maps.options());
  run_cpu_kernel(static_cast<int64_t>(refined.nbytes()), [&](const KernelExecution& how) {
    return pamr_cpu::pamr(problem, how, refined.mutable_data_ptr<float>());
  });
  return refined;
}

PamrBytes pamr_bytes(const PamrArguments& arguments, int64_t threads) {
  const auto bytes = pamr_cpu::pamr_bytes(problem_of(arguments), static_cast<int>(threads));
  const auto result = static_cast<size_t>(arguments.maps.numel()) * sizeof(float);
  return {static_cast<int64_t>(bytes.max + result), static_cast<int64_t>(bytes.min + result)};
}

}  // namespace semples
