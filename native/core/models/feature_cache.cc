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

const std::vector<at::Tensor>* FeatureCache::find(const at::Tensor& picture) const {
  const auto found = kept_.find(hash_of(picture));
  return found == kept_.end() ? nullptr : &found->second;
}

void FeatureCache::keep(const at::Tensor& picture, const std::vector<at::Tensor>& features) {
  int64_t bytes = 0;
  for (const at::Tensor& each : features) bytes += int64_t(each.nbytes());
  if (bytes > free_) return;
  if (kept_.emplace(hash_of(picture), features).second) free_ -= bytes;
}

}  // namespace semples
