// JavaScript values <-> tensors and options. Bytes are copied during the call: the caller may transfer, resize or
// overwrite a buffer a moment later.
#pragma once
#include <napi.h>
#include <torch/types.h>

#include <optional>
#include <string>
#include <vector>

#include "core/checkpoint/state.h"
#include "core/train/trainer.h"

namespace semples {

// { dtype, shape, data } -> a tensor of its own memory.
at::Tensor read_tensor(const Napi::Value& value, const std::string& field);
Napi::Object write_tensor(Napi::Env env, const at::Tensor& tensor);

// { name: { dtype, shape, data } }, in key order.
NamedTensors read_tensors(const Napi::Value& value, const std::string& field);
Napi::Object write_tensors(Napi::Env env, const NamedTensors& tensors);

// { pixels, count, height, width } (uint8 NHWC) or { images } (normalised float32 tensor) -> [B, 3, H, W] float32.
// Pixels stay bytes here; `to_images` normalises them on the device, off the JavaScript thread.
struct PendingImages {
  at::Tensor pixels, images, erase;
  uint64_t seed = 0;
  at::Tensor to_images(at::Device device) const;
};
PendingImages read_images(const Napi::Object& batch);

// Uint8Array of 0/1, [B, C].
at::Tensor read_labels(const Napi::Object& batch, int64_t pictures, int64_t classes);

// Options of an object, each with its default; a wrong type names the field.
int64_t integer_option(const Napi::Object& object, const char* name, int64_t fallback);
double number_option(const Napi::Object& object, const char* name, double fallback);
bool flag_option(const Napi::Object& object, const char* name, bool fallback);
std::string text_option(const Napi::Object& object, const char* name, const std::string& fallback);
Napi::Object object_argument(const Napi::CallbackInfo& info, size_t index, const char* name);

// "cpu", "cuda", "cuda:1"; a device that is not there is an error.
at::Device device_option(const Napi::Object& object);

}  // namespace semples
