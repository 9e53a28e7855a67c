#include "core/models/weaktr_generator.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include <cmath>

#include "core/error.h"

namespace semples {

namespace {

constexpr const char* kFusionPrefix = "adaptive_attention_fusion.";

// More than any mask generator has, and far less than what would have the system end the process.
constexpr double kMaxParameters = 1e9;

bool starts_with(const std::string& text, const std::string& prefix) { return text.rfind(prefix, 0) == 0; }

}  // namespace

void WeakTrConfig::check(const GeneratorBasics& basics) const {
  if (width % heads != 0)
    throw refusal("width", "a multiple of the " + std::to_string(heads) + " attention heads", std::to_string(width));
  if (image_size < patch_size)
    throw refusal("imageSize", "at least the patch size, " + std::to_string(patch_size), std::to_string(image_size));
  const double side = double(image_size / patch_size), columns = double(width);
  const double count = double(depth) * columns * columns * (4 + 2 * mlp_ratio) +
                       columns * (side * side + 10.0 * double(basics.classes)) +
                       3 * columns * double(patch_size * patch_size);
  if (count > kMaxParameters)
    throw refusal("width, depth, mlpRatio, imageSize / patchSize",
                  "at most " + std::to_string(std::llround(kMaxParameters)) + " parameters",
                  std::to_string(std::llround(count)));
}

WeakTrGenerator::WeakTrGenerator(const WeakTrConfig& config, const GeneratorBasics& basics)
    : config_(config), classes_(basics.classes) {
  const int64_t side = config.image_size / config.patch_size, width = config.width;
  const int64_t hidden = int64_t(std::llround(double(width) * config.mlp_ratio));
  class_token_ = torch::zeros({1, classes_, width});
  position_table_ = torch::zeros({1, classes_ + side * side, width});
  patch_weight_ = torch::zeros({width, 3, config.patch_size, config.patch_size});
  patch_bias_ = torch::zeros({width});
  norm_weight_ = torch::ones({width});
  norm_bias_ = torch::zeros({width});
  head_weight_ = torch::zeros({classes_, width, 3, 3});
  head_bias_ = torch::zeros({classes_});
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

  initialize(basics.seed);
  // set_data keeps the tensor objects that blocks and fusion share with the list.
  for (auto& [name, tensor] : parameters_) tensor.set_data(tensor.to(basics.device));
}

// Truncated normal of deviation 0.02 for matrices and tables (as DeiT), uniform of fan-in for the fusion layers.
void WeakTrGenerator::initialize(uint64_t seed) {
  torch::NoGradGuard no_grad;
  auto generator = at::detail::createCPUGenerator(seed);
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

at::Tensor WeakTrGenerator::sample_noise(int64_t batch, uint64_t seed) const {
  if (config_.drop_path_rate <= 0) return {};
  return sample_drop_factors(config_.depth, batch, config_.drop_path_rate, seed).to(device());
}

at::Tensor WeakTrGenerator::positions(int64_t height, int64_t width) const {
  const int64_t grid_height = height / config_.patch_size, grid_width = width / config_.patch_size;
  const bool as_trained = height == width && grid_height * grid_width == position_table_.size(1) - classes_;
  return as_trained ? position_table_ : interpolate_positions(position_table_, classes_, grid_height, grid_width);
}

void WeakTrGenerator::check_inputs(const at::Tensor& images, const at::Tensor& drop_factors) const {
  const int64_t batch = images.size(0), height = images.size(2), width = images.size(3);
  if (height < config_.patch_size || width < config_.patch_size)
    throw Error("SEMPLES_IMAGE_TOO_SMALL", "The picture is smaller than one patch of the mask generator")
        .received(std::to_string(width) + "x" + std::to_string(height))
        .expected("at least " + std::to_string(config_.patch_size) + "x" + std::to_string(config_.patch_size) +
                  " pixels")
        .hint("Enlarge the picture, or leave it out.");
  if (drop_factors.defined() &&
      (drop_factors.sizes() != at::IntArrayRef({config_.depth, 2, batch}) || drop_factors.scalar_type() != at::kFloat))
    throw refusal("dropFactors", "float32 " + shape_text({config_.depth, 2, batch}),
                  std::string(c10::toString(drop_factors.scalar_type())) + " " + shape_text(drop_factors.sizes()));
}

// What the blocks leave: all tokens, and what attention fusion needs of every block.
struct WeakTrGenerator::Encoded {
  at::Tensor tokens;
  std::vector<at::Tensor> queries, keys, pooled;
};

WeakTrGenerator::Encoded WeakTrGenerator::encode(const at::Tensor& images, const ForwardOptions& options,
                                                 NamedTensors& trace) const {
  const at::Tensor& factors = options.noise;
  const at::Tensor patches =
      at::conv2d(images, patch_weight_, patch_bias_, config_.patch_size).flatten(2).transpose(1, 2);
  const at::Tensor position = positions(images.size(2), images.size(3));
  trace.emplace_back("pos_embed", position);
  Encoded encoded;
  encoded.tokens = at::cat({class_token_.expand({images.size(0), -1, -1}), patches}, 1) + position;
  for (int64_t i = 0; i < config_.depth; ++i) {
    BlockOutput block =
        transformer_block(blocks_[i], encoded.tokens, {config_.heads}, factors.defined() ? factors[i] : at::Tensor());
    encoded.tokens = block.tokens;
    if (config_.maps == Maps::kAttention) {
      encoded.queries.push_back(block.query.detach());
      encoded.keys.push_back(block.key.detach());
      encoded.pooled.push_back(fusion_.pool_branch(block.attention_branch.detach()));
    }
    if (options.trace) {
      const std::string layer = std::to_string(i);
      trace.emplace_back("attn_layer" + layer, attention_map(block.query, block.key));
      trace.emplace_back("attn_feat_layer" + layer, block.attention_branch);
    }
  }
  return encoded;
}

// The CAM weighted by what class tokens attend to, then spread between patches that attend to each other.
// Small, trained, and what masks are made of: float32 beside the attention maps.
at::Tensor WeakTrGenerator::refine(const at::Tensor& coarse_cam, const Encoded& encoded, NamedTensors& trace) const {
  const PrecisionScope scope(Precision::kFloat32, device());
  const at::Tensor weights = fusion_.weights(encoded.pooled);
  trace.emplace_back("aaf_weight", weights);
  const at::Tensor fused = fusion_.fuse(encoded.queries, encoded.keys, weights);
  const at::Tensor cross_attention = fused.narrow(1, 0, classes_).slice(2, classes_).reshape_as(coarse_cam);
  const at::Tensor patch_attention = fused.slice(1, classes_).slice(2, classes_);
  trace.emplace_back("cross_attn_map", cross_attention);
  trace.emplace_back("patch_attn", patch_attention);
  const at::Tensor fused_cam = cross_attention * coarse_cam;
  trace.emplace_back("fused_cam", fused_cam);
  // fine_cam[b,c,p] = sum_q patch_attention[b,p,q] * fused_cam[b,c,q]
  return at::matmul(fused_cam.flatten(2), patch_attention.transpose(1, 2)).view_as(coarse_cam);
}

GeneratorOutputs WeakTrGenerator::compute(const at::Tensor& images, const ForwardOptions& options) const {
  check_inputs(images, options.noise);
  const int64_t batch = images.size(0), grid_height = images.size(2) / config_.patch_size,
                grid_width = images.size(3) / config_.patch_size;
  NamedTensors trace;
  const Encoded encoded = encode(images, options, trace);
  const at::Tensor class_tokens = encoded.tokens.narrow(1, 0, classes_),
                   patch_tokens = encoded.tokens.slice(1, classes_);
  trace.emplace_back("tokens_class", class_tokens);
  trace.emplace_back("tokens_patch", patch_tokens);

  const at::Tensor features = patch_tokens.transpose(1, 2).reshape({batch, config_.width, grid_height, grid_width});
  const at::Tensor response =
      full(at::conv2d(options.gradients == "semples" ? features.detach() : features, head_weight_, head_bias_, 1, 1));
  const at::Tensor coarse_cam = at::relu(options.gradients == "classification" ? response.detach() : response);
  trace.emplace_back("coarse_cam", coarse_cam);

  GeneratorOutputs out;
  out.scores = class_tokens.mean(-1);
  out.maps = config_.maps == Maps::kPlain ? coarse_cam : refine(coarse_cam, encoded, trace);
  out.named = {{"class_logits", out.scores},
               {"coarse_logits", response.mean({2, 3})},
               {"fine_logits", out.maps.mean({2, 3})},
               {"fine_cam", out.maps}};
  if (options.feature_maps) out.named.emplace_back("patch_features", features);
  if (options.trace) out.named.insert(out.named.end(), trace.begin(), trace.end());
  return out;
}

}  // namespace semples
