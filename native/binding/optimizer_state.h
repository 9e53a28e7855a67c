// What handles of trainers have in common: the state of their optimiser, for runs that go on.
#pragma once
#include <napi.h>

#include <memory>

#include "binding/jobs.h"
#include "binding/tensors.h"

namespace semples {

template <class Trainer>
Napi::Value submit_optimizer_state(const Napi::CallbackInfo& info, std::shared_ptr<Trainer> trainer) {
  return submit_tensors(info.Env(), [trainer] { return trainer->optimizer_state(); });
}

// (state) -> a promise of nothing.
template <class Trainer>
Napi::Value submit_load_optimizer_state(const Napi::CallbackInfo& info, std::shared_ptr<Trainer> trainer) {
  const NamedTensors state = read_tensors(info[0], "optimizer");
  return JobQueue::of(info.Env())
      .submit(
          info.Env(),
          [trainer, state] {
            trainer->load_optimizer_state(state);
            return true;
          },
          [](Napi::Env env, bool) { return env.Undefined(); });
}

}  // namespace semples
