// State of one JavaScript environment (main thread or worker): nothing of it is static.
#pragma once
#include <napi.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <string>

#include "binding/jobs.h"
#include "binding/warnings.h"
#include "ops/register.h"

namespace semples {

struct Environment {
  explicit Environment(Napi::Env env) : serial(next_serial()), jobs(env, [this] { warnings.attach(); }) {
    warnings.attach();  // the JavaScript thread
  }
  ~Environment() {
    jobs.stop();
    WarningLog::detach();
    release_operator_memory();  // what the refinements of other environments use stays theirs
  }
  const uint64_t serial;  // tells the objects of one environment from those of another
  WarningLog warnings;
  JobQueue jobs;
  std::map<std::string, Napi::FunctionReference> constructors;  // of the classes below, by name
  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

 private:
  static uint64_t next_serial() {
    static std::atomic<uint64_t> last{0};
    return ++last;
  }
};

inline JobQueue& JobQueue::of(Napi::Env env) { return Environment::of(env).jobs; }

}  // namespace semples
