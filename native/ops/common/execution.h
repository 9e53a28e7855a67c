// How operators run on this thread: settings that are no arguments of theirs, and so pass the dispatcher unseen.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>

namespace semples {

// What an operator notes of its work, by name; the header of an operator says which. "bytes" are those it held, its
// result included.
using ExecutionProfile = std::map<std::string, double>;

struct ExecutionSettings {
  int threads = 0;                      // of one operation of this thread; 0: as many as before
  std::function<bool()> interrupted;    // asked now and then, by any thread; null: never
  int64_t memory_limit = 0;             // bytes of one operation, its result included; 0: none
  ExecutionProfile* profile = nullptr;  // where operators note what they did; null: nowhere
};

// In force on this thread while it lives; they nest. With `threads`, all of LibTorch's operations on this thread use
// that many, and those of other threads go on as before.
class ExecutionScope {
 public:
  explicit ExecutionScope(ExecutionSettings settings);
  ~ExecutionScope();
  ExecutionScope(const ExecutionScope&) = delete;
  ExecutionScope& operator=(const ExecutionScope&) = delete;

 private:
  const ExecutionSettings settings_;
  const ExecutionSettings* const outer_;
  int outer_threads_ = 0;
};

// Of the innermost scope of this thread; the defaults above without one.
const ExecutionSettings& execution();

// How many parts an operation is worth splitting into for at::parallel_for; 1 within a parallel region.
int operation_threads();

// What an operator throws when `interrupted` says so: nothing but its time was lost.
struct Interrupted : std::runtime_error {
  Interrupted() : std::runtime_error("the operation was interrupted") {}
};
void throw_if_interrupted();

// What it throws, before it takes the memory, where it would need more than `memory_limit`.
struct MemoryLimitExceeded : std::runtime_error {
  MemoryLimitExceeded(int64_t needed, int64_t limit)
      : std::runtime_error("the operation would exceed the memory limit"), needed(needed), limit(limit) {}
  int64_t needed, limit;
};
void require_memory(int64_t bytes);

}  // namespace semples
