// Adaptive attention fusion (WeakTr, Zhu et al., arXiv 2304.01184): one learned weight for each of the
// heads x layers attention maps, from the features of that head.
#pragma once
#include <torch/types.h>

#include <string>
#include <vector>

#include "core/checkpoint/state.h"

namespace semples {

enum class FusionPool { kMax, kMean };

struct AttentionFusion {
  int64_t heads = 0, layers = 0;
  FusionPool pool = FusionPool::kMax;
  at::Tensor weight_in, weight_out;                                       // heads*layers -> /reduction -> back, no bias
  at::Tensor feature_in, feature_in_bias, feature_out, feature_out_bias;  // head width -> /feature_reduction -> 1

  static AttentionFusion create(int64_t heads, int64_t layers, int64_t head_width, int64_t reduction,
                                int64_t feature_reduction, FusionPool pool);
  void append_to(NamedTensors& parameters, const std::string& prefix) const;

  // One attention branch [B, N, D] -> pooled over tokens [B, heads, D/heads]. The head is the FAST index of a channel
  // (feature j of head a is channel j*heads + a): not the layout of the real heads, but what trained weights depend on.
  at::Tensor pool_branch(const at::Tensor& branch) const;

  // pooled: `layers` tensors [B, heads, head width] -> sigmoid weights [B, heads*layers], head the slow index.
  at::Tensor weights(const std::vector<at::Tensor>& pooled) const;

  // Mean over all maps of weight * map: [B, N, N] (rows do not sum to 1). The maps themselves, heads * layers * N^2
  // numbers a picture, are never stored: each is made from queries and keys [B, heads, N, D/heads] when it is added,
  // and once more in the backward pass, which reaches the weights alone.
  at::Tensor fuse(const std::vector<at::Tensor>& queries, const std::vector<at::Tensor>& keys,
                  const at::Tensor& weights) const;
};

}  // namespace semples
