// What every kind of mask generator is to the rest of the code: images in, class scores and maps out. The kinds are
// listed in generators.cc.
#pragma once
#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/checkpoint/state.h"
#include "core/precision.h"

namespace semples {

struct GeneratorOutputs {
  at::Tensor maps;    // [B, C, gh, gw] what masks are made of
  at::Tensor scores;  // [B, C] what classes are predicted from
  // Everything by the kind's own names: maps, logits [B, C], feature maps, and on request what lies between.
  NamedTensors named;
};

struct ForwardOptions {
  // Where gradients stop: one of `gradient_rules()`. Changes no value.
  std::string gradients;
  at::Tensor noise;           // of `sample_noise`; undefined: none
  bool training = false;      // batch norm uses, and remembers, the statistics of this batch
  bool again = false;         // the same pictures will come again: what is computed of them may be kept
  bool feature_maps = false;  // also give feature maps
  bool trace = false;         // also give what lies between
};

class MaskGenerator {
 public:
  virtual ~MaskGenerator() = default;

  // images [B, 3, H, W] float32, ImageNet-normalised. SEMPLES_IMAGE_TOO_SMALL where no map is left of them. What comes
  // out is float32, whatever it was computed in.
  GeneratorOutputs forward(const at::Tensor& images, const ForwardOptions& options) const;
  void compute_in(Precision precision) { precision_ = precision; }

  // What can be trained, in checkpoint order.
  virtual const NamedTensors& parameters() const = 0;
  // What is saved and loaded beside it, but neither trained nor decayed: statistics of batch norm.
  virtual const NamedTensors& buffers() const;
  // The parameters that `trains: 'head'` trains.
  virtual std::vector<std::string> head_parameters() const = 0;
  // Names of what `ForwardOptions::gradients` may be. Every kind has "semples" (losses reach the head alone) and "all";
  // where in the network that is, and what else there is, the kind says.
  virtual std::vector<std::string> gradient_rules() const = 0;

  virtual int64_t classes() const = 0;
  // Noise of a training step, as `ForwardOptions::noise` takes it, with the pictures along the last dimension;
  // undefined where the model has none.
  virtual at::Tensor sample_noise(int64_t batch, uint64_t seed) const = 0;

  // Parameters and buffers: what a checkpoint holds.
  NamedTensors state() const;
  at::Device device() const { return parameters().front().second.device(); }
  // SEMPLES_ARGUMENT_INVALID unless it is one of `gradient_rules()`.
  void check_gradients(const std::string& rule) const;

 protected:
  virtual GeneratorOutputs compute(const at::Tensor& images, const ForwardOptions& options) const = 0;

 private:
  Precision precision_ = Precision::kFloat32;
  mutable WeightCopies copies_;
};

}  // namespace semples
