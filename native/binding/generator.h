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

// Gradient stops of a stage by name: "semples" (default), "classification", "all".
ForwardOptions read_forward_options(const Napi::Object& options);
// The outputs by name, intermediate values included.
NamedTensors named_outputs(const GeneratorOutputs& outputs);

}  // namespace semples
