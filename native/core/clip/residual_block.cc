#include "core/clip/residual_block.h"

#include <torch/torch.h>

#include <cmath>
#include <limits>

namespace semples {

namespace {

constexpr double kLayerNormEpsilon = 1e-5;

// [N, N]: 0 where the column is not behind the row, -infinity elsewhere.
at::Tensor causal_mask(int64_t count, const at::TensorOptions& options) {
  return torch::full({count, count}, -std::numeric_limits<float>::infinity(), options).triu(1);
}

at::Tensor activate(const at::Tensor& x, ClipActivation activation) {
  return activation == ClipActivation::kGelu ? at::gelu(x) : x * at::sigmoid(1.702 * x);
}

struct Attended {
  at::Tensor weights;  // [B, heads, N, N]
  at::Tensor output;   // [B, N, W]
};

Attended attend(const ResidualBlock& w, const at::Tensor& normed, const TowerRules& rules) {
  const int64_t batch = normed.size(0), count = normed.size(1), width = normed.size(2);
  const at::Tensor qkv = at::linear(normed, w.in_proj_weight, w.in_proj_bias)
                             .view({batch, count, 3, rules.heads, width / rules.heads})
                             .permute({2, 0, 3, 1, 4});
  // Written out: at CLIP's few tokens as fast as the fused kernel, and its gradients round as those of other programs.
  at::Tensor scores = at::matmul(qkv[0] / std::sqrt(double(width / rules.heads)), qkv[1].transpose(-2, -1));
  if (rules.causal) scores = scores + causal_mask(count, scores.options());
  Attended result;
  result.weights = at::softmax(scores, -1);
  const at::Tensor mixed = at::matmul(result.weights, qkv[2]).transpose(1, 2).reshape({batch, count, width});
  result.output = at::linear(mixed, w.out_proj_weight, w.out_proj_bias);
  return result;
}

at::Tensor feed_forward(const ResidualBlock& w, const at::Tensor& x, const TowerRules& rules) {
  const at::Tensor hidden = at::linear(layer_norm(x, w.ln_2_weight, w.ln_2_bias), w.c_fc_weight, w.c_fc_bias);
  return x + at::linear(activate(hidden, rules.activation), w.c_proj_weight, w.c_proj_bias);
}

}  // namespace

at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return at::layer_norm(x, {x.size(-1)}, weight, bias, kLayerNormEpsilon);
}

at::Tensor residual_block(const ResidualBlock& block, const at::Tensor& x, const TowerRules& rules) {
  const at::Tensor middle = x + attend(block, layer_norm(x, block.ln_1_weight, block.ln_1_bias), rules).output;
  return feed_forward(block, middle, rules);
}

BlockTrace trace_block(const ResidualBlock& block, const at::Tensor& x, const TowerRules& rules) {
  BlockTrace trace;
  trace.normed = layer_norm(x, block.ln_1_weight, block.ln_1_bias);
  const Attended attended = attend(block, trace.normed, rules);
  trace.attention = attended.weights.mean(1);
  trace.output = feed_forward(block, x + attended.output, rules);
  return trace;
}

}  // namespace semples
