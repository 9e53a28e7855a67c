#include "core/segment/vit_mask.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include <cmath>

#include "core/images.h"
#include "core/segment/initial.h"

namespace semples {

namespace {

constexpr double kEpsilon = 1e-5;
constexpr Normalization kHalf{{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}};

at::Tensor unit(const at::Tensor& x) { return x / x.norm(2, {-1}, true); }

}  // namespace

VitMask::VitMask(const VitMaskConfig& config, const SegmenterBasics& basics)
    : config_(config), classes_(basics.classes), encoder_(config.encoder) {
  const int64_t width = config.encoder.width;
  project_weight_ = torch::zeros({width, width});
  project_bias_ = torch::zeros({width});
  class_embeddings_ = torch::zeros({1, classes_, width});
  patch_projection_ = torch::zeros({width, width});
  class_projection_ = torch::zeros({width, width});
  norm_weight_ = torch::ones({width});
  norm_bias_ = torch::zeros({width});
  mask_norm_weight_ = torch::ones({classes_});
  mask_norm_bias_ = torch::zeros({classes_});
  for (int64_t i = 0; i < config.decoder_depth; ++i) blocks_.push_back(BlockWeights::create(width, 4 * width));

  // Names of Segmenter's checkpoints.
  encoder_.append_to(parameters_, encoder_prefix());
  parameters_.emplace_back("decoder.cls_emb", class_embeddings_);
  parameters_.emplace_back("decoder.proj_patch", patch_projection_);
  parameters_.emplace_back("decoder.proj_classes", class_projection_);
  parameters_.emplace_back("decoder.proj_dec.weight", project_weight_);
  parameters_.emplace_back("decoder.proj_dec.bias", project_bias_);
  for (size_t i = 0; i < blocks_.size(); ++i)
    blocks_[i].append_to(parameters_, "decoder.blocks." + std::to_string(i) + ".");
  parameters_.emplace_back("decoder.decoder_norm.weight", norm_weight_);
  parameters_.emplace_back("decoder.decoder_norm.bias", norm_bias_);
  parameters_.emplace_back("decoder.mask_norm.weight", mask_norm_weight_);
  parameters_.emplace_back("decoder.mask_norm.bias", mask_norm_bias_);
  initialize(basics.seed);
  move_to(parameters_, basics.device);
}

// Truncated normal of deviation 0.02, but for the two projections at the end: normal of deviation width^-1/2.
void VitMask::initialize(uint64_t seed) {
  torch::NoGradGuard no_grad;
  auto generator = at::detail::createCPUGenerator(seed);
  initialize_transformer(parameters_, generator);
  const double deviation = 1.0 / std::sqrt(double(config_.encoder.width));
  for (at::Tensor* projection : {&patch_projection_, &class_projection_})
    projection->normal_(0.0, deviation, generator);
}

std::vector<at::Tensor> VitMask::compute(const at::Tensor& images, const SegmentPass& pass) const {
  const int64_t rows = images.size(2) / config_.encoder.patch_size,
                columns = images.size(3) / config_.encoder.patch_size;
  const at::Tensor own = config_.half_statistics ? renormalize(images, kImageNet, kHalf) : images;
  const at::Tensor patches = at::linear(encoder_.encode(own, pass.noise), project_weight_, project_bias_);
  at::Tensor x = at::cat({patches, class_embeddings_.expand({images.size(0), -1, -1})}, 1);
  const BlockRules rules{config_.encoder.heads, kEpsilon, config_.dropout};
  std::vector<at::Tensor> outputs;
  for (size_t i = 0; i < blocks_.size(); ++i) {
    x = transformer_block(blocks_[i], x, rules, {}, pass.noise).tokens;
    if (pass.every_output || i + 1 == blocks_.size()) outputs.push_back(read_out(x, rows, columns));
  }
  return outputs;
}

// Cosines of patches and classes, normalised over the classes: without that norm no softmax of them is ever sure.
at::Tensor VitMask::read_out(const at::Tensor& tokens, int64_t rows, int64_t columns) const {
  const PrecisionScope scope(Precision::kFloat32, tokens.device());  // differences of cosines are small
  const int64_t width = config_.encoder.width;
  const at::Tensor x = at::layer_norm(full(tokens), {width}, norm_weight_, norm_bias_, kEpsilon);
  const at::Tensor patches = unit(at::matmul(x.slice(1, 0, rows * columns), patch_projection_));
  const at::Tensor classes = unit(at::matmul(x.slice(1, rows * columns), class_projection_));
  const at::Tensor cosines = at::matmul(patches, classes.transpose(1, 2));
  const at::Tensor logits = at::layer_norm(cosines, {classes_}, mask_norm_weight_, mask_norm_bias_, kEpsilon);
  return logits.transpose(1, 2).reshape({tokens.size(0), classes_, rows, columns});
}

}  // namespace semples
