#include "binding/segment.h"

#include <torch/torch.h>

#include <atomic>
#include <memory>

#include "binding/clip.h"
#include "binding/convert.h"
#include "binding/exports.h"
#include "binding/model_state.h"
#include "binding/optimizer_state.h"
#include "binding/option_reader.h"
#include "core/segment/predict.h"
#include "core/segment/segmenters.h"
#include "core/segment/trainer.h"
#include "ops/common/execution.h"

namespace semples {

namespace {

// Of a mask, in pixels.
constexpr int64_t kMaxSide = 1 << 16;

class SegmentTrainerHandle : public Handle<SegmentTrainerHandle, SegmentTrainer> {
 public:
  static constexpr const char* kName = "SegmentTrainer";
  using Handle::Handle;

  Napi::Value step(const Napi::CallbackInfo& info);
  Napi::Value optimizer_state(const Napi::CallbackInfo& info);
  Napi::Value load_optimizer_state(const Napi::CallbackInfo& info);
};

Napi::Value create_segmenter(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    OptionReader options(object_argument(info, 0, "config"));
    const Napi::Value given = options.value("clip");
    const SegmenterFactory make =
        plan_segmenter(options, given.IsUndefined() ? nullptr : ClipHandle::unwrap(given, "clip"));
    options.refuse_others();
    return JobQueue::of(info.Env())
        .submit(
            info.Env(), [make] { return make(); },
            [](Napi::Env env, const std::shared_ptr<Segmenter>& segmenter) {
              return SegmenterHandle::make(env, segmenter, bytes_of(segmenter->state()));
            });
  });
}

Napi::Value create_segment_trainer(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    OptionReader options(object_argument(info, 0, "config"));
    SegmentTrainerConfig config;
    config.visit(options);
    const auto segmenter = SegmenterHandle::unwrap(options.value("segmenter"), "segmenter");
    options.refuse_others();
    return JobQueue::of(info.Env())
        .submit(
            info.Env(), [=] { return std::make_shared<SegmentTrainer>(config, segmenter); },
            [](Napi::Env env, const std::shared_ptr<SegmentTrainer>& trainer) {
              return SegmentTrainerHandle::make(env, trainer, 0);
            });
  });
}

// { labels: Uint8Array [B, H, W], confidence?: Uint8Array (255: sure), classWeights?: Float32Array [C] }
PixelTargets read_targets(const Napi::Object& batch, const at::Tensor& like, int64_t classes) {
  const std::vector<int64_t> shape = {like.size(0), like.size(2), like.size(3)};
  PixelTargets targets;
  // A copy, for what JavaScript may write to.
  targets.labels = read_bytes(batch.Get("labels"), shape, "labels").clone();
  const at::Tensor unknown = (targets.labels >= classes).logical_and_(targets.labels != kIgnoredLabel);
  if (unknown.any().item<bool>())
    throw refusal("labels", "0 to " + std::to_string(classes - 1) + ", or " + std::to_string(kIgnoredLabel),
                  std::to_string(targets.labels.masked_select(unknown)[0].item<int64_t>()));
  const Napi::Value confidence = batch.Get("confidence"), weights = batch.Get("classWeights");
  if (!confidence.IsUndefined())
    targets.confidence = read_bytes(confidence, shape, "confidence").to(torch::kFloat32).div_(255);
  if (!weights.IsUndefined()) targets.class_weights = read_float32(weights, {classes}, "classWeights").clone();
  return targets;
}

// Sizes of what `images` will be, without making it.
at::Tensor sizes_of(const PendingImages& images) {
  if (images.images.defined()) return images.images;
  return images.pixels.permute({0, 3, 1, 2});
}

ScaledPicture read_picture(const Napi::Object& object, const std::string& prefix) {
  ScaledPicture picture{read_scales(object, prefix)};
  picture.height = size_option(object, "height", picture.scales[0].size(0), kMaxSide, prefix);
  picture.width = size_option(object, "width", picture.scales[0].size(1), kMaxSide, prefix);
  return picture;
}

std::vector<ScaledPicture> read_pictures(const Napi::Value& list) {
  if (!list.IsArray() || list.As<Napi::Array>().Length() == 0) wrong_type("pictures", "one picture at least", list);
  std::vector<ScaledPicture> pictures;
  for (uint32_t i = 0; i < list.As<Napi::Array>().Length(); ++i) {
    const std::string place = "pictures." + std::to_string(i);
    const Napi::Value picture = list.As<Napi::Array>()[i];
    if (!picture.IsObject()) wrong_type(place, "{ scales, height, width }", picture);
    pictures.push_back(read_picture(picture.As<Napi::Object>(), place + "."));
  }
  return pictures;
}

Napi::Object write_mask(Napi::Env env, const PredictedMask& mask) {
  NamedTensors tensors = {{"labels", mask.labels}, {"confidence", mask.confidence}};
  if (mask.probabilities.defined()) tensors.emplace_back("probabilities", mask.probabilities);
  return write_tensors(env, tensors);
}

}  // namespace

Napi::Value SegmenterHandle::info(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto segmenter = core();
    Napi::Object result = Napi::Object::New(info.Env());
    result.Set("classes", double(segmenter->classes()));
    result.Set("stride", double(segmenter->stride()));
    result.Set("multiple", double(segmenter->multiple()));
    return result;
  });
}

Napi::Value SegmenterHandle::parameters(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto segmenter = core();
    const std::string prefix = segmenter->encoder_prefix();
    return write_parameters(info.Env(), segmenter->state(), segmenter->parameters().size(), "encoder",
                            [&](const std::string& name) { return !prefix.empty() && name.rfind(prefix, 0) == 0; });
  });
}

