// What handles of trained models have in common: parameters by name and shape, loading, their bytes.
#pragma once
#include <napi.h>

#include <functional>
#include <memory>
#include <string>

#include "core/checkpoint/state.h"

namespace semples {

int64_t bytes_of(const NamedTensors& tensors);

// (tensors, { strict, required }) -> a promise of { missing, unexpected, mismatched }; `state` is asked on the job
// thread, and holds the model.
Napi::Value submit_load(const Napi::CallbackInfo& info, std::function<NamedTensors()> state);

// [{ name, shape, <flag>: boolean, buffer }] of the state, whose first `trained` tensors are parameters.
Napi::Array write_parameters(Napi::Env env, const NamedTensors& state, size_t trained, const char* flag,
                             const std::function<bool(const std::string&)>& is_flagged);

}  // namespace semples
