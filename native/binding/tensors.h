// Typed arrays <-> tensors. Bytes are copied during the call: the caller may transfer, resize or overwrite a buffer a
// moment later.
#pragma once
#include <napi.h>
#include <torch/types.h>

#include <string>
#include <utility>
#include <vector>

#include "binding/environment.h"
#include "core/checkpoint/state.h"

namespace semples {

// A typed array of exactly the size that `shape` says.
at::Tensor read_bytes(const Napi::Value& value, const std::vector<int64_t>& shape, const std::string& field);
at::Tensor read_uint16(const Napi::Value& value, const std::vector<int64_t>& shape, const std::string& field);
at::Tensor read_int32(const Napi::Value& value, const std::vector<int64_t>& shape, const std::string& field);
at::Tensor read_float32(const Napi::Value& value, const std::vector<int64_t>& shape, const std::string& field);

// { dtype, shape, data } -> a tensor of its own memory.
at::Tensor read_tensor(const Napi::Value& value, const std::string& field);
// The same of int64 or int32 alone -> int64.
at::Tensor read_integers(const Napi::Value& value, const std::string& field);
// { name: { dtype, shape, data } }, in key order.
NamedTensors read_tensors(const Napi::Value& value, const std::string& field);

// What a job does with its results before it hands them to the JavaScript thread: in memory of their own (the next job
// may change what they are views of), contiguous, of a type that JavaScript has.
at::Tensor to_host(at::Tensor tensor);
NamedTensors to_host(NamedTensors tensors);
// The other way, for tensors of `to_host`. The bytes of large results are copied on the job thread.
Napi::Object write_tensor(Napi::Env env, const at::Tensor& tensor);
// A Uint16Array of the same.
Napi::Value write_uint16(Napi::Env env, const at::Tensor& tensor);
Napi::Object write_tensors(Napi::Env env, const NamedTensors& tensors);

// A job whose result is one tensor, or tensors by name.
template <class Work>
Napi::Promise submit_tensor(Napi::Env env, Work work) {
  return JobQueue::of(env).submit(
      env, [work = std::move(work)] { return to_host(work()); },
      [](Napi::Env e, const at::Tensor& tensor) { return write_tensor(e, tensor); });
}

template <class Work>
Napi::Promise submit_tensors(Napi::Env env, Work work) {
  return JobQueue::of(env).submit(env, [work = std::move(work)] { return to_host(work()); }, write_tensors);
}

// "float32", ...; of tensors of `read_tensor` and `to_host`.
const char* dtype_name(const at::Tensor& tensor);

}  // namespace semples
