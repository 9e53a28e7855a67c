#include "binding/generator.h"

#include <torch/torch.h>

#include <algorithm>

#include "binding/convert.h"
#include "binding/exports.h"
#include "binding/option_reader.h"
#include "core/cam/multiscale.h"
#include "core/models/generators.h"

namespace semples {

namespace {

// Of a map, in pixels.
constexpr int64_t kMaxSide = 1 << 16;

int64_t state_bytes(const MaskGenerator& generator) {
  int64_t bytes = 0;
  for (const auto& entry : generator.state()) bytes += int64_t(entry.second.nbytes());
  return bytes;
}

void check_classes(const at::Tensor& classes, int64_t count) {
  if (classes.dim() != 1) throw refusal("classes", "a list of class indices", shape_text(classes.sizes()));
  const auto indices = classes.accessor<int64_t, 1>();
  for (int64_t i = 0; i < indices.size(0); ++i)
    if (indices[i] < 0 || indices[i] >= count)
      throw refusal("classes", "0 to " + std::to_string(count - 1), std::to_string(indices[i]));
}

std::vector<std::string> read_names(const Napi::Value& value, const char* field) {
  std::vector<std::string> names;
  if (value.IsUndefined()) return names;
  if (!value.IsArray()) wrong_type(field, "an array of names", value);
  for (uint32_t i = 0; i < value.As<Napi::Array>().Length(); ++i) {
    const Napi::Value name = value.As<Napi::Array>()[i];
    if (!name.IsString()) wrong_type(field, "an array of names", name);
    names.push_back(name.As<Napi::String>().Utf8Value());
  }
  return names;
}

Napi::Array write_names(Napi::Env env, const std::vector<std::string>& names) {
  Napi::Array array = Napi::Array::New(env, names.size());
  for (size_t i = 0; i < names.size(); ++i) array.Set(uint32_t(i), names[i]);
  return array;
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
              return GeneratorHandle::make(env, generator, state_bytes(*generator));
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
    Napi::Array result = Napi::Array::New(info.Env());
    const size_t trained = generator->parameters().size();
    for (const auto& [name, tensor] : generator->state()) {
      Napi::Object entry = Napi::Object::New(info.Env());
      Napi::Array shape = Napi::Array::New(info.Env(), tensor.dim());
      for (int64_t i = 0; i < tensor.dim(); ++i) shape.Set(uint32_t(i), double(tensor.size(i)));
      entry.Set("name", name);
      entry.Set("shape", shape);
      entry.Set("head", std::find(head.begin(), head.end(), name) != head.end());
      entry.Set("buffer", result.Length() >= trained);
      result.Set(result.Length(), entry);
    }
    return result;
  });
}

Napi::Value GeneratorHandle::load(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const NamedTensors tensors = read_tensors(info[0], "tensors");
    OptionReader options(object_argument(info, 1, "options"));
    LoadRules rules;
    options.flag("strict", rules.strict);
    rules.required = read_names(options.value("required"), "required");
    options.refuse_others();
    return JobQueue::of(info.Env())
        .submit(
            info.Env(), [generator = core(), tensors, rules] { return load_named(tensors, generator->state(), rules); },
            [](Napi::Env env, const LoadReport& report) {
              Napi::Object result = Napi::Object::New(env);
              result.Set("missing", write_names(env, report.missing));
              result.Set("unexpected", write_names(env, report.unexpected));
              result.Set("mismatched", write_names(env, report.mismatched));
              return result;
            });
  });
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
    const Napi::Value list = request.Get("scales");
    if (!list.IsArray() || list.As<Napi::Array>().Length() == 0)
      wrong_type("scales", "the picture at one scale at least", list);
    std::vector<at::Tensor> scales;
    for (uint32_t i = 0; i < list.As<Napi::Array>().Length(); ++i) {
      const std::string place = "scales." + std::to_string(i);
      const Napi::Value picture = list.As<Napi::Array>()[i];
      if (!picture.IsObject()) wrong_type(place, "{ data, height, width }", picture);
      scales.push_back(read_pixels(picture.As<Napi::Object>(), "data", 1, place + ".")[0]);
    }
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
