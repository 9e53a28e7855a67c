#include "core/models/attention_fusion.h"

#include <torch/torch.h>

#include <algorithm>

#include "core/models/transformer.h"
#include "core/precision.h"

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
  const at::Tensor features = full(at::stack(pooled, 2)).flatten(1, 2);  // [B, heads*layers, head width]
  const at::Tensor scores =
      at::linear(at::linear(features, feature_in, feature_in_bias), feature_out, feature_out_bias).squeeze(-1);
  return at::sigmoid(at::linear(at::relu(at::linear(scores, weight_in)), weight_out));
}

namespace {

// Numbers of attention maps that are held at a time: what stays in the cache.
constexpr int64_t kBlockElements = 1 << 21;

// Calls visit(picture, layer, first row, maps [heads, rows, N]) for all attention maps, block by block.
template <class Visit>
void for_each_block(const std::vector<at::Tensor>& queries, const std::vector<at::Tensor>& keys, Visit visit) {
  const int64_t batch = queries.front().size(0), heads = queries.front().size(1), count = queries.front().size(2);
  const int64_t rows = std::clamp<int64_t>(kBlockElements / (heads * count), 1, count);
  for (size_t layer = 0; layer < queries.size(); ++layer)
    for (int64_t picture = 0; picture < batch; ++picture)
      for (int64_t first = 0; first < count; first += rows) {
        const at::Tensor query = queries[layer][picture].narrow(1, first, std::min(rows, count - first));
        visit(picture, int64_t(layer), first, attention_map(query, keys[layer][picture]));
      }
}

// weights [B, heads, layers] -> sum of weight * map [B, N, N].
class WeightedMaps : public torch::autograd::Function<WeightedMaps> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& weights,
                            const std::vector<at::Tensor>& queries, const std::vector<at::Tensor>& keys) {
    at::Tensor sum =
        torch::zeros({weights.size(0), queries.front().size(2), queries.front().size(2)}, weights.options());
    for_each_block(queries, keys, [&](int64_t picture, int64_t layer, int64_t first, const at::Tensor& maps) {
      const at::Tensor added = at::matmul(weights[picture].select(1, layer).unsqueeze(0), maps.flatten(1));
      sum[picture].narrow(0, first, maps.size(1)).add_(added.view({maps.size(1), maps.size(2)}));
    });
    std::vector<at::Tensor> saved = queries;
    saved.insert(saved.end(), keys.begin(), keys.end());
    context->save_for_backward(saved);
    return sum;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const std::vector<at::Tensor> saved = context->get_saved_variables();
    const size_t layers = saved.size() / 2;
    const std::vector<at::Tensor> queries(saved.begin(), saved.begin() + layers),
        keys(saved.begin() + layers, saved.end());
    const at::Tensor gradient = gradients[0].contiguous();
    at::Tensor of_weights =
        torch::zeros({gradient.size(0), queries.front().size(1), int64_t(layers)}, gradient.options());
    for_each_block(queries, keys, [&](int64_t picture, int64_t layer, int64_t first, const at::Tensor& maps) {
      const at::Tensor rows = gradient[picture].narrow(0, first, maps.size(1)).flatten();
      of_weights[picture].select(1, layer).add_(at::matmul(maps.flatten(1), rows));
    });
    return {of_weights, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor AttentionFusion::fuse(const std::vector<at::Tensor>& queries, const std::vector<at::Tensor>& keys,
                                 const at::Tensor& weights) const {
  return WeightedMaps::apply(weights.view({-1, heads, layers}), queries, keys) / double(heads * layers);
}

}  // namespace semples
