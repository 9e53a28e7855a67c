#include "binding/jobs.h"

namespace semples {

JobQueue::JobQueue(Napi::Env env) : env_(env) {
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
  if (pending_++ == 0) napi_ref_threadsafe_function(env_, done_);
  const std::lock_guard lock(mutex_);
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  jobs_.push_back(std::move(job));
  wake_.notify_one();
}

void JobQueue::run() {
  while (true) {
    std::unique_ptr<Job> job;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (stopping_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
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
  auto* self = static_cast<JobQueue*>(context);
  const Napi::Env env(raw);
  const Napi::HandleScope scope(env);
  if (--self->pending_ == 0) napi_unref_threadsafe_function(env, self->done_);
  if (!job->error) {
    try {
      job->deferred.Resolve(job->pack(env));
      return;
    } catch (const Napi::Error& error) {
      job->deferred.Reject(error.Value());
      return;
    } catch (...) {
      job->error = std::current_exception();
    }
  }
  job->deferred.Reject(to_js_error(env, job->error).Value());
}

void JobQueue::stop() {
  std::deque<std::unique_ptr<Job>> dropped;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
    dropped.swap(jobs_);
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

}  // namespace semples
