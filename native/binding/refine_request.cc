#include "binding/refine_request.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "binding/convert.h"
#include "core/error.h"
#include "ops/common/finite.h"
#include "ops/pamr/pamr.h"

namespace semples {

namespace {

constexpr int64_t kMaxKernels = 64, kMaxIterations = 1'000'000, kMaxThreads = 256, kMaxDilation = 4096;

// [height, width, 3]
at::Tensor read_image(const Napi::Object& object) {
  const at::Tensor image = read_pixels(object, "image", 1)[0];
  if (image.size(0) > kMaxCrfPixels / image.size(1))
    throw refusal("height", "at most " + std::to_string(kMaxCrfPixels) + " pixels", shape_text(image.sizes()));
  return image;
}

// Between 0 and 1, both excluded: otherwise some energies are infinite.
double read_gt_prob(const Napi::Object& source) {
  const double gt_prob = number_option(source, "gtProb", 0.7, 0, 1, "source.");
  if (gt_prob == 0 || gt_prob == 1)
    wrong_type("source.gtProb", "a number between 0 and 1, without them", source.Get("gtProb"));
  return gt_prob;
}

LabelMap read_label_map(const Napi::Object& source, const at::Tensor& image) {
  LabelMap map;
  map.count = size_option(source, "labels", 0, kMaxCrfLabels, "source.");
  map.gt_prob = read_gt_prob(source);
  const Napi::Value labels = source.Get("labelMap");
  const std::vector<int64_t> shape = {image.size(0), image.size(1)};
  if (!labels.IsTypedArray()) wrong_type("source.labelMap", "a Uint8Array or Uint16Array", labels);
  const bool wide = labels.As<Napi::TypedArray>().TypedArrayType() == napi_uint16_array;
  map.labels = wide ? read_uint16(labels, shape, "source.labelMap") : read_bytes(labels, shape, "source.labelMap");
  return map;
}

void read_background(const Napi::Object& source, ScoreMaps& maps) {
  const Napi::Value value = source.Get("background");
  if (value.IsUndefined()) return;
  if (!value.IsObject()) wrong_type("source.background", "{ threshold } or { power }", value);
  const Napi::Object background = value.As<Napi::Object>();
  const bool power = !background.Get("power").IsUndefined();
  if (power == !background.Get("threshold").IsUndefined())
    wrong_type("source.background", "either { threshold } or { power }", value);
  if (maps.energies)
    throw refusal("source.background", "kind: probability", "kind: energy")
        .hint("Put a map of the background's energies in front of the others.");
  if (power)
    maps.background_power = number_option(background, "power", std::nullopt, 0, 1e6, "source.background.");
  else
    maps.background_threshold = number_option(background, "threshold", std::nullopt, 0, 1, "source.background.");
}

// One of two words; the first is the default. Whether it is the second.
bool second_of(const Napi::Object& source, const char* name, const char* first, const char* second) {
  const std::string word = text_option(source, name, first, "source.");
  if (word != first && word != second)
    wrong_type(std::string("source.") + name, std::string(first) + " or " + second, source.Get(name));
  return word == second;
}

ScoreMaps read_score_maps(const Napi::Object& source) {
  ScoreMaps maps;
  maps.align_corners = flag_option(source, "alignCorners", false, "source.");
  maps.energies = second_of(source, "kind", "probability", "energy");
  maps.hard = second_of(source, "unary", "soft", "hard");
  maps.gt_prob = read_gt_prob(source);
  read_background(source, maps);
  const int64_t channels =
                    size_option(source, "channels", 0, kMaxCrfLabels - (maps.has_background() ? 1 : 0), "source."),
                height = size_option(source, "height", 0, kMaxPixels, "source."),
                width = size_option(source, "width", 0, kMaxPixels, "source.");
  maps.values = read_float32(source.Get("values"), {channels, height, width}, "source.values");
  return maps;
}

ScoreSource read_source(const Napi::Value& value, const at::Tensor& image) {
  if (!value.IsObject()) wrong_type("source", "score maps or a label map", value);
  const Napi::Object source = value.As<Napi::Object>();
  if (!source.Get("labelMap").IsUndefined()) return read_label_map(source, image);
  return read_score_maps(source);
}

Napi::Array read_list(const Napi::Object& object, const char* name, int64_t most, const std::string& prefix) {
  const Napi::Value value = object.Get(name);
  if (!value.IsArray() || int64_t(value.As<Napi::Array>().Length()) > most)
    wrong_type(prefix + name, "an array of at most " + std::to_string(most), value);
  return value.As<Napi::Array>();
}

// A number, or [labels, labels] of them.
at::Tensor read_compatibility(const Napi::Object& kernel, int64_t labels, const std::string& field) {
  const Napi::Value value = kernel.Get("compat");
  if (value.IsNumber()) return at::scalar_tensor(number_option(kernel, "compat", {}, -3e38, 3e38, field + "."));
  if (!value.IsTypedArray()) wrong_type(field + ".compat", "a number, or a Float32Array of labels * labels", value);
  const at::Tensor matrix = read_float32(value, {labels, labels}, field + ".compat");
  const int64_t first_bad = first_not_finite(matrix.const_data_ptr<float>(), matrix.numel());
  if (first_bad >= 0)
    throw refusal(field + ".compat", "finite numbers",
                  std::to_string(matrix.const_data_ptr<float>()[first_bad]) + " at " + std::to_string(first_bad));
  return matrix;
}

// One row of deviations a kernel; their compatibilities are added to the method's.
at::Tensor read_kernels(const Napi::Object& object, const char* name, bool colors, int64_t labels,
                        std::vector<at::Tensor>& compatibility) {
  const Napi::Array list = read_list(object, name, kMaxKernels, "method.");
  std::vector<at::Tensor> rows;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const std::string field = std::string("method.") + name + "[" + std::to_string(i) + "]";
    const Napi::Value kernel = list[i];
    if (!kernel.IsObject()) wrong_type(field, colors ? "{ sxy, srgb, compat }" : "{ sxy, compat }", kernel);
    rows.push_back(read_deviations(kernel.As<Napi::Object>(), colors, field));
    compatibility.push_back(read_compatibility(kernel.As<Napi::Object>(), labels, field));
  }
  return rows.empty() ? at::empty({0, colors ? 5 : 2}) : at::stack(rows);
}

int64_t read_iterations(const Napi::Object& object) {
  const int64_t iterations = whole_number(object.Get("iterations"), "method.iterations");
  if (iterations < 0 || iterations > kMaxIterations)
    wrong_type("method.iterations", "0 to " + std::to_string(kMaxIterations), object.Get("iterations"));
  return iterations;
}

DenseCrfMethod read_dense_crf(const Napi::Object& object, int64_t labels) {
  DenseCrfMethod method;
  method.gaussian = read_kernels(object, "gaussian", false, labels, method.compatibility);
  method.bilateral = read_kernels(object, "bilateral", true, labels, method.compatibility);
  method.iterations = read_iterations(object);
  method.normalization = read_normalization(object, "method.");
  return method;
}

PamrMethod read_pamr(const Napi::Object& object) {
  PamrMethod method;
  method.iterations = read_iterations(object);
  const Napi::Array list = read_list(object, "dilations", kMaxDilations, "method.");
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const std::string field = "method.dilations[" + std::to_string(i) + "]";
    method.dilations.push_back(whole_number(list[i], field));
    if (method.dilations.back() < 1 || method.dilations.back() > kMaxDilation)
      wrong_type(field, "1 to " + std::to_string(kMaxDilation), list[i]);
  }
  if (method.dilations.empty()) wrong_type("method.dilations", "at least one dilation", object.Get("dilations"));
  return method;
}

