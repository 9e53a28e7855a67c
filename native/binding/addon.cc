// The export table and the state of an environment; nothing else.
#include <napi.h>

#include "binding/environment.h"
#include "binding/exports.h"
#include "core/memory.h"

// process.exit() on the main thread ends the process without Node-API's cleanup hooks: what LibTorch holds would be
// destroyed under a running job.
static void stop_before_exit(Napi::Env env) {
  const Napi::Value process = env.Global().Get("process");
  const Napi::Value once = process.IsObject() ? process.As<Napi::Object>().Get("once") : env.Undefined();
  if (!once.IsFunction()) return;
  const auto stop = [](const Napi::CallbackInfo& info) { semples::Environment::of(info.Env()).jobs.stop(); };
  once.As<Napi::Function>().Call(process, {Napi::String::New(env, "exit"), Napi::Function::New(env, stop)});
}

static Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  using namespace semples;
  install_memory();
  silence_log_lines();
  env.SetInstanceData(new Environment(env));
  export_runtime(env, exports);
  export_generator(env, exports);
  export_clip(env, exports);
  export_prompts(env, exports);
  export_trainer(env, exports);
  export_segment(env, exports);
  export_refine(env, exports);
  export_inspection(env, exports);
  stop_before_exit(env);
  return exports;
}

NODE_API_MODULE(semples, initialize)
