#include "binding/prompts.h"

#include <torch/torch.h>

#include "binding/clip.h"
#include "binding/convert.h"
#include "binding/exports.h"
#include "binding/option_reader.h"

namespace semples {

namespace {

Napi::Value create_prompts(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    OptionReader options(object_argument(info, 0, "config"));
    PromptsConfig config;
    config.visit(options);
    options.refuse_others();
    config.check();
    return JobQueue::of(info.Env())
        .submit(
            info.Env(), [=] { return std::make_shared<Prompts>(config); },
            [](Napi::Env env, const std::shared_ptr<Prompts>& prompts) {
              return PromptsHandle::make(env, prompts, int64_t(prompts->vectors().nbytes()));
            });
  });
}

}  // namespace

Napi::Value PromptsHandle::load(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const at::Tensor vectors = read_tensor(info[0], "prompts");
    return JobQueue::of(info.Env())
        .submit(
            info.Env(),
            [prompts = core(), vectors] {
              prompts->load(vectors);
              return true;
            },
            [](Napi::Env env, bool) { return env.Undefined(); });
  });
}

Napi::Value PromptsHandle::state(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return submit_tensor(info.Env(), [prompts = core()] { return prompts->vectors(); });
  });
}

// Features [C, D] of every class's prompt, not of unit length.
Napi::Value PromptsHandle::encode(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto clip = ClipHandle::unwrap(info[0], "clip");
    return submit_tensor(info.Env(), [prompts = core(), clip] {
      torch::NoGradGuard no_grad;
      prompts->check(*clip);
      return prompts->encode(
          *clip, torch::arange(prompts->classes(), torch::TensorOptions().dtype(torch::kInt64).device(clip->device())));
    });
  });
}

void export_prompts(Napi::Env env, Napi::Object exports) {
  PromptsHandle::define(env, {
                                 PromptsHandle::InstanceMethod("load", &PromptsHandle::load),
                                 PromptsHandle::InstanceMethod("state", &PromptsHandle::state),
                                 PromptsHandle::InstanceMethod("encode", &PromptsHandle::encode),
                             });
  exports.Set("createPrompts", Napi::Function::New(env, create_prompts, "createPrompts"));
}

}  // namespace semples