RefineMethod read_method(const Napi::Value& value, int64_t labels) {
  if (!value.IsObject()) wrong_type("method", "{ kind, ... }", value);
  const Napi::Object object = value.As<Napi::Object>();
  const std::string kind = text_option(object, "kind", "", "method.");
  if (kind == "crf") return read_dense_crf(object, labels);
  if (kind == "pamr") return read_pamr(object);
  wrong_type("method.kind", "crf or pamr", object.Get("kind"));
}

// Where there is no kernel, whether the device is there does not matter.
at::Device read_device(const Napi::Object& object, const RefineMethod& method) {
  const at::Device device = device_named(object);
  if (!device.is_cpu()) check_device(method, device);
  return require_device(device);
}

}  // namespace

at::Tensor read_deviations(const Napi::Object& kernel, bool colors, const std::string& field) {
  std::vector<float> row;
  for (const auto& [name, count] : {std::pair{"sxy", 2u}, std::pair{"srgb", colors ? 3u : 0u}}) {
    if (count == 0) continue;
    const std::string expected = std::to_string(count) + " finite numbers greater than 0";
    const Napi::Value value = kernel.Get(name);
    if (!value.IsArray() || value.As<Napi::Array>().Length() != count) wrong_type(field + "." + name, expected, value);
    for (uint32_t i = 0; i < count; ++i) {
      const Napi::Value number = value.As<Napi::Array>().Get(i);
      const auto deviation = number.IsNumber() ? number.As<Napi::Number>().FloatValue() : std::nanf("");
      if (!(deviation > 0) || !std::isfinite(deviation))
        wrong_type(field + "." + name + "[" + std::to_string(i) + "]", "a finite number greater than 0", number);
      row.push_back(deviation);
    }
  }
  return torch::tensor(row);
}

std::string read_normalization(const Napi::Object& object, const std::string& prefix) {
  const std::string name = text_option(object, "normalization", "symmetric", prefix);
  if (name != "symmetric" && name != "before" && name != "after" && name != "none")
    wrong_type(prefix + "normalization", "symmetric, before, after or none", object.Get("normalization"));
  return name;
}

RefineRequest read_refine_request(const Napi::Object& object) {
  RefineRequest request;
  Refinement& refinement = request.refinement;
  request.scores = flag_option(object, "scores", false);
  request.profile = flag_option(object, "profile", false);
  request.threads = int(size_option(object, "threads", 1, kMaxThreads));
  request.memory_limit = integer_option(object, "memoryLimit", 0);
  if (request.memory_limit < 0) wrong_type("memoryLimit", "bytes, 0 or more", object.Get("memoryLimit"));
  refinement.min_confidence = float(number_option(object, "minConfidence", 0, 0, 1));
  refinement.image = read_image(object);
  refinement.source = read_source(object.Get("source"), refinement.image);
  refinement.method = read_method(object.Get("method"), label_count(refinement.source));
  refinement.device = read_device(object, refinement.method);
  return request;
}

DenseCrfSize read_dense_crf_size(const Napi::Object& object) {
  const auto kernels = [&](const char* name) {
    const int64_t count = whole_number(object.Get(name), name);
    if (count < 0 || count > kMaxKernels) wrong_type(name, "0 to " + std::to_string(kMaxKernels), object.Get(name));
    return count;
  };
  return {size_option(object, "height", 0, kMaxPixels),
          size_option(object, "width", 0, kMaxPixels),
          size_option(object, "labels", 0, kMaxCrfLabels),
          kernels("gaussian"),
          kernels("bilateral"),
          size_option(object, "threads", 0, kMaxThreads)};
}

}  // namespace semples
