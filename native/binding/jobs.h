// The one way that work leaves the JavaScript thread. Model jobs of an environment run on one thread in call order:
// a step cannot race a load, objects that share a generator need no locks, and there is one OpenMP team. Pictures that
// have nothing to do with each other are refined beside them, on threads of their own.
#pragma once
#include <napi.h>

#include <atomic>
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

// Where a job runs: after the model jobs before it, or at once if a thread is free.
enum class Lane { kModels, kRefinements };

class JobQueue {
 public:
  // `begin` is run by each job thread before its first job.
  JobQueue(Napi::Env env, std::function<void()> begin);
  ~JobQueue();
  JobQueue(const JobQueue&) = delete;
  JobQueue& operator=(const JobQueue&) = delete;

  // The queue of this environment (main thread or worker), made when the addon is loaded into it.
  static JobQueue& of(Napi::Env env);

  // Runs `work` on a job thread and resolves the promise with `pack(env, result)` on the JavaScript thread.
  template <class Work, class Pack>
  Napi::Promise submit(Napi::Env env, Work work, Pack pack, Lane lane = Lane::kModels) {
    using Result = decltype(work());
    auto job = std::make_unique<Job>(Napi::Promise::Deferred::New(env));
    job->workers = lane == Lane::kModels ? &models_ : &refinements_;
    const Napi::Promise promise = job->deferred.Promise();
    auto result = std::make_shared<std::optional<Result>>();
    job->work = [work = std::move(work), result]() mutable { result->emplace(work()); };
    job->pack = [pack = std::move(pack), result](Napi::Env e) -> Napi::Value { return pack(e, **result); };
    push(std::move(job));
    return promise;
  }

  // For `pack`: work that the promise waits for and that need not be done on the JavaScript thread.
  void finish_later(std::function<void()> work) { finishing_.push_back(std::move(work)); }

  // Waits for the running jobs and drops the others; called when the environment ends.
  void stop();
  // For jobs that take long: whether somebody waits in `stop`. From any thread.
  bool stopping() const { return stopping_; }

 private:
  struct Workers;
  struct Job {
    explicit Job(Napi::Promise::Deferred d) : deferred(std::move(d)) {}
    Napi::Promise::Deferred deferred;
    Workers* workers = nullptr;
    std::function<void()> work;
    std::function<Napi::Value(Napi::Env)> pack;
    std::exception_ptr error;
    Napi::ObjectReference packed;  // while it waits for what `pack` left to be done
  };

  // Threads that are started when there is a job and none is idle, and live as long as the queue.
  struct Workers {
    explicit Workers(size_t most) : most(most) {}
    const size_t most;
    std::deque<std::unique_ptr<Job>> jobs;
    std::vector<std::thread> threads;
    size_t idle = 0;
    std::condition_variable wake;
  };

  void push(std::unique_ptr<Job> job);
  void add_thread_for_one_more(Workers& workers);
  void run(Workers& workers);
  void settle(Napi::Env env, std::unique_ptr<Job> job);
  void finish(std::unique_ptr<Job> job);
  static void complete(napi_env env, napi_value, void* context, void* data);

  Napi::Env env_;
  napi_threadsafe_function done_ = nullptr;
  std::function<void()> begin_;
  int pending_ = 0;  // JavaScript thread only: the event loop is kept alive while jobs are under way
  std::vector<std::function<void()>> finishing_;  // JavaScript thread only: filled and emptied within one `pack`
  std::mutex mutex_;                              // of the lists and counts of both
  Workers models_, refinements_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace semples
