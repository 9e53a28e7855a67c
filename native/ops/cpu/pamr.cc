#include "ops/pamr.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <torch/library.h>

#include <functional>

#include "ops/cpu/pamr_passes.h"
#include "ops/cpu/pamr_refinement.h"
#include "ops/execution.h"
#include "ops/schemas.h"

namespace semples {

namespace {

static_assert(kMaxDilations == adaptive::kMaxDilations);

adaptive::RefinementProblem problem_of(const PamrArguments& a) {
  adaptive::RefinementProblem problem;
  problem.labels = static_cast<int>(a.maps.size(0));
  problem.height = a.maps.size(1);
  problem.width = a.maps.size(2);
  problem.iterations = static_cast<int>(a.iterations);
  problem.dilations = a.dilations;
  return problem;
}

at::Tensor pamr_cpu(const at::Tensor& image, const at::Tensor& maps, int64_t iterations, at::IntArrayRef dilations) {
  PamrArguments arguments{image, maps, iterations, dilations.vec()};
  check_pamr(arguments);
  arguments.image = image.detach().contiguous();
  arguments.maps = maps.detach().contiguous();
  adaptive::RefinementProblem problem = problem_of(arguments);
  problem.image = arguments.image.const_data_ptr<uint8_t>();
  problem.maps = arguments.maps.const_data_ptr<float>();

  crf::Execution execution;
  execution.threads = operation_threads();
  execution.interrupted = semples::execution().interrupted;
  if (execution.threads > 1)
    execution.parallel_for = [](int64_t count, const std::function<void(int64_t)>& body) {
      at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) body(i);
      });
    };
  require_memory(pamr_bytes(arguments, execution.threads).least);
  const int64_t limit = semples::execution().memory_limit;
  if (limit > 0) execution.memory_limit = static_cast<size_t>(limit) - arguments.maps.nbytes();
  at::Tensor refined = at::empty(maps.sizes(), arguments.maps.options());
  if (!adaptive::refine(problem, execution, refined.mutable_data_ptr<float>())) throw Interrupted();
  return refined;
}

}  // namespace

PamrBytes pamr_bytes(const PamrArguments& arguments, int64_t threads) {
  const auto bytes = adaptive::refinement_bytes(problem_of(arguments), static_cast<int>(threads));
  const auto result = static_cast<size_t>(arguments.maps.numel()) * sizeof(float);
  return {static_cast<int64_t>(bytes.most + result), static_cast<int64_t>(bytes.least + result)};
}

void implement_pamr_cpu(torch::Library& library) { library.impl("pamr", TORCH_FN(pamr_cpu)); }

}  // namespace semples
