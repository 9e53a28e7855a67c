// The one way that work leaves the JavaScript thread. Model jobs of an environment run on one thread in call order:
// a step cannot race a load, objects that share a generator need no locks, and there is one OpenMP team.
#pragma once
#include <napi.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "binding/errors.h"

namespace semples {

class JobQueue {
 public:
  explicit JobQueue(Napi::Env env);
  ~JobQueue();
  JobQueue(const JobQueue&) = delete;
  JobQueue& operator=(const JobQueue&) = delete;

  // The queue of this environment (main thread or worker), made when the addon is loaded into it.
  static JobQueue& of(Napi::Env env);

  // Runs `work` on the job thread and resolves the promise with `pack(env, result)` on the JavaScript thread.
  template <class Work, class Pack>
  Napi::Promise submit(Napi::Env env, Work work, Pack pack) {
    using Result = decltype(work());
    auto job = std::make_unique<Job>(Napi::Promise::Deferred::New(env));
    const Napi::Promise promise = job->deferred.Promise();
    auto result = std::make_shared<std::optional<Result>>();
    job->work = [work = std::move(work), result]() mutable { result->emplace(work()); };
    job->pack = [pack = std::move(pack), result](Napi::Env e) -> Napi::Value { return pack(e, **result); };
    push(std::move(job));
    return promise;
  }

  // For `pack`: work that the promise waits for and that need not be done on the JavaScript thread.
  void finish_later(std::function<void()> work) { finishing_.push_back(std::move(work)); }

  // Waits for the running job and drops the others; called when the environment ends.
  void stop();

 private:
  struct Job {
    explicit Job(Napi::Promise::Deferred d) : deferred(std::move(d)) {}
    Napi::Promise::Deferred deferred;
    std::function<void()> work;
    std::function<Napi::Value(Napi::Env)> pack;
    std::exception_ptr error;
    Napi::ObjectReference packed;  // while it waits for what `pack` left to be done
  };

  void push(std::unique_ptr<Job> job);
  void run();
  void settle(Napi::Env env, std::unique_ptr<Job> job);
  void finish(std::unique_ptr<Job> job);
  static void complete(napi_env env, napi_value, void* context, void* data);

  Napi::Env env_;
  napi_threadsafe_function done_ = nullptr;
  int pending_ = 0;  // JavaScript thread only: the event loop is kept alive while jobs are under way
  std::vector<std::function<void()>> finishing_;  // JavaScript thread only: filled and emptied within one `pack`
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<Job>> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace semples
