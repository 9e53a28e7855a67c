// Versions, devices, threads and warnings.
#include <ATen/Parallel.h>
#include <torch/torch.h>
#include <torch/version.h>

#include "binding/convert.h"
#include "binding/environment.h"
#include "binding/exports.h"
#include "core/error.h"
#include "ops/common/cuda_library.h"

namespace semples {

namespace {

// { torch, cudaDevices, threads }
Napi::Value runtime_info(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    Napi::Object result = Napi::Object::New(info.Env());
    result.Set("torch", TORCH_VERSION);
    const double devices = torch::cuda::is_available() ? double(torch::cuda::device_count()) : 0;
    result.Set("cudaDevices", devices);
    result.Set("threads", double(at::get_num_threads()));
    return result;
  });
}

// Threads of one operation, for every job of this process from now on. Resolves to the number in force.
Napi::Value set_threads(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const int64_t threads = whole_number(info[0], "threads");
    if (threads < 1 || threads > 4096) wrong_type("threads", "1 to 4096", info[0]);
    return JobQueue::of(info.Env())
        .submit(
            info.Env(),
            [threads] {
              at::set_num_threads(int(threads));
              return at::get_num_threads();
            },
            [](Napi::Env env, int count) { return Napi::Number::New(env, count); });
  });
}

// What LibTorch warned of since the last call, each a string.
Napi::Value take_warnings(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const std::vector<std::string> messages = Environment::of(info.Env()).warnings.take();
    Napi::Array list = Napi::Array::New(info.Env(), messages.size());
    for (size_t i = 0; i < messages.size(); ++i) list.Set(uint32_t(i), messages[i]);
    return list;
  });
}

// (path) -> undefined; see ops/common/cuda_library.h.
Napi::Value open_cuda_kernels(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    if (!info[0].IsString()) wrong_type("path", "a string", info[0]);
    open_cuda_library(info[0].As<Napi::String>().Utf8Value());
    return info.Env().Undefined();
  });
}

}  // namespace

void export_runtime(Napi::Env env, Napi::Object exports) {
  exports.Set("builtForTorch", std::to_string(TORCH_VERSION_MAJOR) + "." + std::to_string(TORCH_VERSION_MINOR));
  exports.Set("runtimeInfo", Napi::Function::New(env, runtime_info, "runtimeInfo"));
  exports.Set("takeWarnings", Napi::Function::New(env, take_warnings, "takeWarnings"));
  exports.Set("openCudaKernels", Napi::Function::New(env, open_cuda_kernels, "openCudaKernels"));
  exports.Set("setThreads", Napi::Function::New(env, set_threads, "setThreads"));
}

}  // namespace semples
