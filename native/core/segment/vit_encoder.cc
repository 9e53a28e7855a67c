#include "core/segment/vit_encoder.h"

#include <torch/torch.h>

#include <cmath>

#include "core/error.h"

namespace semples {

namespace {

// PyTorch's default, as WeakTr trains on, although the weights that it starts from were trained with 1e-6.
constexpr double kEpsilon = 1e-5;
constexpr double kMaxParameters = 1e9;

}  // namespace

void VitConfig::check() const {
  if (width % heads != 0)
    throw refusal("width", "a multiple of the " + std::to_string(heads) + " attention heads", std::to_string(width));
  if (image_size < patch_size)
    throw refusal("imageSize", "at least the patch size, " + std::to_string(patch_size), std::to_string(image_size));
  const double columns = double(width), side = double(image_size / patch_size);
  const double count = double(depth) * columns * columns * (4 + 2 * mlp_ratio) + columns * side * side;
  if (count > kMaxParameters)
    throw refusal("width, depth, mlpRatio, imageSize / patchSize",
                  "at most " + std::to_string(std::llround(kMaxParameters)) + " parameters",
                  std::to_string(std::llround(count)));
}

VitEncoder::VitEncoder(const VitConfig& config) : config_(config) {
  const int64_t side = config.image_size / config.patch_size, width = config.width;
  class_token_ = torch::zeros({1, 1, width});
  position_table_ = torch::zeros({1, 1 + side * side, width});
  patch_weight_ = torch::zeros({width, 3, config.patch_size, config.patch_size});
  patch_bias_ = torch::zeros({width});
  norm_weight_ = torch::ones({width});
  norm_bias_ = torch::zeros({width});
  for (int64_t i = 0; i < config.depth; ++i)
    blocks_.push_back(BlockWeights::create(width, std::llround(double(width) * config.mlp_ratio)));
}

void VitEncoder::append_to(NamedTensors& parameters, const std::string& prefix) const {
  parameters.emplace_back(prefix + "cls_token", class_token_);
  parameters.emplace_back(prefix + "pos_embed", position_table_);
  parameters.emplace_back(prefix + "patch_embed.proj.weight", patch_weight_);
  parameters.emplace_back(prefix + "patch_embed.proj.bias", patch_bias_);
  for (size_t i = 0; i < blocks_.size(); ++i)
    blocks_[i].append_to(parameters, prefix + "blocks." + std::to_string(i) + ".");
  parameters.emplace_back(prefix + "norm.weight", norm_weight_);
  parameters.emplace_back(prefix + "norm.bias", norm_bias_);
}

at::Tensor VitEncoder::positions(int64_t rows, int64_t columns) const {
  const int64_t side = config_.image_size / config_.patch_size;
  if (rows == side && columns == side) return position_table_;
  const at::Tensor grid = position_table_.slice(1, 1).reshape({1, side, side, config_.width}).permute({0, 3, 1, 2});
  const at::Tensor resized = at::upsample_bilinear2d(grid, {rows, columns}, false);
  return at::cat({position_table_.narrow(1, 0, 1), resized.flatten(2).transpose(1, 2)}, 1);
}

at::Tensor VitEncoder::encode(const at::Tensor& images, StepNoise* noise) const {
  const int64_t batch = images.size(0), depth = config_.depth;
  const at::Tensor grid = at::conv2d(images, patch_weight_, patch_bias_, config_.patch_size);
  at::Tensor x = at::cat({class_token_.expand({batch, -1, -1}), grid.flatten(2).transpose(1, 2)}, 1) +
                 positions(grid.size(2), grid.size(3));
  const BlockRules rules{config_.heads, kEpsilon};
  for (int64_t i = 0; i < depth; ++i) {
    const double rate = depth > 1 ? config_.drop_path_rate * double(i) / double(depth - 1) : config_.drop_path_rate;
    at::Tensor factors;
    if (noise && rate > 0)
      factors = at::stack({noise->drop_path(batch, rate), noise->drop_path(batch, rate)}).to(x.device());
    x = transformer_block(blocks_[i], x, rules, factors).tokens;
  }
  return at::layer_norm(x.slice(1, 1), {config_.width}, norm_weight_, norm_bias_, kEpsilon);
}

}  // namespace semples
