// Gradients and loss terms on given tensors, for comparisons with reference values.
#include <torch/torch.h>

#include <algorithm>
#include <iterator>

#include "core/clip/prompts.h"
#include "core/losses/registry.h"
#include "models.h"

namespace semples {

namespace {

at::Tensor leaf(const at::Tensor& tensor) { return tensor.detach().clone().set_requires_grad(true); }

TensorDict feature_gradient(const at::Tensor& features, const at::Tensor& cotangent, const at::Tensor& input) {
  return to_dict(
      {{"features", features}, {"gradient", torch::autograd::grad({(features * cotangent).sum()}, {input})[0]}});
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

const char* name_of(unsigned need) {
  return std::find_if(std::begin(kNeedNames), std::end(kNeedNames),
                      [need](const NeedName& each) { return each.need == need; })
      ->name;
}

}  // namespace

TensorDict generator_gradients(const c10::intrusive_ptr<GeneratorObject>& generator, const at::Tensor& images,
                               const TensorDict& cotangents, const std::string& rule) {
  const Variables parameters(*generator->core);
  generator->core->check_gradients(rule);
  ForwardOptions options;
  options.gradients = rule;
  options.trace = true;
  const TensorDict outputs = [&] {
    TensorDict dict;
    for (const auto& [name, tensor] : generator->core->forward(images, options).named)
      dict.insert_or_assign(name, tensor);
    return dict;
  }();
  at::Tensor loss = torch::zeros({}, images.options());
  for (const auto& entry : cotangents) loss = loss + (outputs.at(entry.key()) * entry.value()).sum();
  const auto gradients = torch::autograd::grad({loss}, parameters.list, {}, false, false, true);
  NamedTensors result = {{"loss", loss}};
  for (size_t i = 0; i < gradients.size(); ++i)
    result.emplace_back("gradient." + generator->core->parameters()[i].first, gradients[i]);
  return to_dict(result);
}

TensorDict image_gradient(const c10::intrusive_ptr<ClipObject>& clip, const at::Tensor& images,
                          const at::Tensor& cotangent) {
  const at::Tensor input = leaf(images);
  return feature_gradient(clip->core->encode_image(input), cotangent, input);
}

TensorDict prompt_gradient(const c10::intrusive_ptr<ClipObject>& clip, const at::Tensor& vectors,
                           const at::Tensor& cotangent) {
  const at::Tensor input = leaf(vectors);
  return feature_gradient(encode_prompt_vectors(*clip->core, input), cotangent, input);
}

TensorDict loss_terms(const TensorDict& features, const Options& terms) {
  DictReader reader(terms);
  WeightedTerms weighted;
  reader.numbers("terms", weighted);
  reader.refuse_others();
  std::vector<std::string> names;
  std::vector<at::Tensor> leaves;
  StepValues values;
  for (const PairFeature& feature : kPairFeatures) {
    if ((needs_of(weighted) & feature.need) == 0) continue;
    names.push_back(name_of(feature.need));
    leaves.push_back(leaf(features.at(names.back())));
    const at::Tensor given = unit_length(leaves.back());
    const bool by_class = feature.need == need::kText || feature.need == need::kPrompt;
    values.*feature.tensor = by_class ? given.index_select(0, features.at("pairClass")) : given;
  }
  const LossValue sum = weighted_sum(weighted, values);
  NamedTensors result = {{"loss", sum.loss}};
  for (const auto& [name, term] : sum.terms) {
    result.emplace_back("term." + name, term.value);
    result.emplace_back("similarity." + name, term.similarity);
  }
  const auto gradients = torch::autograd::grad({sum.loss}, leaves, {}, false, false, true);
  for (size_t i = 0; i < leaves.size(); ++i) result.emplace_back("gradient." + names[i], gradients[i]);
  return to_dict(result);
}

// Of the two features that the term compares, the first is the similarity and the second is 1.
TensorDict similarity_gradient(const std::string& term, const at::Tensor& similarities) {
  const Term& found = find_term(term);
  const at::Tensor input = leaf(similarities);
  at::Tensor next = input.unsqueeze(1);
  StepValues values;
  for (const PairFeature& feature : kPairFeatures) {
    if ((found.info.needs & feature.need) == 0) continue;
    values.*feature.tensor = next;
    next = torch::ones_like(next);
  }
  const at::Tensor loss = found.value(values).value;
  return to_dict({{"loss", loss}, {"gradient", torch::autograd::grad({loss}, {input})[0]}});
}

}  // namespace semples
