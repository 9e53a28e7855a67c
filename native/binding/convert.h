// What a call is about: pictures and labels.
#pragma once
#include <napi.h>
#include <torch/types.h>

#include <string>
#include <vector>

#include "binding/options.h"
#include "binding/tensors.h"

namespace semples {

// { pixels, count, height, width } (uint8 NHWC) or { images } (normalised float32 tensor) -> [B, 3, H, W] float32.
// Pixels stay bytes here; `to_images` normalises them on the device, off the JavaScript thread.
struct PendingImages {
  at::Tensor pixels, images, erase;
  uint64_t seed = 0;
  at::Tensor to_images(at::Device device) const;
};
PendingImages read_images(const Napi::Object& batch);

inline constexpr int64_t kMaxPixels = 1 << 20;  // along a side
// { [data], height, width } -> uint8 [count, height, width, 3]; `prefix` is where the object stands, for errors.
at::Tensor read_pixels(const Napi::Object& picture, const char* data, int64_t count, const std::string& prefix = "");

// { scales: [{ data, height, width }] }: one picture in several sizes -> uint8 [height, width, 3] of each. `prefix` as
// above.
std::vector<at::Tensor> read_scales(const Napi::Object& request, const std::string& prefix = "");

// Uint8Array of 0/1, [B, C].
at::Tensor read_labels(const Napi::Object& batch, int64_t pictures, int64_t classes);

}  // namespace semples
