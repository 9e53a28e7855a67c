// The export table and the state of an environment; nothing else.
#include <napi.h>

#include "binding/environment.h"
#include "binding/exports.h"

static Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  using namespace semples;
  env.SetInstanceData(new Environment(env));
  export_runtime(env, exports);
  export_generator(env, exports);
  export_clip(env, exports);
  export_prompts(env, exports);
  export_trainer(env, exports);
  export_inspection(env, exports);
  return exports;
}

NODE_API_MODULE(semples, initialize)
