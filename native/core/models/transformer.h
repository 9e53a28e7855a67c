// Pre-norm vision transformer blocks that keep what attention fusion needs.
#pragma once
#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/checkpoint/state.h"
#include "core/models/step_noise.h"

namespace semples {

// Parameters of one block, by their names in DeiT checkpoints (`blocks.i.norm1.weight`, ...).
struct BlockWeights {
  at::Tensor norm1_weight, norm1_bias, qkv_weight, qkv_bias, proj_weight, proj_bias;
  at::Tensor norm2_weight, norm2_bias, fc1_weight, fc1_bias, fc2_weight, fc2_bias;

  static BlockWeights create(int64_t width, int64_t hidden);
  void append_to(NamedTensors& parameters, const std::string& prefix) const;
};

struct BlockOutput {
  at::Tensor tokens;            // [B, N, D] after both residual branches
  at::Tensor query, key;        // [B, h, N, D/h]: the attention maps are made from them again where they are needed
  at::Tensor attention_branch;  // [B, N, D] output of the attention projection, before drop path
};

// How a block computes.
struct BlockRules {
  int64_t heads = 1;
  double epsilon = 1e-6;  // of the layer norms
  double dropout = 0;     // of attention maps, and of what projection and MLP give
};

// `drop_factors`: [2, B], what the attention and the MLP branch of each sample are multiplied by; undefined = 1.
// Without `noise` nothing is dropped out.
BlockOutput transformer_block(const BlockWeights& weights, const at::Tensor& tokens, const BlockRules& rules,
                              const at::Tensor& drop_factors = {}, StepNoise* noise = nullptr);

// softmax(query key^T / sqrt(D/h)): [.., h, rows, N] for query [.., h, rows, D/h].
at::Tensor attention_map(const at::Tensor& query, const at::Tensor& key);

// Stochastic depth: [depth, 2, B] factors, 0 or 1 / keep; the rate of block i is i / (depth - 1) * rate.
at::Tensor sample_drop_factors(int64_t depth, int64_t batch, double rate, uint64_t seed);

// Bicubic resize of the patch part of a position table with the *given* scale (gh + 0.1) / n, as DINO-derived code
// does: computing the scale from the sizes gives other values. table [1, C + n*n, D] -> [1, C + gh*gw, D].
at::Tensor interpolate_positions(const at::Tensor& table, int64_t class_tokens, int64_t grid_height,
                                 int64_t grid_width);

}  // namespace semples
