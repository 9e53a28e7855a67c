#include "binding/generator.h"

#include <torch/torch.h>

#include <cmath>

#include "binding/convert.h"
#include "binding/exports.h"
#include "core/cam/multiscale.h"
#include "core/models/weaktr_generator.h"

namespace semples {

namespace {

// More than any mask generator has, and far less than what would have the system end the process.
constexpr double kMaxParameters = 1e9;

void check_parameters(const WeakTrConfig& config) {
  const double width = double(config.width), side = double(config.image_size / config.patch_size);
  const double count = double(config.depth) * width * width * (4 + 2 * config.mlp_ratio) +
                       width * (side * side + 10.0 * double(config.classes)) +
                       3 * width * double(config.patch_size * config.patch_size);
  if (count > kMaxParameters)
    throw Error("SEMPLES_ARGUMENT_INVALID", "This mask generator is too large")
        .in_field("width, depth, mlpRatio, imageSize / patchSize")
        .received(std::to_string(std::llround(count)) + " parameters")
        .expected("at most " + std::to_string(std::llround(kMaxParameters)));
}

// Of a map, in pixels.
constexpr int64_t kMaxSide = 1 << 16;

WeakTrConfig read_config(const Napi::Object& object) {
  WeakTrConfig config;
  config.image_size = size_option(object, "imageSize", config.image_size, 16384);
  config.patch_size = size_option(object, "patchSize", config.patch_size, 256);
  config.width = size_option(object, "width", config.width, 16384);
  config.depth = size_option(object, "depth", config.depth, 256);
  config.heads = size_option(object, "heads", config.heads, 256);
  config.classes = size_option(object, "classes", config.classes, 4096);
  config.mlp_ratio = number_option(object, "mlpRatio", config.mlp_ratio, 1.0 / 64, 64);
  config.fusion_reduction = size_option(object, "fusionReduction", config.fusion_reduction, 1 << 20);
  config.fusion_feature_reduction =
      size_option(object, "fusionFeatureReduction", config.fusion_feature_reduction, 1 << 20);
  const std::string pool = text_option(object, "fusionPool", "max");
  if (pool != "max" && pool != "mean")
    throw Error("SEMPLES_ARGUMENT_INVALID", "Attention fusion pools in another way")
        .in_field("fusionPool")
        .received(pool)
        .expected("max or mean");
  config.fusion_pool = pool == "max" ? FusionPool::kMax : FusionPool::kMean;
  const std::string maps = text_option(object, "maps", "refined");
  if (maps != "refined" && maps != "plain")
    throw Error("SEMPLES_ARGUMENT_INVALID", "There are no such maps")
        .in_field("maps")
        .received(maps)
        .expected("refined or plain");
  config.maps = maps == "refined" ? Maps::kRefined : Maps::kPlain;
  config.drop_path = fraction_option(object, "dropPath", config.drop_path);
  config.seed = uint64_t(integer_option(object, "seed", 0));
  if (config.width % config.heads != 0)
    throw Error("SEMPLES_ARGUMENT_INVALID", "The width is not a multiple of the attention heads")
        .in_field("width")
        .received(std::to_string(config.width))
        .expected("a multiple of " + std::to_string(config.heads));
  if (config.image_size < config.patch_size)
    throw Error("SEMPLES_ARGUMENT_INVALID", "The pictures are smaller than a patch")
        .in_field("imageSize")
        .received(std::to_string(config.image_size))
        .expected("at least " + std::to_string(config.patch_size));
  check_parameters(config);
  return config;
}

int64_t parameter_bytes(const MaskGenerator& generator) {
  int64_t bytes = 0;
  for (const auto& entry : generator.parameters()) bytes += int64_t(entry.second.nbytes());
  return bytes;
}

void check_classes(const at::Tensor& classes, int64_t count) {
  if (classes.dim() != 1)
    throw Error("SEMPLES_ARGUMENT_INVALID", "Class indices are a list")
        .in_field("classes")
        .received(shape_text(classes.sizes()));
  const auto indices = classes.accessor<int64_t, 1>();
  for (int64_t i = 0; i < indices.size(0); ++i)
    if (indices[i] < 0 || indices[i] >= count)
      throw Error("SEMPLES_ARGUMENT_INVALID", "A class index is out of range")
          .in_field("classes")
          .received(std::to_string(indices[i]))
          .expected("0 to " + std::to_string(count - 1));
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
    const Napi::Object object = object_argument(info, 0, "config");
    const WeakTrConfig config = read_config(object);
    const at::Device device = device_option(object);
    return JobQueue::of(info.Env())
        .submit(
            info.Env(),
            [=] { return std::shared_ptr<MaskGenerator>(std::make_shared<WeakTrGenerator>(config, device)); },
            [](Napi::Env env, const std::shared_ptr<MaskGenerator>& generator) {
              return GeneratorHandle::make(env, generator, parameter_bytes(*generator));
            });
  });
}

}  // namespace

