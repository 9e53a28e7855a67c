#include "binding/refine_request.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "binding/convert.h"
#include "binding/option_reader.h"
#include "core/error.h"
#include "ops/common/finite.h"
#include "ops/pamr/pamr.h"

namespace semples {

namespace {

constexpr int64_t kMaxKernels = 64, kMaxIterations = 1'000'000, kMaxThreads = 256, kMaxDilation = 4096;

// [height, width, 3]
at::Tensor read_image(const Napi::Object& object, OptionReader& options) {
  for (const char* name : {"image", "height", "width"}) options.value(name);
  const at::Tensor image = read_pixels(object, "image", 1)[0];
  if (image.size(0) > kMaxCrfPixels / image.size(1))
    throw refusal("height", "at most " + std::to_string(kMaxCrfPixels) + " pixels", shape_text(image.sizes()));
  return image;
}

// Between 0 and 1, both excluded: otherwise some energies are infinite.
void read_gt_prob(OptionReader& source, double& gt_prob) {
  source.number("gtProb", gt_prob, 0, 1);
  if (gt_prob == 0 || gt_prob == 1)
    wrong_type("source.gtProb", "a number between 0 and 1, without them", source.value("gtProb"));
}

LabelMap read_label_map(OptionReader& source, const at::Tensor& image) {
  LabelMap map;
  source.whole("labels", map.count, 1, kMaxCrfLabels);
  read_gt_prob(source, map.gt_prob);
  const Napi::Value labels = source.value("labelMap");
  const std::vector<int64_t> shape = {image.size(0), image.size(1)};
  if (!labels.IsTypedArray()) wrong_type("source.labelMap", "a Uint8Array or Uint16Array", labels);
  const bool wide = labels.As<Napi::TypedArray>().TypedArrayType() == napi_uint16_array;
  map.labels = wide ? read_uint16(labels, shape, "source.labelMap") : read_bytes(labels, shape, "source.labelMap");
  return map;
}

void read_background(OptionReader& source, ScoreMaps& maps) {
  const Napi::Value value = source.value("background");
  if (value.IsUndefined()) return;
  if (!value.IsObject()) wrong_type("source.background", "{ threshold } or { power }", value);
  OptionReader background(value.As<Napi::Object>(), "source.background.");
  const bool power = !background.value("power").IsUndefined();
  if (power == !background.value("threshold").IsUndefined())
    wrong_type("source.background", "either { threshold } or { power }", value);
  if (maps.energies)
    throw refusal("source.background", "kind: probability", "kind: energy")
        .hint("Put a map of the background's energies in front of the others.");
  double number = -1;  // outside the limits: required
  background.number(power ? "power" : "threshold", number, 0, power ? 1e6 : 1);
  (power ? maps.background_power : maps.background_threshold) = number;
  background.refuse_others();
}

ScoreMaps read_score_maps(OptionReader& source) {
  ScoreMaps maps;
  source.flag("alignCorners", maps.align_corners);
  source.choice("kind", maps.energies, {{"probability", false}, {"energy", true}});
  source.choice("unary", maps.hard, {{"soft", false}, {"hard", true}});
  read_gt_prob(source, maps.gt_prob);
  read_background(source, maps);
  int64_t channels = 0, height = 0, width = 0;
  source.whole("channels", channels, 1, kMaxCrfLabels - (maps.has_background() ? 1 : 0));
  source.whole("height", height, 1, kMaxPixels);
  source.whole("width", width, 1, kMaxPixels);
  maps.values = read_float32(source.value("values"), {channels, height, width}, "source.values");
  return maps;
}

ScoreSource read_source(const Napi::Value& value, const at::Tensor& image) {
  if (!value.IsObject()) wrong_type("source", "score maps or a label map", value);
  OptionReader source(value.As<Napi::Object>(), "source.");
  const bool labels = !value.As<Napi::Object>().Get("labelMap").IsUndefined();
  ScoreSource result = labels ? ScoreSource(read_label_map(source, image)) : ScoreSource(read_score_maps(source));
  source.refuse_others();
  return result;
}

Napi::Array read_list(OptionReader& method, const char* name, int64_t max) {
  const Napi::Value value = method.value(name);
  if (!value.IsArray() || int64_t(value.As<Napi::Array>().Length()) > max)
    wrong_type(std::string("method.") + name, "an array of at most " + std::to_string(max), value);
  return value.As<Napi::Array>();
}

// A number, or [labels, labels] of them.
at::Tensor read_compatibility(OptionReader& kernel, int64_t labels, const std::string& field) {
  const Napi::Value value = kernel.value("compat");
  if (value.IsNumber()) return at::scalar_tensor(finite_number(value, field + ".compat", -3e38, 3e38));
  if (!value.IsTypedArray()) wrong_type(field + ".compat", "a number, or a Float32Array of labels * labels", value);
  const at::Tensor matrix = read_float32(value, {labels, labels}, field + ".compat");
  const int64_t first_bad = first_not_finite(matrix.const_data_ptr<float>(), matrix.numel());
  if (first_bad >= 0)
    throw refusal(field + ".compat", "finite numbers",
                  std::to_string(matrix.const_data_ptr<float>()[first_bad]) + " at " + std::to_string(first_bad));
  return matrix;
}

// One row of deviations a kernel; their compatibilities are added to the method's.
at::Tensor read_kernels(OptionReader& method, const char* name, bool colors, int64_t labels,
                        std::vector<at::Tensor>& compatibility) {
  const Napi::Array list = read_list(method, name, kMaxKernels);
  std::vector<at::Tensor> rows;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const std::string field = std::string("method.") + name + "[" + std::to_string(i) + "]";
    const Napi::Value kernel = list[i];
    if (!kernel.IsObject()) wrong_type(field, colors ? "{ sxy, srgb, compat }" : "{ sxy, compat }", kernel);
    OptionReader options(kernel.As<Napi::Object>(), field + ".");
    options.value("sxy");
    if (colors) options.value("srgb");
    rows.push_back(read_deviations(kernel.As<Napi::Object>(), colors, field));
    compatibility.push_back(read_compatibility(options, labels, field));
    options.refuse_others();
  }
  return rows.empty() ? at::empty({0, colors ? 5 : 2}) : at::stack(rows);
}

DenseCrfMethod read_dense_crf(OptionReader& options, int64_t labels) {
  DenseCrfMethod method;
  method.gaussian = read_kernels(options, "gaussian", false, labels, method.compatibility);
  method.bilateral = read_kernels(options, "bilateral", true, labels, method.compatibility);
  method.normalization = read_normalization(options);
  return method;
}

PamrMethod read_pamr(OptionReader& options) {
  PamrMethod method;
  const Napi::Array list = read_list(options, "dilations", kMaxDilations);
  for (uint32_t i = 0; i < list.Length(); ++i)
    method.dilations.push_back(whole_number(list[i], "method.dilations[" + std::to_string(i) + "]", 1, kMaxDilation));
  if (method.dilations.empty()) wrong_type("method.dilations", "at least one dilation", list);
  return method;
}

RefineMethod read_method(const Napi::Value& value, int64_t labels) {
  if (!value.IsObject()) wrong_type("method", "{ kind, ... }", value);
  OptionReader options(value.As<Napi::Object>(), "method.");
  const bool pamr = options.choose("kind", {"crf", "pamr"}, std::nullopt) == 1;
  RefineMethod method = pamr ? RefineMethod(read_pamr(options)) : RefineMethod(read_dense_crf(options, labels));
  int64_t iterations = -1;  // outside the limits: required
  options.whole("iterations", iterations, 0, kMaxIterations);
  std::visit([&](auto& own) { own.iterations = iterations; }, method);
  options.refuse_others();
  return method;
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

std::string read_normalization(OptionReader& options) {
  const std::vector<std::string> names = {"symmetric", "before", "after", "none"};
  return names[options.choose("normalization", names, 0)];
}

RefineRequest read_refine_request(const Napi::Object& object) {
  RefineRequest request;
  Refinement& refinement = request.refinement;
  OptionReader options(object);
  int64_t threads = 1;
  double min_confidence = 0;
  options.flag("scores", request.scores);
  options.flag("profile", request.profile);
  options.whole("threads", threads, 1, kMaxThreads);
  options.whole("memoryLimit", request.memory_limit, 0, kMaxWhole);
  options.number("minConfidence", min_confidence, 0, 1);
  request.threads = int(threads);
  refinement.min_confidence = float(min_confidence);
  refinement.image = read_image(object, options);
  refinement.source = read_source(options.value("source"), refinement.image);
  refinement.method = read_method(options.value("method"), label_count(refinement.source));
  options.value("device");
  refinement.device = read_device(object, refinement.method);
  options.refuse_others();
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
