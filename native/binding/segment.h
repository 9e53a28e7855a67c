#pragma once
#include "binding/handle.h"
#include "core/segment/segmenter.h"

namespace semples {

class SegmenterHandle : public Handle<SegmenterHandle, Segmenter> {
 public:
  static constexpr const char* kName = "Segmenter";
  using Handle::Handle;

  Napi::Value info(const Napi::CallbackInfo& info);
  Napi::Value parameters(const Napi::CallbackInfo& info);
  Napi::Value load(const Napi::CallbackInfo& info);
  Napi::Value state(const Napi::CallbackInfo& info);
  Napi::Value respond(const Napi::CallbackInfo& info);
  Napi::Value predict(const Napi::CallbackInfo& info);
};

}  // namespace semples
