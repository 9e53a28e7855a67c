// A block of CLIP's transformers, with the names of OpenAI's parameters.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

#include "core/clip/clip.h"

namespace semples {

struct ResidualBlock {
  at::Tensor ln_1_weight, ln_1_bias, in_proj_weight, in_proj_bias, out_proj_weight, out_proj_bias;
  at::Tensor ln_2_weight, ln_2_bias, c_fc_weight, c_fc_bias, c_proj_weight, c_proj_bias;
};

// How the blocks of one tower compute.
struct TowerRules {
  int64_t heads = 1;
  bool causal = false;
  ClipActivation activation = ClipActivation::kQuickGelu;
};

struct BlockTrace {
  at::Tensor normed;     // [B, N, W]: what the first LayerNorm gives
  at::Tensor attention;  // [B, N, N]: mean over heads
  at::Tensor output;     // [B, N, W]
};

at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

// x [B, N, W] -> [B, N, W]; pre-norm attention and MLP.
at::Tensor residual_block(const ResidualBlock& block, const at::Tensor& x, const TowerRules& rules);

// The same, with what lies between.
BlockTrace trace_block(const ResidualBlock& block, const at::Tensor& x, const TowerRules& rules);

}  // namespace semples
