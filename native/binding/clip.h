#pragma once
#include "binding/handle.h"
#include "core/clip/clip.h"

namespace semples {

class ClipHandle : public Handle<ClipHandle, Clip> {
 public:
  static constexpr const char* kName = "Clip";
  using Handle::Handle;

  Napi::Value info(const Napi::CallbackInfo& info);
  Napi::Value encode_image(const Napi::CallbackInfo& info);
  Napi::Value encode_patches(const Napi::CallbackInfo& info);
  Napi::Value encode_text(const Napi::CallbackInfo& info);
  Napi::Value embed_tokens(const Napi::CallbackInfo& info);
  Napi::Value encode_blocks(const Napi::CallbackInfo& info);
  Napi::Value finish_block(const Napi::CallbackInfo& info);
};

}  // namespace semples
