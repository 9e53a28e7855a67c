#include "core/models/weaktr_generator.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include <cmath>

#include "core/error.h"

namespace semples {

namespace {

constexpr const char* kFusionPrefix = "adaptive_attention_fusion.";

bool starts_with(const std::string& text, const std::string& prefix) { return text.rfind(prefix, 0) == 0; }

}  // namespace

WeakTrGenerator::WeakTrGenerator(const WeakTrConfig& config, at::Device device) : config_(config) {
  const int64_t side = config.image_size / config.patch_size, width = config.width;
  const int64_t hidden = int64_t(std::llround(double(width) * config.mlp_ratio));
  class_token_ = torch::zeros({1, config.classes, width});
  position_table_ = torch::zeros({1, config.classes + side * side, width});
  patch_weight_ = torch::zeros({width, 3, config.patch_size, config.patch_size});
  patch_bias_ = torch::zeros({width});
  norm_weight_ = torch::ones({width});
  norm_bias_ = torch::zeros({width});
  head_weight_ = torch::zeros({config.classes, width, 3, 3});
  head_bias_ = torch::zeros({config.classes});
  for (int64_t i = 0; i < config.depth; ++i) blocks_.push_back(BlockWeights::create(width, hidden));
  fusion_ = AttentionFusion::create(config.heads, config.depth, width / config.heads, config.fusion_reduction,
                                    config.fusion_feature_reduction, config.fusion_pool);

  // The order and the names of WeakTr checkpoints; `norm` is in them and is never used.
  parameters_ = {{"cls_token", class_token_},
                 {"pos_embed", position_table_},
                 {"patch_embed.proj.weight", patch_weight_},
                 {"patch_embed.proj.bias", patch_bias_}};
  for (int64_t i = 0; i < config.depth; ++i) blocks_[i].append_to(parameters_, "blocks." + std::to_string(i) + ".");
  parameters_.emplace_back("norm.weight", norm_weight_);
  parameters_.emplace_back("norm.bias", norm_bias_);
  parameters_.emplace_back("head.weight", head_weight_);
  parameters_.emplace_back("head.bias", head_bias_);
  fusion_.append_to(parameters_, kFusionPrefix);

  initialize();
  // set_data keeps the tensor objects that blocks and fusion share with the list.
  for (auto& [name, tensor] : parameters_) tensor.set_data(tensor.to(device));
}

// Truncated normal of deviation 0.02 for matrices and tables (as DeiT), uniform of fan-in for the fusion layers.
void WeakTrGenerator::initialize() {
  torch::NoGradGuard no_grad;
  auto generator = at::detail::createCPUGenerator(config_.seed);
  for (auto& [name, tensor] : parameters_) {
    const bool bias = name.size() > 5 && name.compare(name.size() - 5, 5, ".bias") == 0;
    if (starts_with(name, kFusionPrefix)) {
      const int64_t fan_in =
          bias ? (name.find("ffn.0") != std::string::npos ? fusion_.feature_in : fusion_.feature_out).size(1)
               : tensor.size(1);
      const double bound = 1.0 / std::sqrt(double(fan_in));
      tensor.uniform_(-bound, bound, generator);
    } else if (!bias && tensor.dim() > 1) {
      tensor.normal_(0.0, 0.02, generator).clamp_(-2.0, 2.0);
    }
  }
}

std::vector<std::string> WeakTrGenerator::head_parameters() const {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : parameters_)
    if (starts_with(name, "head.") || starts_with(name, kFusionPrefix)) names.push_back(name);
  return names;
}

NamedTensors WeakTrGenerator::adapt(NamedTensors state) const {
  return adapt_deit(std::move(state), config_.classes, config_.image_size / config_.patch_size);
}

at::Tensor WeakTrGenerator::sample_noise(int64_t batch, uint64_t seed) const {
  if (config_.drop_path <= 0) return {};
  return sample_drop_factors(config_.depth, batch, config_.drop_path, seed).to(device());
}

at::Tensor WeakTrGenerator::positions(int64_t height, int64_t width) const {
  const int64_t grid_height = height / config_.patch_size, grid_width = width / config_.patch_size;
  const bool as_trained = height == width && grid_height * grid_width == position_table_.size(1) - config_.classes;
  return as_trained ? position_table_
                    : interpolate_positions(position_table_, config_.classes, grid_height, grid_width);
}

