#include "core/models/attention_fusion.h"

#include <torch/torch.h>

#include <algorithm>

namespace semples {

AttentionFusion AttentionFusion::create(int64_t heads, int64_t layers, int64_t head_width, int64_t reduction,
                                        int64_t feature_reduction, FusionPool pool) {
  const int64_t maps = heads * layers, hidden = std::max<int64_t>(1, maps / reduction),
                feature_hidden = std::max<int64_t>(1, head_width / feature_reduction);
  AttentionFusion fusion;
  fusion.heads = heads;
  fusion.layers = layers;
  fusion.pool = pool;
  fusion.weight_in = torch::zeros({hidden, maps});
  fusion.weight_out = torch::zeros({maps, hidden});
  fusion.feature_in = torch::zeros({feature_hidden, head_width});
  fusion.feature_in_bias = torch::zeros({feature_hidden});
  fusion.feature_out = torch::zeros({1, feature_hidden});
  fusion.feature_out_bias = torch::zeros({1});
  return fusion;
}

void AttentionFusion::append_to(NamedTensors& parameters, const std::string& prefix) const {
  parameters.emplace_back(prefix + "attn_head_ffn.0.weight", weight_in);
  parameters.emplace_back(prefix + "attn_head_ffn.2.weight", weight_out);
  parameters.emplace_back(prefix + "attn_feat_ffn.0.weight", feature_in);
  parameters.emplace_back(prefix + "attn_feat_ffn.0.bias", feature_in_bias);
  parameters.emplace_back(prefix + "attn_feat_ffn.1.weight", feature_out);
  parameters.emplace_back(prefix + "attn_feat_ffn.1.bias", feature_out_bias);
}

at::Tensor AttentionFusion::pool_branch(const at::Tensor& branch) const {
  const at::Tensor pooled = pool == FusionPool::kMax ? branch.amax(1) : branch.mean(1);  // [B, D]
  return pooled.view({branch.size(0), branch.size(2) / heads, heads}).transpose(1, 2);
}

at::Tensor AttentionFusion::weights(const std::vector<at::Tensor>& pooled) const {
  const at::Tensor features = at::stack(pooled, 2).flatten(1, 2);  // [B, heads*layers, head width]
  const at::Tensor scores =
      at::linear(at::linear(features, feature_in, feature_in_bias), feature_out, feature_out_bias).squeeze(-1);
  return at::sigmoid(at::linear(at::relu(at::linear(scores, weight_in)), weight_out));
}

at::Tensor AttentionFusion::fuse(const std::vector<at::Tensor>& attention, const at::Tensor& weights) const {
  const int64_t batch = weights.size(0), maps = weights.size(1), count = attention.front().size(-1);
  const at::Tensor stacked = at::stack(attention, 2).view({batch, maps, count * count});
  return at::bmm(weights.unsqueeze(1), stacked).view({batch, count, count}) / double(maps);
}

}  // namespace semples
