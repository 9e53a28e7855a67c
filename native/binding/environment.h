// State of one JavaScript environment (main thread or worker): nothing here is static.
#pragma once
#include <napi.h>

#include <map>
#include <string>

#include "binding/jobs.h"

namespace semples {

struct Environment {
  explicit Environment(Napi::Env env) : jobs(env) {}
  JobQueue jobs;
  std::map<std::string, Napi::FunctionReference> constructors;  // of the classes below, by name
  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }
};

inline JobQueue& JobQueue::of(Napi::Env env) { return Environment::of(env).jobs; }

}  // namespace semples
