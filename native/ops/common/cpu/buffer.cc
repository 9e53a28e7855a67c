#include "ops/common/cpu/buffer.h"

#include <cstdlib>
#include <mutex>
#include <vector>
#ifdef __linux__
#include <sys/mman.h>
#endif

namespace semples {

namespace {

constexpr size_t kLine = 64, kLargePage = size_t{2} << 20;
constexpr size_t kLarge = kLargePage / 2;
constexpr size_t kKeep = size_t{512} << 20;

size_t round_up(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

// Large blocks are kept for the next picture: having the system clear fresh pages takes as long as several iterations.
class Pool {
 public:
  void* take(size_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (size_t i = blocks_.size(); i-- > 0;) {
      if (blocks_[i].bytes != bytes) continue;
      void* memory = blocks_[i].memory;
      kept_ -= bytes;
      blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(i));
      return memory;
    }
    return nullptr;
  }
  // The blocks that have waited longest make room.
  void give(void* memory, size_t bytes) noexcept {
    if (bytes > kKeep) return std::free(memory);
    const std::lock_guard<std::mutex> lock(mutex_);
    try {
      blocks_.push_back({memory, bytes});
    } catch (...) {
      return std::free(memory);
    }
    kept_ += bytes;
    while (kept_ > kKeep) drop_oldest();
  }
  void clear() noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    while (!blocks_.empty()) drop_oldest();
  }

 private:
  struct Block {
    void* memory;
    size_t bytes;
  };
  void drop_oldest() noexcept {
    std::free(blocks_.front().memory);
    kept_ -= blocks_.front().bytes;
    blocks_.erase(blocks_.begin());
  }

  std::mutex mutex_;
  std::vector<Block> blocks_;
  size_t kept_ = 0;
};

// Never destroyed: threads may release blocks until the process ends.
Pool& pool() {
  static auto* blocks = new Pool();
  return *blocks;
}

// Sizes of large blocks come in eighths of a power of two, so that pictures of like size can use each other's.
size_t rounded(size_t bytes) {
  size_t unit = kLarge;
  while (unit * 16 < bytes) unit *= 2;
  return round_up(bytes, unit);
}

}  // namespace

void* allocate_block(size_t bytes) {
  if (bytes == 0) return nullptr;
  if (bytes > SIZE_MAX / 4) throw std::bad_alloc();
  const bool large = bytes >= kLarge;
  const size_t size = large ? rounded(bytes) : round_up(bytes, kLine);
  void* memory = large ? pool().take(size) : nullptr;
  if (memory != nullptr) return memory;
  memory = std::aligned_alloc(large ? kLargePage : kLine, round_up(size, large ? kLargePage : kLine));
  if (memory == nullptr) throw std::bad_alloc();
#ifdef __linux__
  if (large) madvise(memory, size, MADV_HUGEPAGE);
#endif
  return memory;
}

void release_block(void* memory, size_t bytes) noexcept {
  if (memory == nullptr) return;
  if (bytes < kLarge) return std::free(memory);
  pool().give(memory, rounded(bytes));
}

void release_kept_blocks() noexcept { pool().clear(); }

}  // namespace semples
