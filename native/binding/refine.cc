// Refinements: each a job of its own, which can be interrupted.
#include "core/refine/refine.h"

#include <torch/torch.h>

#include <atomic>
#include <memory>

#include "binding/convert.h"
#include "binding/environment.h"
#include "binding/exports.h"
#include "binding/refine_request.h"
#include "ops/common/execution.h"

namespace semples {

namespace {

struct Outcome {
  Refined refined;
  ExecutionProfile profile;
};

Napi::Object write_profile(Napi::Env env, const ExecutionProfile& profile) {
  Napi::Object object = Napi::Object::New(env);
  for (const auto& [name, value] : profile) object.Set(name, value);
  return object;
}

// (request) -> { result, interrupt }
Napi::Value start_refinement(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    auto request = std::make_shared<RefineRequest>(read_refine_request(object_argument(info, 0, "request")));
    const auto interrupted = std::make_shared<std::atomic<bool>>(false);
    JobQueue& jobs = JobQueue::of(info.Env());
    const auto work = [request, interrupted, &jobs] {
      Outcome outcome;
      const ExecutionScope scope({request->threads, [&] { return interrupted->load() || jobs.stopping(); },
                                  request->memory_limit, &outcome.profile});
      const torch::NoGradGuard no_grad;
      outcome.refined = refine(std::move(request->refinement));
      outcome.refined.scores = request->scores ? outcome.refined.scores.cpu() : at::Tensor();
      return outcome;
    };
    const auto pack = [scores = request->scores, profile = request->profile](Napi::Env env, const Outcome& outcome) {
      Napi::Object result = Napi::Object::New(env);
      result.Set("labels", write_uint16(env, outcome.refined.labels));
      if (scores) result.Set("scores", write_tensor(env, outcome.refined.scores));
      if (profile && !outcome.profile.empty()) result.Set("profile", write_profile(env, outcome.profile));
      return result;
    };
    Napi::Object refinement = Napi::Object::New(info.Env());
    refinement.Set("result", jobs.submit(info.Env(), work, pack, Lane::kRefinements));
    refinement.Set("interrupt",
                   Napi::Function::New(
                       info.Env(), [interrupted](const Napi::CallbackInfo&) { *interrupted = true; }, "interrupt"));
    return refinement;
  });
}

Napi::Value estimate_bytes(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const DenseCrfSize size = read_dense_crf_size(object_argument(info, 0, "size"));
    const int64_t inputs = size.height * size.width * (3 + 4 * size.labels);
    return Napi::Number::New(info.Env(), double(inputs + dense_crf_bytes(size.height, size.width, size.labels,
                                                                         size.gaussian, size.bilateral, size.threads)));
  });
}

}  // namespace

void export_refine(Napi::Env env, Napi::Object exports) {
  exports.Set("refine", Napi::Function::New(env, start_refinement, "refine"));
  exports.Set("denseCrfBytes", Napi::Function::New(env, estimate_bytes, "denseCrfBytes"));
}

}  // namespace semples
