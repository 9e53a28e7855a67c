// What every kind of segmentation model is to the rest of the code: pictures in, logits of every class at every pixel
// out. The kinds are listed in segmenters.cc.
#pragma once
#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/checkpoint/state.h"
#include "core/models/step_noise.h"
#include "core/precision.h"

namespace semples {

struct SegmentPass {
  bool training = false;       // batch norm uses, and remembers, the statistics of this batch
  StepNoise* noise = nullptr;  // of drop path and dropout; none in evaluation
  bool every_output = false;   // also what earlier blocks of the decoder give, where the kind has such
};

class Segmenter {
 public:
  virtual ~Segmenter() = default;

  // images [B, 3, H, W] float32, ImageNet-normalised, sides in multiples of `multiple()` -> logits [B, C, H / stride,
  // W / stride], float32 whatever they were computed in; the last is what masks are made of.
  std::vector<at::Tensor> respond(const at::Tensor& images, const SegmentPass& pass) const;
  void compute_in(Precision precision) { precision_ = precision; }

  // Pixels that one value of the logits stands for, along a side.
  virtual int64_t stride() const = 0;
  virtual int64_t multiple() const = 0;

  // What can be trained, in checkpoint order.
  virtual const NamedTensors& parameters() const = 0;
  // What is saved and loaded beside it, but neither trained nor decayed.
  virtual const NamedTensors& buffers() const;
  // How the names of the parameters begin that were trained before: they learn at a rate of their own.
  virtual std::string encoder_prefix() const = 0;
  virtual int64_t classes() const = 0;

  // Logits [B, C, H, W] of pictures of any size: they are filled up with zeros at the right and the bottom.
  at::Tensor logits(const at::Tensor& images, const SegmentPass& pass) const;

  NamedTensors state() const;
  at::Device device() const { return parameters().front().second.device(); }

 protected:
  virtual std::vector<at::Tensor> compute(const at::Tensor& images, const SegmentPass& pass) const = 0;

 private:
  Precision precision_ = Precision::kFloat32;
  mutable WeightCopies copies_;
};

// Pictures [B, 3, H, W] filled up with zeros to multiples.
at::Tensor fill_up(const at::Tensor& images, int64_t multiple);

// Logits [B, C, gh, gw] -> [B, C, H, W]: bilinear by the stride (not aligned at corners), then cut.
at::Tensor enlarge(const at::Tensor& logits, int64_t stride, int64_t height, int64_t width);

}  // namespace semples
