// Gradients, loss terms and filters on given tensors: how tests hold the native code against reference values.
#include <torch/torch.h>

#include <algorithm>

#include "binding/clip.h"
#include "binding/convert.h"
#include "binding/exports.h"
#include "binding/generator.h"
#include "binding/option_reader.h"
#include "binding/refine_request.h"
#include "core/clip/prompts.h"
#include "core/losses/registry.h"
#include "core/memory.h"

namespace semples {

namespace {

at::Tensor leaf(const at::Tensor& tensor) { return tensor.detach().clone().set_requires_grad(true); }

const at::Tensor& require_tensor(const NamedTensors& tensors, const std::string& name, const char* field) {
  if (const at::Tensor* found = find_tensor(tensors, name)) return *found;
  std::vector<std::string> names;
  for (const auto& entry : tensors) names.push_back(entry.first);
  throw refusal(field, names.empty() ? "tensors" : one_of(names), name);
}

// All parameters of a generator, with gradients for as long as this lives.
class Variables {
 public:
  explicit Variables(const MaskGenerator& generator) {
    for (const auto& entry : generator.parameters()) list.push_back(at::Tensor(entry.second).set_requires_grad(true));
  }
  ~Variables() {
    for (at::Tensor& parameter : list) parameter.set_requires_grad(false);
  }
  Variables(const Variables&) = delete;
  Variables& operator=(const Variables&) = delete;
  std::vector<at::Tensor> list;
};

// (generator, batch, cotangents by output name, options) -> { loss, "gradient.<parameter>" } of the sum of <output,
// cotangent>.
Napi::Value generator_gradients(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto generator = GeneratorHandle::unwrap(info[0], "generator");
    const PendingImages images = read_images(object_argument(info, 1, "batch"));
    const NamedTensors cotangents = read_tensors(info[2], "cotangents");
    ForwardOptions options = read_forward_options(object_argument(info, 3, "options"), *generator);
    options.trace = true;
    return submit_tensors(info.Env(), [=] {
      const Variables parameters(*generator);
      const NamedTensors outputs = generator->forward(images.to_images(generator->device()), options).named;
      at::Tensor loss = torch::zeros({});
      for (const auto& [name, cotangent] : cotangents)
        loss = loss + (require_tensor(outputs, name, "cotangents") * cotangent).sum();
      const auto gradients = torch::autograd::grad({loss}, parameters.list, {}, false, false, true);
      NamedTensors result = {{"loss", loss}};
      for (size_t i = 0; i < gradients.size(); ++i)
        if (gradients[i].defined()) result.emplace_back("gradient." + generator->parameters()[i].first, gradients[i]);
      return result;
    });
  });
}

// (clip, images, cotangent) -> { features, gradient } of <encode_image(images), cotangent>.
Napi::Value image_gradient(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto clip = ClipHandle::unwrap(info[0], "clip");
    const at::Tensor images = read_tensor(info[1], "images"), cotangent = read_tensor(info[2], "cotangent");
    return submit_tensors(info.Env(), [=] {
      const at::Tensor input = leaf(images), features = clip->encode_image(input);
      return NamedTensors{{"features", features},
                          {"gradient", torch::autograd::grad({(features * cotangent).sum()}, {input})[0]}};
    });
  });
}

// (clip, vectors [n, length, width], cotangent [n, D]) -> { features, gradient } of learnable prompts.
Napi::Value prompt_gradient(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto clip = ClipHandle::unwrap(info[0], "clip");
    const at::Tensor vectors = read_tensor(info[1], "vectors"), cotangent = read_tensor(info[2], "cotangent");
    return submit_tensors(info.Env(), [=] {
      const at::Tensor input = leaf(vectors), features = encode_prompt_vectors(*clip, input);
      return NamedTensors{{"features", features},
                          {"gradient", torch::autograd::grad({(features * cotangent).sum()}, {input})[0]}};
    });
  });
}

// (clip, tokens [B, 1 + P, W], cotangent [B, 1 + P, D]) -> { normed, features, gradient } of <features, cotangent> with
// respect to what the last block's first LayerNorm gives.
Napi::Value block_gradient(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto clip = ClipHandle::unwrap(info[0], "clip");
    const at::Tensor tokens = read_tensor(info[1], "tokens"), cotangent = read_tensor(info[2], "cotangent");
    return submit_tensors(info.Env(), [=] {
      const FinishedBlock block = clip->finish_block(leaf(tokens));
      return NamedTensors{{"normed", block.normed},
                          {"features", block.features},
                          {"gradient", torch::autograd::grad({(block.features * cotangent).sum()}, {block.normed})[0]}};
    });
  });
}

const char* name_of(unsigned need) {
  const auto found = std::find_if(std::begin(kNeedNames), std::end(kNeedNames),
                                  [need](const NeedName& each) { return each.need == need; });
  return found->name;
}

