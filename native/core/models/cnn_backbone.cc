#include "core/models/cnn_backbone.h"

#include <torch/torch.h>

#include <algorithm>

#include "core/error.h"
#include "core/precision.h"

namespace semples {

namespace {

// Rows (or columns) that SAME padding adds before and after `size` of them.
std::array<int64_t, 2> same_padding(int64_t size, const Convolution& shape) {
  const int64_t out = (size + shape.stride - 1) / shape.stride;
  const int64_t reach = (shape.kernel - 1) * shape.dilation + 1;
  const int64_t total = std::max<int64_t>(0, (out - 1) * shape.stride + reach - size);
  return {total / 2, total - total / 2};
}

}  // namespace

ConvNorm::ConvNorm(const Convolution& shape, double epsilon, double momentum)
    : shape_(shape), epsilon_(epsilon), momentum_(momentum) {
  weight_ = torch::zeros({shape.out, shape.in / shape.groups, shape.kernel, shape.kernel});
  scale_ = torch::ones({shape.out});
  shift_ = torch::zeros({shape.out});
  mean_ = torch::zeros({shape.out});
  variance_ = torch::ones({shape.out});
}

void ConvNorm::append_to(NamedTensors& parameters, NamedTensors& buffers, const Names& names) const {
  parameters.emplace_back(names.convolution + ".weight", weight_);
  parameters.emplace_back(names.norm + ".weight", scale_);
  parameters.emplace_back(names.norm + ".bias", shift_);
  buffers.emplace_back(names.norm + ".running_mean", mean_);
  buffers.emplace_back(names.norm + ".running_var", variance_);
}

at::Tensor ConvNorm::convolve(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias) const {
  const Convolution& s = shape_;
  if (!s.same_padding) {
    const int64_t padding = (s.kernel - 1) / 2 * s.dilation;
    return at::conv2d(input, weight, bias, s.stride, padding, s.dilation, s.groups);
  }
  const auto [top, bottom] = same_padding(input.size(2), s);
  const auto [left, right] = same_padding(input.size(3), s);
  if (top == bottom && left == right)
    return at::conv2d(input, weight, bias, s.stride, {top, left}, s.dilation, s.groups);
  const at::Tensor padded = at::constant_pad_nd(input, {left, right, top, bottom}, 0);
  const std::array<int64_t, 2> none = {0, 0};
  return at::conv2d(padded, weight, bias, s.stride, none, s.dilation, s.groups);
}

// w' = w * scale / sqrt(variance + epsilon), b' = shift - mean * scale / sqrt(variance + epsilon)
ConvNorm::Folded ConvNorm::fold(bool trains_affine) const {
  const at::Tensor scale = trains_affine ? scale_ : scale_.detach(), shift = trains_affine ? shift_ : shift_.detach();
  const at::Tensor factor = scale * (variance_ + epsilon_).rsqrt();
  const at::Tensor weight = weight_ * factor.view({-1, 1, 1, 1});
  return {weight.contiguous(at::MemoryFormat::ChannelsLast), shift - mean_ * factor};
}

const ConvNorm::Folded& ConvNorm::folded_without_gradients() const {
  const std::array<int64_t, 5> versions = {weight_._version(), scale_._version(), shift_._version(), mean_._version(),
                                           variance_._version()};
  if (!kept_.weight.defined() || versions != kept_versions_) {
    torch::NoGradGuard no_grad;
    kept_ = fold(false);
    kept_ = {number_in_scope(kept_.weight, weight_.device()), number_in_scope(kept_.bias, weight_.device())};
    kept_versions_ = versions;
  }
  return kept_;
}

at::Tensor ConvNorm::forward(const at::Tensor& input, const NormPass& pass) const {
  if (pass.live) {
    const at::Tensor output = convolve(input, weight_, {});
    // The variance of one value would become the running one, as NaN.
    if (output.numel() <= shape_.out)
      throw refusal("norm", "fixed or frozen for one picture a step whose map is a single value", "live",
                    "SEMPLES_CONFIG_INVALID");
    return at::batch_norm(output, scale_, shift_, mean_, variance_, true, momentum_, epsilon_, false);
  }
  const bool trained = at::GradMode::is_enabled() && (weight_.requires_grad() || scale_.requires_grad());
  if (!trained) {
    const Folded& folded = folded_without_gradients();
    return convolve(input, folded.weight, folded.bias);
  }
  const Folded folded = fold(pass.trains_affine);
  return convolve(input, folded.weight, folded.bias);
}

std::shared_ptr<ConvNorm> CnnBackbone::add(const Convolution& shape, const ConvNorm::Names& names, double epsilon,
                                           double momentum) {
  auto layer = std::make_shared<ConvNorm>(shape, epsilon, momentum);
  layer->append_to(parameters, buffers, names);
  return layer;
}

}  // namespace semples
