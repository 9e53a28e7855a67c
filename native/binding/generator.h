#pragma once
#include "binding/handle.h"
#include "core/models/mask_generator.h"

namespace semples {

class GeneratorHandle : public Handle<GeneratorHandle, MaskGenerator> {
 public:
  static constexpr const char* kName = "Generator";
  using Handle::Handle;

  Napi::Value parameters(const Napi::CallbackInfo& info);
  Napi::Value load(const Napi::CallbackInfo& info);
  Napi::Value state(const Napi::CallbackInfo& info);
  Napi::Value forward(const Napi::CallbackInfo& info);
  Napi::Value cams(const Napi::CallbackInfo& info);
};

// Options of a forward pass; `gradients` is by default the generator's first rule.
ForwardOptions read_forward_options(const Napi::Object& options, const MaskGenerator& generator);

}  // namespace semples
