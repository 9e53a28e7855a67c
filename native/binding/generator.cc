#include "binding/generator.h"

#include <torch/torch.h>

#include <algorithm>

#include "binding/convert.h"
#include "binding/exports.h"
#include "binding/model_state.h"
#include "binding/option_reader.h"
#include "core/cam/multiscale.h"
#include "core/models/generators.h"

namespace semples {

namespace {

// Of a map, in pixels.
constexpr int64_t kMaxSide = 1 << 16;

void check_classes(const at::Tensor& classes, int64_t count) {
  if (classes.dim() != 1) throw refusal("classes", "a list of class indices", shape_text(classes.sizes()));
  const auto indices = classes.accessor<int64_t, 1>();
  for (int64_t i = 0; i < indices.size(0); ++i)
    if (indices[i] < 0 || indices[i] >= count)
      throw refusal("classes", "0 to " + std::to_string(count - 1), std::to_string(indices[i]));
}

Napi::Value create_generator(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    OptionReader options(object_argument(info, 0, "config"));
    const GeneratorFactory make = plan_generator(options);
    options.refuse_others();
    return JobQueue::of(info.Env())
        .submit(
            info.Env(), [make] { return make(); },
            [](Napi::Env env, const std::shared_ptr<MaskGenerator>& generator) {
              return GeneratorHandle::make(env, generator, bytes_of(generator->state()));
            });
  });
}

}  // namespace

ForwardOptions read_forward_options(const Napi::Object& object, const MaskGenerator& generator) {
  OptionReader reader(object);
  ForwardOptions options;
  options.gradients = generator.gradient_rules().front();
  reader.text("gradients", options.gradients);
  reader.flag("trace", options.trace);
  reader.flag("featureMaps", options.feature_maps);
  const Napi::Value factors = reader.value("dropFactors");
  if (!factors.IsUndefined()) options.noise = read_tensor(factors, "dropFactors");
  reader.refuse_others();
  generator.check_gradients(options.gradients);
  return options;
}

Napi::Value GeneratorHandle::parameters(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto generator = core();
    const std::vector<std::string> head = generator->head_parameters();
    return write_parameters(
        info.Env(), generator->state(), generator->parameters().size(), "head",
        [&](const std::string& name) { return std::find(head.begin(), head.end(), name) != head.end(); });
  });
}

Napi::Value GeneratorHandle::load(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return submit_load(info, [generator = core()] { return generator->state(); }); });
}

Napi::Value GeneratorHandle::state(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return submit_tensors(info.Env(), [generator = core()] { return generator->state(); });
  });
}

Napi::Value GeneratorHandle::forward(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const PendingImages images = read_images(object_argument(info, 0, "batch"));
    const auto generator = core();
    const ForwardOptions options = read_forward_options(object_argument(info, 1, "options"), *generator);
    return submit_tensors(info.Env(), [generator, images, options] {
      torch::NoGradGuard no_grad;
      return generator->forward(images.to_images(generator->device()), options).named;
    });
  });
}

Napi::Value GeneratorHandle::cams(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Object request = object_argument(info, 0, "request");
    const auto generator = core();
    const std::vector<at::Tensor> scales = read_scales(request);
    const at::Tensor classes = read_integers(request.Get("classes"), "classes");
    check_classes(classes, generator->classes());
    CamRules rules;
    OptionReader reader(request);
    rules.visit(reader);
    const int64_t height = size_option(request, "height", scales[0].size(0), kMaxSide);
    const int64_t width = size_option(request, "width", scales[0].size(1), kMaxSide);
    return submit_tensors(info.Env(), [=]() -> NamedTensors {
      const CamResult result =
          multiscale_cams(*generator, scales, classes.to(generator->device()), rules, height, width);
      return {{"cams", result.cams}, {"classLogits", result.class_logits}};
    });
  });
}

void export_generator(Napi::Env env, Napi::Object exports) {
  GeneratorHandle::define(env,
                          {
                              GeneratorHandle::InstanceAccessor("parameters", &GeneratorHandle::parameters, nullptr),
                              GeneratorHandle::InstanceMethod("load", &GeneratorHandle::load),
                              GeneratorHandle::InstanceMethod("state", &GeneratorHandle::state),
                              GeneratorHandle::InstanceMethod("forward", &GeneratorHandle::forward),
                              GeneratorHandle::InstanceMethod("cams", &GeneratorHandle::cams),
                          });
  exports.Set("createGenerator", Napi::Function::New(env, create_generator, "createGenerator"));
}

}  // namespace semples
