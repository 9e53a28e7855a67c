#include "core/segment/deeplab.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include <cmath>

#include "core/segment/initial.h"

namespace semples {

namespace {

constexpr double kEpsilon = 1e-5, kMomentum = 0.1;
// Dilations of the pyramid where the features have stride 16; half of them at 32.
constexpr int64_t kDilations[] = {6, 12, 18};

}  // namespace

DeepLab::DeepLab(const DeepLabConfig& config, const SegmenterBasics& basics)
    : config_(config), classes_(basics.classes), net_(make_backbone(config.backbone, config.sizes)) {
  for (auto* list : {&net_.parameters, &net_.buffers})
    for (auto& entry : *list) entry.first = encoder_prefix() + entry.first;
  // Of the stages that lead to stride 8 the last but one has stride 4.
  low_stage_ = net_.half - 2;

  const int64_t in = net_.stages.back().channels, channels = config.channels;
  branches_.push_back(layer(in, channels, 1, 1, "aspp.0"));
  for (size_t i = 0; i < std::size(kDilations); ++i)
    branches_.push_back(
        layer(in, channels, 3, kDilations[i] * 16 / config.sizes.output_stride, "aspp." + std::to_string(i + 1)));
  pooled_ = layer(in, channels, 1, 1, "aspp.pool");
  merge_ = layer(channels * int64_t(branches_.size() + 1), channels, 1, 1, "aspp.merge");
  low_ = layer(net_.stages[low_stage_].channels, config.low_channels, 1, 1, "decoder.low");
  first_ = layer(channels + config.low_channels, channels, 3, 1, "decoder.0");
  second_ = layer(channels, channels, 3, 1, "decoder.1");
  classifier_weight_ = torch::zeros({classes_, channels, 1, 1});
  classifier_bias_ = torch::zeros({classes_});

  parameters_ = net_.parameters;
  parameters_.emplace_back("decoder.classifier.weight", classifier_weight_);
  parameters_.emplace_back("decoder.classifier.bias", classifier_bias_);
  auto generator = at::detail::createCPUGenerator(basics.seed);
  initialize_convolutions(parameters_, generator);
  move_to(parameters_, basics.device);
  move_to(net_.buffers, basics.device);
}

std::shared_ptr<ConvNorm> DeepLab::layer(int64_t in, int64_t out, int64_t kernel, int64_t dilation,
                                         const std::string& name) {
  const Convolution shape{.in = in, .out = out, .kernel = kernel, .dilation = dilation};
  return net_.add(shape, {name + ".conv", name + ".bn"}, kEpsilon, kMomentum);
}

DeepLab::Features DeepLab::encode(const at::Tensor& images, const SegmentPass& pass) const {
  const NormPass norm{config_.norm == NormKind::kLive && pass.training, config_.norm != NormKind::kFrozen};
  const bool own = net_.statistics == kImageNet;
  at::Tensor x =
      (own ? images : renormalize(images, kImageNet, net_.statistics)).contiguous(at::MemoryFormat::ChannelsLast);
  Features features;
  for (size_t i = 0; i < net_.stages.size(); ++i) {
    for (const CnnBlock& block : net_.stages[i].blocks) x = block(x, norm);
    if (i == low_stage_) features.low = x;
  }
  features.last = x;
  return features;
}

at::Tensor DeepLab::pyramid(const at::Tensor& features, const NormPass& pass) const {
  std::vector<at::Tensor> parts;
  for (const auto& branch : branches_) parts.push_back(at::relu(branch->forward(features, pass)));
  const at::Tensor pooled = at::relu(pooled_->forward(features.mean({2, 3}, true), pass));
  parts.push_back(pooled.expand({-1, -1, features.size(2), features.size(3)}));
  return at::relu(merge_->forward(at::cat(parts, 1), pass));
}

std::vector<at::Tensor> DeepLab::compute(const at::Tensor& images, const SegmentPass& pass) const {
  const Features features = encode(images, pass);
  const NormPass norm{pass.training, true};
  at::Tensor x = pyramid(features.last, norm);
  if (pass.noise) x = pass.noise->dropout(x, config_.dropout);
  const at::Tensor low = at::relu(low_->forward(features.low, norm));
  x = at::cat({at::upsample_bilinear2d(x, {low.size(2), low.size(3)}, false), low}, 1);
  x = at::relu(second_->forward(at::relu(first_->forward(x, norm)), norm));
  return {at::conv2d(x, classifier_weight_, classifier_bias_)};
}

}  // namespace semples
