#pragma once
#include "binding/handle.h"
#include "core/clip/prompts.h"

namespace semples {

class PromptsHandle : public Handle<PromptsHandle, Prompts> {
 public:
  static constexpr const char* kName = "Prompts";
  using Handle::Handle;

  Napi::Value load(const Napi::CallbackInfo& info);
  Napi::Value state(const Napi::CallbackInfo& info);
  Napi::Value encode(const Napi::CallbackInfo& info);
};

}  // namespace semples
