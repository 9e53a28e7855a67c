#include "core/models/feature_cache.h"

#include <torch/torch.h>

#include <functional>
#include <string_view>

namespace semples {

namespace {

// 64 bits of the content. Two of a million pictures share them with a chance of about 3e-8.
uint64_t hash_of(const at::Tensor& tensor) {
  const at::Tensor bytes = tensor.contiguous().cpu();
  return std::hash<std::string_view>()({static_cast<const char*>(bytes.data_ptr()), bytes.nbytes()});
}

}  // namespace

void FeatureCache::belongs_to(const NamedTensors& weights) {
  std::vector<int64_t> versions;
  for (const auto& entry : weights) versions.push_back(entry.second._version());
  if (versions == versions_) return;
  versions_ = std::move(versions);
  // A stage loads weights that are the same as before, as far as they are frozen.
  uint64_t fingerprint = 0;
  for (const auto& entry : weights) fingerprint = fingerprint * 0x9E3779B97F4A7C15u + hash_of(entry.second);
  if (fingerprint == fingerprint_) return;
  fingerprint_ = fingerprint;
  kept_.clear();
  free_ = size_;
}

std::vector<at::Tensor> FeatureCache::features_of(const at::Tensor& picture,
                                                  const std::function<std::vector<at::Tensor>()>& compute) {
  const uint64_t hash = hash_of(picture);
  const auto found = kept_.find(hash);
  if (found != kept_.end()) return found->second;
  std::vector<at::Tensor> features = compute();
  int64_t bytes = 0;
  for (const at::Tensor& each : features) bytes += int64_t(each.nbytes());
  if (bytes <= free_) {
    free_ -= bytes;
    kept_.emplace(hash, features);
  }
  return features;
}

}  // namespace semples
