#include <torch/torch.h>

#include "models.h"

namespace semples {

TrainerObject::TrainerObject(const Options& options, const c10::intrusive_ptr<GeneratorObject>& generator,
                             const std::optional<c10::intrusive_ptr<ClipObject>>& clip,
                             const std::optional<c10::intrusive_ptr<PromptsObject>>& prompts,
                             const std::optional<at::Tensor>& text_ids) {
  DictReader reader(options);
  TrainerConfig config;
  config.visit(reader);
  reader.refuse_others();
  core = std::make_shared<Trainer>(config, generator->core, clip ? (*clip)->core : nullptr,
                                   prompts ? (*prompts)->core : nullptr, text_ids ? *text_ids : at::Tensor());
}

TensorDict TrainerObject::step(const at::Tensor& images, const at::Tensor& labels, double learning_rate, bool details) {
  const at::Device device = core->generator().device();
  const StepResult result = core->step({images.to(device), labels.cpu(), 0, learning_rate}, details);
  TensorDict dict = to_dict(result.details);
  dict.insert("loss", torch::tensor(result.loss, torch::kFloat64));
  for (const auto& [name, value] : result.terms) dict.insert("term." + name, torch::tensor(value, torch::kFloat64));
  return dict;
}

}  // namespace semples
