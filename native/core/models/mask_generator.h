// What every mask generator is to the rest of the code: images in, class scores and CAMs out.
#pragma once
#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/checkpoint/state.h"

namespace semples {

struct GeneratorOutputs {
  at::Tensor class_logits;   // [B, C]
  at::Tensor coarse_logits;  // [B, C] spatial mean of the signed head output
  at::Tensor fine_logits;    // [B, C] spatial mean of fine_cam
  at::Tensor fine_cam;       // [B, C, gh, gw] what masks are made of
  NamedTensors trace;        // intermediate values by name, filled on request
};

// Where gradients stop, and the noise of training.
struct ForwardOptions {
  // SemPLeS detaches the patch tokens before the CAM head: its losses train head and fusion only.
  bool detach_patches = true;
  // WeakTr's classification stage lets the head train the backbone, but detaches the CAM that is refined.
  bool detach_coarse_cam = false;
  // Factors of drop path [depth, 2, B]; undefined = none (evaluation).
  at::Tensor drop_factors;
  bool trace = false;
};

class MaskGenerator {
 public:
  virtual ~MaskGenerator() = default;

  // images [B, 3, H, W] float32, ImageNet-normalised, H and W at least `patch_size()`.
  virtual GeneratorOutputs forward(const at::Tensor& images, const ForwardOptions& options) const = 0;

  virtual const NamedTensors& parameters() const = 0;
  // The parameters that the stages train by default (head and fusion).
  virtual std::vector<std::string> head_parameters() const = 0;
  // Fits a foreign or pretrained state to this model (DeiT: class token repeated, positions resized, head dropped).
  virtual NamedTensors adapt(NamedTensors state) const { return state; }

  virtual int64_t classes() const = 0;
  virtual int64_t patch_size() const = 0;
  // Drop-path factors for a training step; undefined where the model has none.
  virtual at::Tensor sample_noise(int64_t batch, uint64_t seed) const = 0;

  at::Device device() const { return parameters().front().second.device(); }
};

}  // namespace semples
