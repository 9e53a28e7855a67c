#include "binding/jobs.h"

#include <algorithm>
#include <system_error>

namespace semples {

// More refinements than processors at once: some wait for memory, and their ends do not fall together.
JobQueue::JobQueue(Napi::Env env, std::function<void()> begin)
    : env_(env),
      begin_(std::move(begin)),
      models_(1),
      refinements_(2 * std::max(1u, std::thread::hardware_concurrency())) {
  const Napi::String name = Napi::String::New(env, "semples jobs");
  if (napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, &JobQueue::complete,
                                      &done_) != napi_ok)
    throw Napi::Error::New(env, "The job queue could not be made");
  napi_unref_threadsafe_function(env, done_);
  // Runs before the thread-safe function of this environment is torn down (hooks run last in, first out).
  napi_add_env_cleanup_hook(env, [](void* self) { static_cast<JobQueue*>(self)->stop(); }, this);
}

JobQueue::~JobQueue() { stop(); }

void JobQueue::push(std::unique_ptr<Job> job) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;  // the environment is going: nobody will hear of this job
  Workers& workers = *job->workers;
  add_thread_for_one_more(workers);
  workers.jobs.push_back(std::move(job));
  if (pending_++ == 0) napi_ref_threadsafe_function(env_, done_);
  workers.wake.notify_one();
}

// Under the lock. Jobs that no thread has taken yet are what the idle ones were woken for.
void JobQueue::add_thread_for_one_more(Workers& workers) {
  if (workers.jobs.size() < workers.idle || workers.threads.size() == workers.most) return;
  try {
    workers.threads.emplace_back([this, &workers] { run(workers); });
  } catch (const std::system_error&) {
    if (workers.threads.empty()) throw;  // otherwise the job waits for one of those
  }
}

void JobQueue::run(Workers& workers) {
  begin_();
  while (true) {
    std::unique_ptr<Job> job;
    {
      std::unique_lock lock(mutex_);
      ++workers.idle;
      workers.wake.wait(lock, [&] { return stopping_ || !workers.jobs.empty(); });
      --workers.idle;
      if (stopping_) return;
      job = std::move(workers.jobs.front());
      workers.jobs.pop_front();
    }
    try {
      job->work();
    } catch (...) {
      job->error = std::current_exception();
    }
    job->work = nullptr;  // frees the inputs on this thread
    Job* finished = job.release();
    if (napi_call_threadsafe_function(done_, finished, napi_tsfn_nonblocking) != napi_ok) delete finished;
  }
}

void JobQueue::complete(napi_env raw, napi_value, void* context, void* data) {
  std::unique_ptr<Job> job(static_cast<Job*>(data));
  if (raw == nullptr) return;  // the environment is being torn down
  try {
    const Napi::HandleScope scope(raw);
    static_cast<JobQueue*>(context)->settle(raw, std::move(job));
  } catch (...) {
    // The environment was terminated a moment ago and takes no result any more.
  }
}

void JobQueue::settle(Napi::Env env, std::unique_ptr<Job> job) {
  if (!job->error && job->packed.IsEmpty()) {
    finishing_.clear();
    try {
      const Napi::Value value = job->pack(env);
      if (!finishing_.empty()) {
        job->packed = Napi::Persistent(value.As<Napi::Object>());
        return finish(std::move(job));
      }
      job->deferred.Resolve(value);
    } catch (const Napi::Error& error) {
      job->deferred.Reject(error.Value());
    } catch (...) {
      job->error = std::current_exception();
    }
  } else if (!job->error) {
    job->deferred.Resolve(job->packed.Value());
  }
  if (job->error) job->deferred.Reject(to_js_error(env, job->error).Value());
  if (--pending_ == 0) napi_unref_threadsafe_function(env, done_);
}

// Goes before the jobs that wait: its result is what somebody waits for, and its memory is held twice until then.
void JobQueue::finish(std::unique_ptr<Job> job) {
  job->work = [steps = std::exchange(finishing_, {})] {
    for (const auto& step : steps) step();
  };
  job->pack = nullptr;  // frees the results once `work` has copied them
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  Workers& workers = *job->workers;
  workers.jobs.push_front(std::move(job));
  workers.wake.notify_one();
}

void JobQueue::stop() {
  std::deque<std::unique_ptr<Job>> dropped[2];
  Workers* const both[] = {&models_, &refinements_};
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
    for (int i = 0; i < 2; ++i) {
      dropped[i].swap(both[i]->jobs);
      both[i]->wake.notify_all();
    }
  }
  for (Workers* workers : both)
    for (std::thread& thread : workers->threads) thread.join();
}

}  // namespace semples