ForwardOptions read_forward_options(const Napi::Object& object) {
  ForwardOptions options;
  const std::string gradients = text_option(object, "gradients", "semples");
  if (gradients != "semples" && gradients != "classification" && gradients != "all")
    throw Error("SEMPLES_ARGUMENT_INVALID", "Gradients stop elsewhere")
        .in_field("gradients")
        .received(gradients)
        .expected("semples, classification or all");
  options.detach_patches = gradients == "semples";
  options.detach_coarse_cam = gradients == "classification";
  options.trace = flag_option(object, "trace", false);
  if (!object.Get("dropFactors").IsUndefined())
    options.drop_factors = read_tensor(object.Get("dropFactors"), "dropFactors");
  return options;
}

NamedTensors named_outputs(const GeneratorOutputs& outputs) {
  NamedTensors named = {{"class_logits", outputs.class_logits},
                        {"coarse_logits", outputs.coarse_logits},
                        {"fine_logits", outputs.fine_logits},
                        {"fine_cam", outputs.fine_cam}};
  named.insert(named.end(), outputs.trace.begin(), outputs.trace.end());
  return named;
}

Napi::Value GeneratorHandle::parameters(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto generator = core();
    const std::vector<std::string> head = generator->head_parameters();
    Napi::Array result = Napi::Array::New(info.Env());
    for (const auto& [name, tensor] : generator->parameters()) {
      Napi::Object entry = Napi::Object::New(info.Env());
      Napi::Array shape = Napi::Array::New(info.Env(), tensor.dim());
      for (int64_t i = 0; i < tensor.dim(); ++i) shape.Set(uint32_t(i), double(tensor.size(i)));
      entry.Set("name", name);
      entry.Set("shape", shape);
      entry.Set("head", std::find(head.begin(), head.end(), name) != head.end());
      result.Set(result.Length(), entry);
    }
    return result;
  });
}

Napi::Value GeneratorHandle::load(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const NamedTensors tensors = read_tensors(info[0], "tensors");
    const Napi::Object options = object_argument(info, 1, "options");
    const LoadRules rules{flag_option(options, "strict", true), read_names(options.Get("required"), "required")};
    const bool adapt = flag_option(options, "adapt", false);
    return JobQueue::of(info.Env())
        .submit(
            info.Env(),
            [generator = core(), tensors, rules, adapt] {
              return load_named(adapt ? generator->adapt(tensors) : tensors, generator->parameters(), rules);
            },
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
    return submit_tensors(info.Env(), [generator = core()] { return generator->parameters(); });
  });
}

Napi::Value GeneratorHandle::forward(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const PendingImages images = read_images(object_argument(info, 0, "batch"));
    const ForwardOptions options = read_forward_options(object_argument(info, 1, "options"));
    return submit_tensors(info.Env(), [generator = core(), images, options] {
      torch::NoGradGuard no_grad;
      return named_outputs(generator->forward(images.to_images(generator->device()), options));
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
    const bool flip = flag_option(request, "flip", true);
    const int64_t height = size_option(request, "height", scales[0].size(0), kMaxSide);
    const int64_t width = size_option(request, "width", scales[0].size(1), kMaxSide);
    return submit_tensors(info.Env(), [=]() -> NamedTensors {
      const CamResult result =
          multiscale_cams(*generator, scales, classes.to(generator->device()), flip, height, width);
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
