#include "models.h"

#include <torch/torch.h>

#include "core/cam/multiscale.h"
#include "core/models/generators.h"

namespace semples {

TensorDict to_dict(const NamedTensors& tensors) {
  TensorDict dict;
  for (const auto& [name, tensor] : tensors)
    if (tensor.defined()) dict.insert_or_assign(name, tensor.detach());
  return dict;
}

NamedTensors from_dict(const TensorDict& tensors) {
  NamedTensors named;
  for (const auto& entry : tensors) named.emplace_back(entry.key(), entry.value());
  return named;
}

GeneratorObject::GeneratorObject(const Options& options) {
  DictReader reader(options);
  const GeneratorFactory make = plan_generator(reader);
  reader.refuse_others();
  core = make();
}

void GeneratorObject::load(const TensorDict& state) { load_named(from_dict(state), core->state(), {}); }

// Copies: a state is compared with what training makes of it.
TensorDict GeneratorObject::state() const {
  NamedTensors copies;
  for (const auto& [name, tensor] : core->state()) copies.emplace_back(name, tensor.detach().clone());
  return to_dict(copies);
}

TensorDict GeneratorObject::forward(const at::Tensor& images, const std::optional<at::Tensor>& noise) const {
  torch::NoGradGuard no_grad;
  ForwardOptions options;
  options.gradients = core->gradient_rules().front();
  options.trace = true;
  if (noise) options.noise = *noise;
  return to_dict(core->forward(images, options).named);
}

std::vector<at::Tensor> GeneratorObject::infer(const at::Tensor& images) const {
  torch::NoGradGuard no_grad;
  ForwardOptions options;
  options.gradients = core->gradient_rules().front();
  const GeneratorOutputs outputs = core->forward(images, options);
  return {outputs.maps, outputs.scores};
}

TensorDict GeneratorObject::cams(const std::vector<at::Tensor>& scales, const at::Tensor& classes, int64_t height,
                                 int64_t width) const {
  const CamResult result = multiscale_cams(*core, scales, classes, {}, height, width);
  return to_dict({{"cams", result.cams}, {"classLogits", result.class_logits}});
}

ClipObject::ClipObject(const TensorDict& weights, const Options& options) {
  DictReader reader(options);
  ClipOptions read;
  read.visit(reader);
  reader.refuse_others();
  core = Clip::of_weights(from_dict(weights), read);
}

at::Tensor ClipObject::encode_image(const at::Tensor& images) const {
  torch::NoGradGuard no_grad;
  return core->encode_image(images);
}

at::Tensor ClipObject::encode_patches(const at::Tensor& images) const {
  torch::NoGradGuard no_grad;
  return core->encode_patches(images);
}

at::Tensor ClipObject::encode_text(const at::Tensor& ids) const {
  torch::NoGradGuard no_grad;
  check_token_ids(core->info(), ids.cpu(), "ids");
  return core->encode_text(ids);
}

PromptsObject::PromptsObject(const Options& options) {
  DictReader reader(options);
  PromptsConfig config;
  config.visit(reader);
  reader.refuse_others();
  config.check();
  core = std::make_shared<Prompts>(config);
}

void PromptsObject::load(const at::Tensor& vectors) { core->load(vectors); }

at::Tensor PromptsObject::state() const { return core->vectors().detach().clone(); }

at::Tensor PromptsObject::encode(const c10::intrusive_ptr<ClipObject>& clip) const {
  torch::NoGradGuard no_grad;
  core->check(*clip->core);
  const auto options = torch::TensorOptions().dtype(torch::kInt64).device(clip->core->device());
  return core->encode(*clip->core, torch::arange(core->classes(), options));
}

}  // namespace semples
