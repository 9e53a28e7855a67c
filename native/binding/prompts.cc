#include "binding/prompts.h"

#include <torch/torch.h>

#include "binding/clip.h"
#include "binding/convert.h"
#include "binding/exports.h"

namespace semples {

namespace {

constexpr int64_t kMaxNumbers = int64_t(1) << 28;

Napi::Value create_prompts(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Object object = object_argument(info, 0, "config");
    PromptsConfig config;
    config.classes = size_option(object, "classes", config.classes, 4096);
    config.length = size_option(object, "length", config.length, 4096);
    config.width = size_option(object, "width", config.width, 65536);
    config.seed = uint64_t(integer_option(object, "seed", 0));
    config.deviation = number_option(object, "deviation", 0);
    const at::Device device = device_option(object);
    if (config.classes * config.length * config.width > kMaxNumbers)
      throw Error("SEMPLES_ARGUMENT_INVALID", "These prompts are too large")
          .in_field("classes, length, width")
          .received(shape_text({config.classes, config.length, config.width}));
    return JobQueue::of(info.Env())
        .submit(
            info.Env(), [=] { return std::make_shared<Prompts>(config, device); },
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
      return encode_prompt_vectors(*clip, prompts->vectors());
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