GeneratorOutputs WeakTrGenerator::forward(const at::Tensor& images, const ForwardOptions& options) const {
  const int64_t batch = images.size(0), height = images.size(2), width = images.size(3), classes = config_.classes;
  const int64_t grid_height = height / config_.patch_size, grid_width = width / config_.patch_size;
  if (grid_height < 1 || grid_width < 1)
    throw Error("SEMPLES_IMAGE_TOO_SMALL", "The picture is smaller than one patch of the mask generator")
        .received(std::to_string(width) + "x" + std::to_string(height))
        .expected("at least " + std::to_string(config_.patch_size) + "x" + std::to_string(config_.patch_size) +
                  " pixels")
        .hint("Enlarge the picture, or leave it out.");

  const at::Tensor& factors = options.drop_factors;
  if (factors.defined() &&
      (factors.sizes() != at::IntArrayRef({config_.depth, 2, batch}) || factors.scalar_type() != at::kFloat))
    throw Error("SEMPLES_ARGUMENT_INVALID", "Factors of drop path have the wrong shape")
        .in_field("dropFactors")
        .received(shape_text(factors.sizes()))
        .expected("float32 " + shape_text({config_.depth, 2, batch}));

  GeneratorOutputs out;
  const auto keep = [&](const char* name, const at::Tensor& value) {
    if (options.trace) out.trace.emplace_back(name, value);
  };

  const at::Tensor patches =
      at::conv2d(images, patch_weight_, patch_bias_, config_.patch_size).flatten(2).transpose(1, 2);
  const at::Tensor position = positions(height, width);
  keep("pos_embed", position);
  at::Tensor tokens = at::cat({class_token_.expand({batch, -1, -1}), patches}, 1) + position;

  std::vector<at::Tensor> queries, keys, pooled;
  for (int64_t i = 0; i < config_.depth; ++i) {
    BlockOutput block =
        transformer_block(blocks_[i], tokens, config_.heads, factors.defined() ? factors[i] : at::Tensor());
    tokens = block.tokens;
    if (config_.maps == Maps::kRefined) {
      queries.push_back(block.query.detach());
      keys.push_back(block.key.detach());
      pooled.push_back(fusion_.pool_branch(block.attention_branch.detach()));
    }
    if (options.trace) {
      const std::string layer = std::to_string(i);
      out.trace.emplace_back("attn_layer" + layer, attention_map(block.query, block.key));
      out.trace.emplace_back("attn_feat_layer" + layer, block.attention_branch);
    }
  }

  const at::Tensor class_tokens = tokens.narrow(1, 0, classes), patch_tokens = tokens.slice(1, classes);
  keep("tokens_class", class_tokens);
  keep("tokens_patch", patch_tokens);
  out.class_logits = class_tokens.mean(-1);

  at::Tensor feature_map = patch_tokens.transpose(1, 2).reshape({batch, config_.width, grid_height, grid_width});
  if (options.detach_patches) feature_map = feature_map.detach();
  const at::Tensor response = at::conv2d(feature_map, head_weight_, head_bias_, 1, 1);
  out.coarse_logits = response.mean({2, 3});
  const at::Tensor coarse_cam = at::relu(options.detach_coarse_cam ? response.detach() : response);
  keep("coarse_cam", coarse_cam);
  if (config_.maps == Maps::kPlain) {
    out.fine_cam = coarse_cam;
    out.fine_logits = coarse_cam.mean({2, 3});
    return out;
  }

  const at::Tensor weights = fusion_.weights(pooled);
  keep("aaf_weight", weights);
  const at::Tensor fused = fusion_.fuse(queries, keys, weights);
  const at::Tensor cross_attention = fused.narrow(1, 0, classes).slice(2, classes).reshape_as(coarse_cam);
  const at::Tensor patch_attention = fused.slice(1, classes).slice(2, classes);
  keep("cross_attn_map", cross_attention);
  keep("patch_attn", patch_attention);

  const at::Tensor fused_cam = cross_attention * coarse_cam;
  keep("fused_cam", fused_cam);
  // fine_cam[b,c,p] = sum_q patch_attention[b,p,q] * fused_cam[b,c,q]
  out.fine_cam = at::matmul(fused_cam.flatten(2), patch_attention.transpose(1, 2)).view_as(coarse_cam);
  out.fine_logits = out.fine_cam.mean({2, 3});
  return out;
}

}  // namespace semples
