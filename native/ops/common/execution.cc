#include "ops/common/execution.h"

#include <ATen/Parallel.h>

#include <utility>
#ifdef _OPENMP
#include <omp.h>
#endif

namespace semples {

namespace {

thread_local const ExecutionSettings* innermost = nullptr;

// OpenMP's own setting belongs to the calling thread. at::set_num_threads would also change what threads to come use.
void use_threads(int threads) {
#ifdef _OPENMP
  omp_set_num_threads(threads);
#endif
}

}  // namespace

ExecutionScope::ExecutionScope(ExecutionSettings settings) : settings_(std::move(settings)), outer_(innermost) {
  if (settings_.threads > 0) {
    outer_threads_ = at::get_num_threads();  // which, on a new thread, first takes over LibTorch's setting
    use_threads(settings_.threads);
  }
  innermost = &settings_;
}

ExecutionScope::~ExecutionScope() {
  innermost = outer_;
  if (outer_threads_ > 0) use_threads(outer_threads_);
}

const ExecutionSettings& execution() {
  static const ExecutionSettings defaults;
  return innermost == nullptr ? defaults : *innermost;
}

int operation_threads() { return at::in_parallel_region() ? 1 : at::get_num_threads(); }

void throw_if_interrupted() {
  const auto& interrupted = execution().interrupted;
  if (interrupted && interrupted()) throw Interrupted();
}

void require_memory(int64_t bytes) {
  const int64_t limit = execution().memory_limit;
  if (limit > 0 && bytes > limit) throw MemoryLimitExceeded(bytes, limit);
}

}  // namespace semples
