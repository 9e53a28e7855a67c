// Features of pictures that a frozen network has seen. Training comes back to the same pictures in every epoch.
#pragma once
#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "core/checkpoint/state.h"

namespace semples {

class FeatureCache {
 public:
  // 0: keeps nothing.
  explicit FeatureCache(int64_t bytes) : free_(bytes), size_(bytes) {}

  bool enabled() const { return size_ > 0; }

  // Forgets everything where the network's weights are others than those that the features were made with.
  void belongs_to(const NamedTensors& weights);

  // Those of a picture, [3, H, W] float32, by its content: kept ones, or those that `compute` makes. What was kept
  // first stays.
  std::vector<at::Tensor> features_of(const at::Tensor& picture,
                                      const std::function<std::vector<at::Tensor>()>& compute);

 private:
  int64_t free_;
  const int64_t size_;
  std::unordered_map<uint64_t, std::vector<at::Tensor>> kept_;
  std::vector<int64_t> versions_;
  uint64_t fingerprint_ = 0;
};

}  // namespace semples
