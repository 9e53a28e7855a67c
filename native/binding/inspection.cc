// Gradients and loss terms on given tensors: how tests hold the native code against reference values.
#include <torch/torch.h>

#include "binding/clip.h"
#include "binding/convert.h"
#include "binding/exports.h"
#include "binding/generator.h"
#include "core/clip/prompts.h"
#include "core/losses/contrastive.h"

namespace semples {

namespace {

at::Tensor leaf(const at::Tensor& tensor) { return tensor.detach().clone().set_requires_grad(true); }

// (generator, batch, cotangents by output name, options) -> { loss, "gradient.<parameter>" } of the sum of <output,
// cotangent>.
Napi::Value generator_gradients(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto generator = GeneratorHandle::unwrap(info[0], "generator");
    const PendingImages images = read_images(object_argument(info, 1, "batch"));
    const NamedTensors cotangents = read_tensors(info[2], "cotangents");
    ForwardOptions options = read_forward_options(object_argument(info, 3, "options"));
    options.trace = true;
    return JobQueue::of(info.Env())
        .submit(
            info.Env(),
            [=] {
              for (const auto& entry : generator->parameters()) at::Tensor(entry.second).set_requires_grad(true);
              const NamedTensors outputs =
                  named_outputs(generator->forward(images.to_images(generator->device()), options));
              at::Tensor loss = torch::zeros({});
              for (const auto& [name, cotangent] : cotangents) {
                const at::Tensor* output = find_tensor(outputs, name);
                if (!output)
                  throw Error("SEMPLES_ARGUMENT_INVALID", "The generator has no output of this name")
                      .in_field("cotangents")
                      .saw(name);
                loss = loss + (*output * cotangent).sum();
              }
              std::vector<at::Tensor> parameters;
              for (const auto& entry : generator->parameters()) parameters.push_back(entry.second);
              const auto gradients = torch::autograd::grad({loss}, parameters, {}, false, false, true);
              NamedTensors result = {{"loss", loss}};
              for (size_t i = 0; i < parameters.size(); ++i) {
                parameters[i].set_requires_grad(false);
                if (gradients[i].defined())
                  result.emplace_back("gradient." + generator->parameters()[i].first, gradients[i]);
              }
              return result;
            },
            write_tensors);
  });
}

// (clip, images, cotangent) -> { features, gradient } of <encode_image(images), cotangent>.
Napi::Value image_gradient(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto clip = ClipHandle::unwrap(info[0], "clip");
    const at::Tensor images = read_tensor(info[1], "images"), cotangent = read_tensor(info[2], "cotangent");
    return JobQueue::of(info.Env())
        .submit(
            info.Env(),
            [=] {
              const at::Tensor input = leaf(images), features = clip->encode_image(input);
              return NamedTensors{{"features", features},
                                  {"gradient", torch::autograd::grad({(features * cotangent).sum()}, {input})[0]}};
            },
            write_tensors);
  });
}

// (clip, vectors [n, length, width], cotangent [n, D]) -> { features, gradient } of learnable prompts.
Napi::Value prompt_gradient(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto clip = ClipHandle::unwrap(info[0], "clip");
    const at::Tensor vectors = read_tensor(info[1], "vectors"), cotangent = read_tensor(info[2], "cotangent");
    return JobQueue::of(info.Env())
        .submit(
            info.Env(),
            [=] {
              const at::Tensor input = leaf(vectors), features = encode_prompt_vectors(*clip, input);
              return NamedTensors{{"features", features},
                                  {"gradient", torch::autograd::grad({(features * cotangent).sum()}, {input})[0]}};
            },
            write_tensors);
  });
}

// ({ foreground, background [n, D], text, prompt [C, D], pairClass [n] }, [{ name, weight }], form)
// -> { loss, term.<name>, similarity.<name>, gradient.<input> }
Napi::Value loss_terms(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const NamedTensors inputs = read_tensors(info[0], "features");
    const Napi::Array list = info[1].As<Napi::Array>();
    std::vector<WeightedTerm> terms;
    for (uint32_t i = 0; i < list.Length(); ++i) {
      const Napi::Object term = list.Get(i).As<Napi::Object>();
      terms.push_back({text_option(term, "name", ""), number_option(term, "weight", 1)});
    }
    const LossForm form = info[2].ToString().Utf8Value() == "cosine" ? LossForm::kCosine : LossForm::kLog;
    return JobQueue::of(info.Env())
        .submit(
            info.Env(),
            [=] {
              NamedTensors leaves;
              for (const auto& [name, tensor] : inputs)
                if (name != "pairClass") leaves.emplace_back(name, leaf(tensor));
              const at::Tensor pair_class = *find_tensor(inputs, "pairClass");
              PairFeatures features;
              features.foreground = unit_length(*find_tensor(leaves, "foreground"));
              features.background = unit_length(*find_tensor(leaves, "background"));
              features.text = unit_length(*find_tensor(leaves, "text")).index_select(0, pair_class);
              features.prompt = unit_length(*find_tensor(leaves, "prompt")).index_select(0, pair_class);
              at::Tensor loss = torch::zeros({});
              NamedTensors result;
              for (const WeightedTerm& term : terms) {
                const TermValue value = contrastive_term(term.name, features, form);
                loss = loss + term.weight * value.value;
                result.emplace_back("term." + term.name, value.value);
                result.emplace_back("similarity." + term.name, value.similarity);
              }
              std::vector<at::Tensor> variables;
              for (const auto& entry : leaves) variables.push_back(entry.second);
              const auto gradients = torch::autograd::grad({loss}, variables, {}, false, false, true);
              for (size_t i = 0; i < leaves.size(); ++i)
                if (gradients[i].defined()) result.emplace_back("gradient." + leaves[i].first, gradients[i]);
              result.emplace_back("loss", loss);
              return result;
            },
            write_tensors);
  });
}

// (term name, similarities [n]) -> { loss, gradient }: the behaviour at and beyond the clamp ends.
Napi::Value similarity_gradient(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const std::string name = info[0].ToString().Utf8Value();
    const at::Tensor similarities = read_tensor(info[1], "similarities");
    return JobQueue::of(info.Env())
        .submit(
            info.Env(),
            [=] {
              const at::Tensor input = leaf(similarities), loss = similarity_loss(name, input, LossForm::kLog);
              return NamedTensors{{"loss", loss}, {"gradient", torch::autograd::grad({loss}, {input})[0]}};
            },
            write_tensors);
  });
}

}  // namespace

void export_inspection(Napi::Env env, Napi::Object exports) {
  Napi::Object inspection = Napi::Object::New(env);
  inspection.Set("generatorGradients", Napi::Function::New(env, generator_gradients));
  inspection.Set("imageGradient", Napi::Function::New(env, image_gradient));
  inspection.Set("promptGradient", Napi::Function::New(env, prompt_gradient));
  inspection.Set("lossTerms", Napi::Function::New(env, loss_terms));
  inspection.Set("similarityGradient", Napi::Function::New(env, similarity_gradient));
  exports.Set("inspection", inspection);
}

}  // namespace semples
