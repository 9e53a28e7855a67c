#include "core/train/trainer.h"

#include <torch/torch.h>

#include "binding/clip.h"
#include "binding/convert.h"
#include "binding/exports.h"
#include "binding/generator.h"
#include "binding/prompts.h"

namespace semples {

namespace {

struct TrainerParts {
  std::shared_ptr<MaskGenerator> generator;
  Trainer trainer;
};

class TrainerHandle : public Handle<TrainerHandle, TrainerParts> {
 public:
  static constexpr const char* kName = "Trainer";
  using Handle::Handle;

  Napi::Value step(const Napi::CallbackInfo& info);
  Napi::Value optimizer_state(const Napi::CallbackInfo& info);
  Napi::Value load_optimizer_state(const Napi::CallbackInfo& info);
};

Trainable read_trainable(const std::string& name) {
  if (name == "head") return Trainable::kHead;
  if (name == "all") return Trainable::kAll;
  if (name == "prompts") return Trainable::kPrompts;
  throw Error("SEMPLES_ARGUMENT_INVALID", "A stage trains something else")
      .in_field("trains")
      .received(name)
      .expected("head, all or prompts");
}

LossForm read_form(const std::string& name) {
  if (name == "log") return LossForm::kLog;
  if (name == "cosine") return LossForm::kCosine;
  throw Error("SEMPLES_ARGUMENT_INVALID", "Losses have another form")
      .in_field("form")
      .received(name)
      .expected("log or cosine");
}

TrainerConfig read_config(const Napi::Object& object) {
  TrainerConfig config;
  config.terms = read_terms(object.Get("terms"));
  config.trains = read_trainable(text_option(object, "trains", "head"));
  config.form = read_form(text_option(object, "form", "log"));
  config.mask_epsilon = number_option(object, "maskEpsilon", config.mask_epsilon);
  config.classification_gradients = flag_option(object, "classificationGradients", false);
  config.drop_path = flag_option(object, "dropPath", true);
  config.clip_statistics = flag_option(object, "clipStatistics", false);
  config.gradient_clip = number_option(object, "gradientClip", config.gradient_clip);
  config.weight_decay = number_option(object, "weightDecay", config.weight_decay);
  config.beta1 = fraction_option(object, "beta1", config.beta1);
  config.beta2 = fraction_option(object, "beta2", config.beta2);
  config.epsilon = number_option(object, "epsilon", config.epsilon);
  return config;
}

Napi::Value create_trainer(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Object object = object_argument(info, 0, "config");
    const TrainerConfig config = read_config(object);
    const auto generator = GeneratorHandle::unwrap(object.Get("generator"), "generator");
    std::shared_ptr<Clip> clip;
    std::shared_ptr<Prompts> prompts;
    at::Tensor text_ids;
    if (!object.Get("clip").IsUndefined()) clip = ClipHandle::unwrap(object.Get("clip"), "clip");
    if (!object.Get("prompts").IsUndefined()) prompts = PromptsHandle::unwrap(object.Get("prompts"), "prompts");
    if (!object.Get("textIds").IsUndefined()) {
      text_ids = read_integers(object.Get("textIds"), "textIds");
      if (text_ids.dim() != 2 || text_ids.size(0) != generator->classes())
        throw Error("SEMPLES_ARGUMENT_INVALID", "There must be one text per class")
            .in_field("textIds")
            .received(shape_text(text_ids.sizes()))
            .expected("[" + std::to_string(generator->classes()) + ", context length]");
    }
    return JobQueue::of(info.Env())
        .submit(
            info.Env(),
            [=] {
              return std::make_shared<TrainerParts>(
                  TrainerParts{generator, Trainer(config, generator, clip, prompts, text_ids)});
            },
            [](Napi::Env env, const std::shared_ptr<TrainerParts>& parts) {
              return TrainerHandle::make(env, parts, 0);
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
    const auto parts = core();
    const PendingImages images = read_images(object);
    const int64_t pictures = images.images.defined() ? images.images.size(0) : images.pixels.size(0);
    const at::Tensor labels = read_labels(object, pictures, parts->generator->classes());
    const double learning_rate = number_option(object, "learningRate", std::nullopt);
    const bool details = flag_option(object, "details", false);
    return JobQueue::of(info.Env())
        .submit(
            info.Env(),
            [=] {
              const at::Device device = parts->generator->device();
              TrainingBatch batch{images.to_images(device), labels.to(device), images.seed, learning_rate};
              StepResult result = parts->trainer.step(batch, details);
              result.details = to_host(std::move(result.details));
              return result;
            },
            write_result);
  });
}

Napi::Value TrainerHandle::optimizer_state(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return submit_tensors(info.Env(), [parts = core()] { return parts->trainer.optimizer_state(); });
  });
}

Napi::Value TrainerHandle::load_optimizer_state(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const NamedTensors state = read_tensors(info[0], "optimizer");
    return JobQueue::of(info.Env())
        .submit(
            info.Env(),
            [parts = core(), state] {
              parts->trainer.load_optimizer_state(state);
              return true;
            },
            [](Napi::Env env, bool) { return env.Undefined(); });
  });
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
