#include "core/memory.h"

#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <tuple>
#include <unordered_map>

namespace semples {

namespace {

// Smaller blocks stay in the C library, which keeps those itself.
constexpr size_t kLarge = 256 * 1024;

// How many KeepMemory live.
std::atomic<int> keepers{0};

class BlockKeeper final : public c10::Allocator {
 public:
  explicit BlockKeeper(c10::Allocator* inner) : inner_(inner) {}

  static BlockKeeper* installed;

  at::DataPtr allocate(size_t bytes) override {
    if (bytes < kLarge) return inner_->allocate(bytes);
    void* block = take(bytes);
    return {block, block, &give_back, at::Device(at::kCPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &give_back; }

  void copy_data(void* to, const void* from, size_t bytes) const override { default_copy_data(to, from, bytes); }

  void release() {
    const std::lock_guard<std::mutex> lock(mutex_);
    drop_to(0);
    state_.most = state_.used;
  }

  MemoryState state() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return state_;
  }

 private:
  void* take(size_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = kept_.lower_bound(bytes);
    void* block = nullptr;
    size_t size = bytes;
    if (found != kept_.end() && found->first <= bytes + bytes / 16) {
      std::tie(size, block) = *found;
      kept_.erase(found);
      state_.kept -= int64_t(size);
    } else {
      drop_to(std::max<int64_t>(0, state_.most - state_.used - int64_t(bytes)));
      block = fresh(bytes);
    }
    sizes_.emplace(block, size);
    state_.used += int64_t(size);
    state_.most = std::max(state_.most, state_.used);
    return block;
  }

  void* fresh(size_t bytes) {
    try {
      return inner_->raw_allocate(bytes);
    } catch (const c10::Error&) {
      drop_to(0);
      return inner_->raw_allocate(bytes);
    }
  }

  // LibTorch hands over every pointer, also of small blocks and of those from before.
  static void give_back(void* block) { installed->put(block); }

  void put(void* block) {
    if (block == nullptr) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto own = sizes_.find(block);
    if (own == sizes_.end()) return inner_->raw_deallocate(block);
    const size_t size = own->second;
    sizes_.erase(own);
    state_.used -= int64_t(size);
    if (keepers == 0) return inner_->raw_deallocate(block);
    state_.kept += int64_t(size);
    kept_.emplace(size, block);
  }

  // The largest first: what is kept did not fit, so any may go.
  void drop_to(int64_t bytes) {
    while (state_.kept > bytes) {
      const auto last = std::prev(kept_.end());
      state_.kept -= int64_t(last->first);
      inner_->raw_deallocate(last->second);
      kept_.erase(last);
    }
  }

  c10::Allocator* const inner_;
  std::mutex mutex_;
  std::multimap<size_t, void*> kept_;
  std::unordered_map<void*, size_t> sizes_;
  MemoryState state_{};
};

BlockKeeper* BlockKeeper::installed = nullptr;

}  // namespace

KeepMemory::KeepMemory() { ++keepers; }
KeepMemory::~KeepMemory() { --keepers; }

void install_memory() {
#ifdef __linux__
  // Never destroyed: tensors outlive everything. The addon is linked to stay loaded.
  static const bool once = [] {
    BlockKeeper::installed = new BlockKeeper(c10::GetCPUAllocator());
    c10::SetCPUAllocator(BlockKeeper::installed);
    return true;
  }();
  static_cast<void>(once);
#endif
}

void release_memory() {
  if (BlockKeeper::installed != nullptr) BlockKeeper::installed->release();
}

MemoryState memory_state() {
  return BlockKeeper::installed == nullptr ? MemoryState{} : BlockKeeper::installed->state();
}

}  // namespace semples