Napi::Value SegmenterHandle::load(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return submit_load(info, [segmenter = core()] { return segmenter->state(); }); });
}

Napi::Value SegmenterHandle::state(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return submit_tensors(info.Env(), [segmenter = core()] { return segmenter->state(); });
  });
}

// (batch, { everyOutput }) -> { "logits.<i>" } [B, C, H, W], the last of them what masks are made of.
Napi::Value SegmenterHandle::respond(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const PendingImages images = read_images(object_argument(info, 0, "batch"));
    OptionReader options(object_argument(info, 1, "options"));
    bool every_output = false;
    options.flag("everyOutput", every_output);
    options.refuse_others();
    return submit_tensors(info.Env(), [segmenter = core(), images, every_output] {
      torch::NoGradGuard no_grad;
      const at::Tensor pictures = images.to_images(segmenter->device());
      SegmentPass pass;
      pass.every_output = every_output;
      NamedTensors result;
      for (const at::Tensor& logits : segmenter->respond(fill_up(pictures, segmenter->multiple()), pass))
        result.emplace_back("logits." + std::to_string(result.size()),
                            enlarge(logits, segmenter->stride(), pictures.size(2), pictures.size(3)));
      return result;
    });
  });
}

// ({ scales, height, width, ...rules }) -> { result, interrupt }: labels [H, W] uint8, confidence [H, W] and, with
// `probabilities`, [C, H, W] as well. Or { pictures: [{ scales, height, width }], ...rules }: the same of each.
Napi::Value SegmenterHandle::predict(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Object request = object_argument(info, 0, "request");
    const auto segmenter = core();
    const bool several = !request.Get("pictures").IsUndefined();
    const std::vector<ScaledPicture> pictures =
        several ? read_pictures(request.Get("pictures")) : std::vector<ScaledPicture>{read_picture(request, "")};
    PredictRules rules;
    OptionReader reader(request);
    rules.visit(reader);
    const auto interrupted = std::make_shared<std::atomic<bool>>(false);
    JobQueue& jobs = JobQueue::of(info.Env());
    const auto work = [=, &jobs] {
      ExecutionSettings settings;
      settings.interrupted = [&] { return interrupted->load() || jobs.stopping(); };
      const ExecutionScope scope(std::move(settings));
      return semples::predict(*segmenter, pictures, rules);
    };
    const auto pack = [several](Napi::Env env, const std::vector<PredictedMask>& masks) -> Napi::Value {
      if (!several) return write_mask(env, masks.front());
      Napi::Array written = Napi::Array::New(env, masks.size());
      for (size_t i = 0; i < masks.size(); ++i) written.Set(uint32_t(i), write_mask(env, masks[i]));
      return written;
    };
    Napi::Object prediction = Napi::Object::New(info.Env());
    prediction.Set("result", jobs.submit(info.Env(), work, pack));
    prediction.Set("interrupt",
                   Napi::Function::New(
                       info.Env(), [interrupted](const Napi::CallbackInfo&) { *interrupted = true; }, "interrupt"));
    return prediction;
  });
}

Napi::Value SegmentTrainerHandle::step(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Object object = object_argument(info, 0, "batch");
    const auto trainer = core();
    const PendingImages images = read_images(object);
    const PixelTargets targets = read_targets(object, sizes_of(images), trainer->segmenter().classes());
    const double learning_rate = number_option(object, "learningRate", std::nullopt);
    const bool details = flag_option(object, "details", false);
    return JobQueue::of(info.Env())
        .submit(
            info.Env(),
            [=] {
              const at::Device device = trainer->segmenter().device();
              SegmentBatch batch{images.to_images(device), targets, images.seed, learning_rate};
              SegmentStep result = trainer->step(batch, details);
              result.details = to_host(std::move(result.details));
              return result;
            },
            [](Napi::Env env, const SegmentStep& result) {
              Napi::Object written = Napi::Object::New(env);
              written.Set("loss", result.loss);
              written.Set("clipped", result.clipped);
              written.Set("labelled", result.labelled);
              written.Set("skipped", result.skipped);
              if (!result.details.empty()) written.Set("details", write_tensors(env, result.details));
              return written;
            });
  });
}

Napi::Value SegmentTrainerHandle::optimizer_state(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return submit_optimizer_state(info, core()); });
}

Napi::Value SegmentTrainerHandle::load_optimizer_state(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return submit_load_optimizer_state(info, core()); });
}

void export_segment(Napi::Env env, Napi::Object exports) {
  SegmenterHandle::define(env,
                          {
                              SegmenterHandle::InstanceAccessor("info", &SegmenterHandle::info, nullptr),
                              SegmenterHandle::InstanceAccessor("parameters", &SegmenterHandle::parameters, nullptr),
                              SegmenterHandle::InstanceMethod("load", &SegmenterHandle::load),
                              SegmenterHandle::InstanceMethod("state", &SegmenterHandle::state),
                              SegmenterHandle::InstanceMethod("respond", &SegmenterHandle::respond),
                              SegmenterHandle::InstanceMethod("predict", &SegmenterHandle::predict),
                          });
  SegmentTrainerHandle::define(
      env, {
               SegmentTrainerHandle::InstanceMethod("step", &SegmentTrainerHandle::step),
               SegmentTrainerHandle::InstanceMethod("optimizerState", &SegmentTrainerHandle::optimizer_state),
               SegmentTrainerHandle::InstanceMethod("loadOptimizerState", &SegmentTrainerHandle::load_optimizer_state),
           });
  exports.Set("createSegmenter", Napi::Function::New(env, create_segmenter, "createSegmenter"));
  exports.Set("createSegmentTrainer", Napi::Function::New(env, create_segment_trainer, "createSegmentTrainer"));
}

}  // namespace semples
