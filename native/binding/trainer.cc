#include "core/train/trainer.h"

#include <torch/torch.h>

#include "binding/clip.h"
#include "binding/convert.h"
#include "binding/exports.h"
#include "binding/generator.h"
#include "binding/optimizer_state.h"
#include "binding/option_reader.h"
#include "binding/prompts.h"

namespace semples {

namespace {

class TrainerHandle : public Handle<TrainerHandle, Trainer> {
 public:
  static constexpr const char* kName = "Trainer";
  using Handle::Handle;

  Napi::Value step(const Napi::CallbackInfo& info);
  Napi::Value optimizer_state(const Napi::CallbackInfo& info);
  Napi::Value load_optimizer_state(const Napi::CallbackInfo& info);
};

at::Tensor read_text_ids(const Napi::Value& value, int64_t classes) {
  if (value.IsUndefined()) return {};
  const at::Tensor ids = read_integers(value, "textIds");
  if (ids.dim() != 2 || ids.size(0) != classes)
    throw refusal("textIds", "one text a class, [" + std::to_string(classes) + ", context length],",
                  shape_text(ids.sizes()));
  return ids;
}

template <class Handle>
auto read_handle(OptionReader& options, const char* name) -> decltype(Handle::unwrap({}, name)) {
  const Napi::Value value = options.value(name);
  if (value.IsUndefined()) return nullptr;
  return Handle::unwrap(value, name);
}

Napi::Value create_trainer(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    OptionReader options(object_argument(info, 0, "config"));
    TrainerConfig config;
    config.visit(options);
    const auto generator = GeneratorHandle::unwrap(options.value("generator"), "generator");
    const auto clip = read_handle<ClipHandle>(options, "clip");
    const auto prompts = read_handle<PromptsHandle>(options, "prompts");
    const at::Tensor text_ids = read_text_ids(options.value("textIds"), generator->classes());
    options.refuse_others();
    return JobQueue::of(info.Env())
        .submit(
            info.Env(), [=] { return std::make_shared<Trainer>(config, generator, clip, prompts, text_ids); },
            [](Napi::Env env, const std::shared_ptr<Trainer>& trainer) {
              return TrainerHandle::make(env, trainer, 0);
            });
  });
}

Napi::Object write_result(Napi::Env env, const StepResult& result) {
  Napi::Object terms = Napi::Object::New(env);
  for (const auto& [name, value] : result.terms) terms.Set(name, value);
  Napi::Object object = Napi::Object::New(env);
  object.Set("loss", result.loss);
  object.Set("terms", terms);
  object.Set("pairs", double(result.pairs));
  object.Set("skipped", result.skipped);
  if (!result.details.empty()) object.Set("details", write_tensors(env, result.details));
  return object;
}

Napi::Value TrainerHandle::step(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Object object = object_argument(info, 0, "batch");
    const auto trainer = core();
    const PendingImages images = read_images(object);
    const int64_t pictures = images.images.defined() ? images.images.size(0) : images.pixels.size(0);
    const at::Tensor labels = read_labels(object, pictures, trainer->generator().classes());
    const double learning_rate = number_option(object, "learningRate", std::nullopt);
    const bool details = flag_option(object, "details", false);
    return JobQueue::of(info.Env())
        .submit(
            info.Env(),
            [=] {
              const at::Device device = trainer->generator().device();
              TrainingBatch batch{images.to_images(device), labels, images.seed, learning_rate};
              StepResult result = trainer->step(batch, details);
              result.details = to_host(std::move(result.details));
              return result;
            },
            write_result);
  });
}

Napi::Value TrainerHandle::optimizer_state(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return submit_optimizer_state(info, core()); });
}

Napi::Value TrainerHandle::load_optimizer_state(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return submit_load_optimizer_state(info, core()); });
}

}  // namespace

void export_trainer(Napi::Env env, Napi::Object exports) {
  TrainerHandle::define(env,
                        {
                            TrainerHandle::InstanceMethod("step", &TrainerHandle::step),
                            TrainerHandle::InstanceMethod("optimizerState", &TrainerHandle::optimizer_state),
                            TrainerHandle::InstanceMethod("loadOptimizerState", &TrainerHandle::load_optimizer_state),
                        });
  exports.Set("createTrainer", Napi::Function::New(env, create_trainer, "createTrainer"));
}

}  // namespace semples
