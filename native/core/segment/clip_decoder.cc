#include "core/segment/clip_decoder.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include "core/error.h"
#include "core/images.h"
#include "core/segment/initial.h"

namespace semples {

namespace {

constexpr double kEpsilon = 1e-5;

// Blocks and width of the image tower: its own patch size once through it.
at::Tensor probe(const Clip& clip) {
  torch::NoGradGuard no_grad;
  const int64_t side = clip.info().patch_size;
  return clip.encode_blocks(torch::zeros({1, 3, side, side}, clip.device())).tokens;
}

}  // namespace

void ClipDecoderConfig::check(const SegmenterBasics& basics) const {
  if (width % heads != 0)
    throw refusal("width", "a multiple of the " + std::to_string(heads) + " attention heads", std::to_string(width));
  if (!basics.clip) throw refusal("clip", "a CLIP, which this model looks through,", "nothing");
  if (basics.clip->info().patch_size <= 0 || !basics.clip->info().insides)
    throw Error("SEMPLES_CLIP_INVALID", "This CLIP does not give what lies inside its image tower")
        .in_field("clip")
        .hint("Give weights with OpenAI's names, or an archive that scripts/clip/export.py wrote.");
  if (basics.clip->device() != basics.device)
    throw refusal("clip", "a CLIP on the device of the model, " + basics.device.str() + ",",
                  basics.clip->device().str());
}

ClipDecoder::ClipDecoder(const ClipDecoderConfig& config, const SegmenterBasics& basics)
    : config_(config), classes_(basics.classes), patch_(basics.clip->info().patch_size), clip_(basics.clip) {
  const at::Tensor tokens = probe(*clip_);
  const int64_t layers = tokens.size(0), in = tokens.size(3), width = config.width;
  for (int64_t i = 0; i < layers; ++i) {
    const Mlp& mlp = mlps_.emplace_back(
        Mlp{torch::zeros({width, in}), torch::zeros({width}), torch::zeros({width, width}), torch::zeros({width})});
    const std::string name = "mlps." + std::to_string(i) + ".";
    parameters_.emplace_back(name + "0.weight", mlp.first_weight);
    parameters_.emplace_back(name + "0.bias", mlp.first_bias);
    parameters_.emplace_back(name + "2.weight", mlp.second_weight);
    parameters_.emplace_back(name + "2.bias", mlp.second_bias);
  }
  merge_weight_ = torch::zeros({width, layers * width});
  merge_bias_ = torch::zeros({width});
  parameters_.emplace_back("merge.weight", merge_weight_);
  parameters_.emplace_back("merge.bias", merge_bias_);
  for (int64_t i = 0; i < config.depth; ++i) {
    blocks_.push_back(BlockWeights::create(width, 4 * width));
    blocks_.back().append_to(parameters_, "blocks." + std::to_string(i) + ".");
  }
  norm_weight_ = torch::ones({width});
  norm_bias_ = torch::zeros({width});
  classifier_weight_ = torch::zeros({classes_, width});
  classifier_bias_ = torch::zeros({classes_});
  parameters_.emplace_back("norm.weight", norm_weight_);
  parameters_.emplace_back("norm.bias", norm_bias_);
  parameters_.emplace_back("classifier.weight", classifier_weight_);
  parameters_.emplace_back("classifier.bias", classifier_bias_);
  auto generator = at::detail::createCPUGenerator(basics.seed);
  initialize_transformer(parameters_, generator);
  move_to(parameters_, basics.device);
}

std::vector<at::Tensor> ClipDecoder::compute(const at::Tensor& images, const SegmentPass& pass) const {
  at::Tensor tokens;
  {
    torch::NoGradGuard frozen;
    tokens = clip_->encode_blocks(renormalize(images, kImageNet, clip_->info().statistics)).tokens.slice(2, 1);
  }
  std::vector<at::Tensor> parts;
  for (size_t i = 0; i < mlps_.size(); ++i) {
    const Mlp& mlp = mlps_[i];
    parts.push_back(at::linear(at::relu(at::linear(tokens[int64_t(i)], mlp.first_weight, mlp.first_bias)),
                               mlp.second_weight, mlp.second_bias));
  }
  at::Tensor x = at::linear(at::cat(parts, 2), merge_weight_, merge_bias_);
  const BlockRules rules{config_.heads, kEpsilon, config_.dropout};
  for (const BlockWeights& block : blocks_) x = transformer_block(block, x, rules, {}, pass.noise).tokens;
  x = at::layer_norm(x, {config_.width}, norm_weight_, norm_bias_, kEpsilon);
  const at::Tensor logits = at::linear(x, classifier_weight_, classifier_bias_);
  return {logits.transpose(1, 2).reshape({images.size(0), classes_, images.size(2) / patch_, images.size(3) / patch_})};
}

}  // namespace semples
