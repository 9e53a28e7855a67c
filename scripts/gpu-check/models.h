// Models of native/core as objects of Python: torch.classes.semples_check.Generator, Clip, Prompts, Trainer. Tensors
// that are given lie on the model's device.
#pragma once
#include <torch/custom_class.h>

#include <memory>
#include <string>
#include <vector>

#include "core/clip/clip.h"
#include "core/clip/prompts.h"
#include "core/models/mask_generator.h"
#include "core/train/trainer.h"
#include "options.h"

namespace semples {

using TensorDict = c10::Dict<std::string, at::Tensor>;
TensorDict to_dict(const NamedTensors& tensors);
NamedTensors from_dict(const TensorDict& tensors);

struct GeneratorObject : torch::CustomClassHolder {
  // Options: kind, classes, device, seed and those of the kind.
  explicit GeneratorObject(const Options& options);
  void load(const TensorDict& state);
  TensorDict state() const;
  // Every output by its name, with what lies between. `noise`: factors of drop path, or None.
  TensorDict forward(const at::Tensor& images, const std::optional<at::Tensor>& noise) const;
  // The outputs that training needs and no more, for timing.
  std::vector<at::Tensor> infer(const at::Tensor& images) const;
  // cams [classes, height, width], classLogits [C], of uint8 [h, w, 3] pictures, one a scale.
  TensorDict cams(const std::vector<at::Tensor>& scales, const at::Tensor& classes, int64_t height,
                  int64_t width) const;

  std::shared_ptr<MaskGenerator> core;
};

struct ClipObject : torch::CustomClassHolder {
  ClipObject(const TensorDict& weights, const Options& options);
  at::Tensor encode_image(const at::Tensor& images) const;
  at::Tensor encode_patches(const at::Tensor& images) const;
  at::Tensor encode_text(const at::Tensor& ids) const;

  std::shared_ptr<Clip> core;
};

struct PromptsObject : torch::CustomClassHolder {
  explicit PromptsObject(const Options& options);
  void load(const at::Tensor& vectors);
  at::Tensor state() const;
  at::Tensor encode(const c10::intrusive_ptr<ClipObject>& clip) const;

  std::shared_ptr<Prompts> core;
};

struct TrainerObject : torch::CustomClassHolder {
  TrainerObject(const Options& options, const c10::intrusive_ptr<GeneratorObject>& generator,
                const std::optional<c10::intrusive_ptr<ClipObject>>& clip,
                const std::optional<c10::intrusive_ptr<PromptsObject>>& prompts,
                const std::optional<at::Tensor>& text_ids);
  // loss and term.<name> as float64 scalars of the processor; with `details` what StepResult has.
  TensorDict step(const at::Tensor& images, const at::Tensor& labels, double learning_rate, bool details);

  std::shared_ptr<Trainer> core;
};

// inspection.cc: the same as native/binding/inspection.cc gives to the tests.
TensorDict generator_gradients(const c10::intrusive_ptr<GeneratorObject>& generator, const at::Tensor& images,
                               const TensorDict& cotangents, const std::string& rule);
TensorDict image_gradient(const c10::intrusive_ptr<ClipObject>& clip, const at::Tensor& images,
                          const at::Tensor& cotangent);
TensorDict prompt_gradient(const c10::intrusive_ptr<ClipObject>& clip, const at::Tensor& vectors,
                           const at::Tensor& cotangent);
TensorDict loss_terms(const TensorDict& features, const Options& terms);
TensorDict similarity_gradient(const std::string& term, const at::Tensor& similarities);

}  // namespace semples
