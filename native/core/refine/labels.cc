#include "core/refine/labels.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <string>

#include "core/error.h"

namespace semples {

// The loops for the processor read each number once; on other devices operations on tensors say the same.
namespace {

constexpr int64_t kGrain = 32768;  // pixels

at::Tensor cpu_label_planes(const at::Tensor& indices, int64_t count, double on, double off, double unsure) {
  const int64_t pixels = indices.numel();
  at::Tensor planes = at::empty({count, indices.size(0), indices.size(1)}, at::kFloat);
  const uint16_t* label = indices.const_data_ptr<uint16_t>();
  float* out = planes.mutable_data_ptr<float>();
  at::parallel_for(0, pixels, kGrain, [&](int64_t begin, int64_t end) {
    const auto yes = float(on), no = float(off), maybe = float(unsure);
    for (int64_t c = 0; c < count; ++c)
      for (int64_t p = begin; p < end; ++p)
        out[c * pixels + p] = label[p] == c ? yes : (label[p] == kUnsure ? maybe : no);
  });
  return planes;
}

at::Tensor device_label_planes(const at::Tensor& indices, int64_t count, double on, double off, double unsure) {
  const at::Tensor labels = indices.to(at::kInt).unsqueeze(0);
  const at::Tensor classes = at::arange(count, labels.options()).view({count, 1, 1});
  at::Tensor planes = at::full({count, indices.size(0), indices.size(1)}, off, labels.options().dtype(at::kFloat));
  return planes.masked_fill_(labels == classes, on).masked_fill_(labels == int64_t{kUnsure}, unsure);
}

at::Tensor cpu_highest_labels(const at::Tensor& scores, float min_confidence) {
  const int64_t labels = scores.size(0), pixels = scores.size(1) * scores.size(2);
  at::Tensor result = at::empty({scores.size(1), scores.size(2)}, at::kUInt16);
  const float* planes = scores.const_data_ptr<float>();
  uint16_t* out = result.mutable_data_ptr<uint16_t>();
  at::parallel_for(0, pixels, kGrain, [&](int64_t first, int64_t last) {
    constexpr int64_t kBlock = 1024;  // stays in the first cache while the planes pass
    float best[kBlock];
    uint32_t index[kBlock];  // as wide as a float: so the comparison vectorises
    for (int64_t begin = first; begin < last; begin += kBlock) {
      const int64_t count = std::min(kBlock, last - begin);
      std::copy_n(planes + begin, count, best);
      std::fill_n(index, count, 0u);
      for (int64_t c = 1; c < labels; ++c) {
        const float* plane = planes + c * pixels + begin;
        for (int64_t i = 0; i < count; ++i) {
          const bool higher = plane[i] > best[i];
          best[i] = higher ? plane[i] : best[i];
          index[i] = higher ? uint32_t(c) : index[i];
        }
      }
      for (int64_t i = 0; i < count; ++i) out[begin + i] = best[i] < min_confidence ? kUnsure : uint16_t(index[i]);
    }
  });
  return result;
}

at::Tensor device_highest_labels(const at::Tensor& scores, float min_confidence) {
  at::Tensor labels = scores.argmax(0).to(at::kInt);
  labels.masked_fill_(scores.amax(0) < min_confidence, int64_t{kUnsure});
  return labels.to(at::kUInt16);
}

}  // namespace

at::Tensor label_indices(const LabelMap& map) {
  if (map.labels.scalar_type() == at::kUInt16) return map.labels;
  at::Tensor result = at::empty(map.labels.sizes(), at::kUInt16);
  const uint8_t* from = map.labels.const_data_ptr<uint8_t>();
  const int64_t count = map.count;
  std::transform(from, from + map.labels.numel(), result.mutable_data_ptr<uint16_t>(),
                 [count](uint8_t label) { return label == 255 && count <= 255 ? kUnsure : uint16_t(label); });
  return result;
}

at::Tensor label_planes(const at::Tensor& indices, int64_t count, double on, double off, double unsure) {
  return indices.is_cpu() ? cpu_label_planes(indices, count, on, off, unsure)
                          : device_label_planes(indices, count, on, off, unsure);
}

void check_labels(const LabelMap& map) {
  const at::Tensor indices = label_indices(map);
  const uint16_t* labels = indices.const_data_ptr<uint16_t>();
  const uint16_t* end = labels + indices.numel();
  const uint16_t* first_bad =
      std::find_if(labels, end, [&](uint16_t label) { return label >= map.count && label != kUnsure; });
  if (first_bad == end) return;
  const int64_t index = first_bad - labels, width = indices.size(1);
  const bool bytes = map.labels.scalar_type() == at::kByte;
  const std::string unsure = !bytes ? ", or 65535" : map.count <= 255 ? ", or 255" : "";
  throw refusal(
      "source.labelMap", "labels below " + std::to_string(map.count) + unsure,
      std::to_string(*first_bad) + " at [" + std::to_string(index / width) + ", " + std::to_string(index % width) + "]")
      .hint("Unsure pixels are 65535 in a Uint16Array and 255 in a Uint8Array.");
}

at::Tensor highest_labels(const at::Tensor& scores, float min_confidence) {
  return scores.is_cpu() ? cpu_highest_labels(scores.contiguous(), min_confidence)
                         : device_highest_labels(scores, min_confidence);
}

}  // namespace semples
