// Convolutional backbones of the kind `cnn`: stages of blocks, each convolution followed by batch norm.
#pragma once
#include <torch/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/checkpoint/state.h"
#include "core/images.h"

namespace semples {

// How batch norm works in one pass.
struct NormPass {
  bool live = false;           // uses, and remembers, the statistics of this batch instead of the running ones
  bool trains_affine = false;  // gradients reach its scale and shift
};

struct Convolution {
  int64_t in, out, kernel, stride = 1, groups = 1, dilation = 1;
  // As TensorFlow's SAME: where a strided convolution needs an odd number of rows, the extra one is at the bottom.
  bool same_padding = false;
};

// A convolution without bias, and its batch norm (Ioffe and Szegedy 2015).
class ConvNorm {
 public:
  struct Names {
    std::string convolution, norm;
  };
  ConvNorm(const Convolution& shape, double epsilon, double momentum);

  // With running statistics the norm is folded into the convolution: one pass over the pictures less.
  at::Tensor forward(const at::Tensor& input, const NormPass& pass) const;
  void append_to(NamedTensors& parameters, NamedTensors& buffers, const Names& names) const;

 private:
  struct Folded {
    at::Tensor weight, bias;
  };
  Folded fold(bool trains_affine) const;
  const Folded& folded_without_gradients() const;
  at::Tensor convolve(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias) const;

  Convolution shape_;
  double epsilon_, momentum_;
  at::Tensor weight_, scale_, shift_, mean_, variance_;
  // Kept for as long as none of the five tensors changes.
  mutable Folded kept_;
  mutable std::array<int64_t, 5> kept_versions_{};
};

using CnnBlock = std::function<at::Tensor(const at::Tensor& input, const NormPass& pass)>;

struct CnnBackbone {
  struct Stage {
    std::vector<CnnBlock> blocks;
    int64_t channels = 0;
  };
  std::vector<Stage> stages;
  size_t stem = 0, half = 0;  // how many stages are the stem, and how many lead to stride 8
  size_t context = 0;         // the last stage that always has stride 16
  Normalization statistics = kImageNet;
  NamedTensors parameters, buffers;

  // Adds a convolution with its batch norm under names of the published weights.
  std::shared_ptr<ConvNorm> add(const Convolution& shape, const ConvNorm::Names& names, double epsilon,
                                double momentum);
};

// Sizes that both have: `width` multiplies all channels; the last stride is removed where output_stride is 16, and the
// last stage's kernels are then spread by 2 where `dilate` says so.
struct BackboneOptions {
  double width = 1;
  int64_t output_stride = 16;
  bool dilate = false;
};

// ResNet of bottlenecks (He et al., arXiv 1512.03385) with torchvision's names and the stride on the 3x3 convolutions.
CnnBackbone make_resnet(const std::array<int64_t, 4>& blocks, const BackboneOptions& options);

// EfficientNet-Lite0 (Tan and Le, arXiv 1905.11946, without squeeze-and-excitation and with ReLU6).
CnnBackbone make_efficientnet_lite0(const BackboneOptions& options);

}  // namespace semples