// ({ foreground, background [n, D], text, prompt [C, D], pairClass [n] }, { name: weight }, form)
// -> { loss, term.<name>, similarity.<name>, gradient.<input> }
Napi::Value loss_terms(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const NamedTensors inputs = read_tensors(info[0], "features");
    const WeightedTerms terms = read_numbers(info[1], "terms");
    const LossForm form =
        info[2].IsString() && info[2].As<Napi::String>().Utf8Value() == "cosine" ? LossForm::kCosine : LossForm::kLog;
    return submit_tensors(info.Env(), [=] {
      NamedTensors leaves;
      std::vector<at::Tensor> variables;
      for (const auto& [name, tensor] : inputs)
        if (name != "pairClass") variables.push_back(leaves.emplace_back(name, leaf(tensor)).second);
      const at::Tensor pair_class = require_tensor(inputs, "pairClass", "features");
      StepValues values;
      values.form = form;
      for (const PairFeature& feature : kPairFeatures) {
        if ((needs_of(terms) & feature.need) == 0) continue;
        const at::Tensor given = unit_length(require_tensor(leaves, name_of(feature.need), "features"));
        const bool by_class = feature.need == need::kText || feature.need == need::kPrompt;
        values.*feature.tensor = by_class ? given.index_select(0, pair_class) : given;
      }
      const LossValue sum = weighted_sum(terms, values);
      NamedTensors result = {{"loss", sum.loss}};
      for (const auto& [name, term] : sum.terms) {
        result.emplace_back("term." + name, term.value);
        result.emplace_back("similarity." + name, term.similarity);
      }
      const auto gradients = torch::autograd::grad({sum.loss}, variables, {}, false, false, true);
      for (size_t i = 0; i < leaves.size(); ++i)
        if (gradients[i].defined()) result.emplace_back("gradient." + leaves[i].first, gradients[i]);
      return result;
    });
  });
}

// (term name, similarities [n]) -> { loss, gradient }: the behaviour at and beyond the clamp ends. Of the two features
// that the term compares, the first is the similarity and the second is 1.
Napi::Value similarity_gradient(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const std::string name = text_value(info[0], "term");
    const at::Tensor similarities = read_tensor(info[1], "similarities");
    return submit_tensors(info.Env(), [=] {
      const Term& term = find_term(name);
      const at::Tensor input = leaf(similarities);
      at::Tensor next = input.unsqueeze(1);
      StepValues values;
      for (const PairFeature& feature : kPairFeatures) {
        if ((term.info.needs & feature.need) == 0) continue;
        values.*feature.tensor = next;
        next = torch::ones_like(next);
      }
      const at::Tensor loss = term.value(values).value;
      return NamedTensors{{"loss", loss}, {"gradient", torch::autograd::grad({loss}, {input})[0]}};
    });
  });
}

// ({ image, height, width, sxy, srgb?, normalization, reversed, values }) -> { values }: one kernel of
// a dense CRF.
Napi::Value crf_filter(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Object object = object_argument(info, 0, "filter");
    const at::Tensor image = read_pixels(object, "image", 1)[0], values = read_tensor(object.Get("values"), "values");
    if (values.dim() != 3 || values.size(1) != image.size(0) || values.size(2) != image.size(1) ||
        values.size(0) > kMaxCrfLabels || values.scalar_type() != at::kFloat)
      wrong_type("values", "float32 [channels, height, width]", object.Get("values"));
    const at::Tensor kernel = read_deviations(object, !object.Get("srgb").IsUndefined(), "filter");
    OptionReader options(object);
    const std::string normalization = read_normalization(options);
    const bool reversed = flag_option(object, "reversed", false);
    return submit_tensor(info.Env(), [=] { return dense_crf_filter(image, values, kernel, normalization, reversed); });
  });
}

// () -> { used, kept, most }: bytes of large blocks of tensors; zeros where none are kept (core/memory.h).
Napi::Value memory(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const MemoryState state = memory_state();
    Napi::Object result = Napi::Object::New(info.Env());
    result.Set("used", double(state.used));
    result.Set("kept", double(state.kept));
    result.Set("most", double(state.most));
    return result;
  });
}

}  // namespace

void export_inspection(Napi::Env env, Napi::Object exports) {
  Napi::Object inspection = Napi::Object::New(env);
  inspection.Set("generatorGradients", Napi::Function::New(env, generator_gradients));
  inspection.Set("imageGradient", Napi::Function::New(env, image_gradient));
  inspection.Set("promptGradient", Napi::Function::New(env, prompt_gradient));
  inspection.Set("blockGradient", Napi::Function::New(env, block_gradient));
  inspection.Set("lossTerms", Napi::Function::New(env, loss_terms));
  inspection.Set("similarityGradient", Napi::Function::New(env, similarity_gradient));
  inspection.Set("crfFilter", Napi::Function::New(env, crf_filter));
  inspection.Set("memory", Napi::Function::New(env, memory));
  exports.Set("inspection", inspection);
}

}  // namespace semples
