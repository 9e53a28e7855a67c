#include "core/memory.h"

#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <tuple>
#include <unordered_map>

#ifdef __GLIBC__
#include <malloc.h>
#endif
#ifdef __linux__
#include <sys/mman.h>
#endif

namespace semples {

namespace {

// Smaller blocks stay in the C library, which keeps those itself.
constexpr size_t kLarge = 256 * 1024;

// How many KeepMemory live, and how many of them want blocks from the system.
std::atomic<int> keepers{0}, mappers{0};

struct Block {
  void* place;
  size_t size;
  bool mapped;  // from the system, not from the C library
};

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
    Block block;
    if (found != kept_.end() && found->first <= bytes + bytes / 16) {
      block = found->second;
      kept_.erase(found);
      state_.kept -= int64_t(block.size);
    } else {
      drop_to(std::max<int64_t>(0, state_.most - state_.used - int64_t(bytes)));
      block = fresh(bytes);
    }
    blocks_.emplace(block.place, block);
    state_.used += int64_t(block.size);
    state_.most = std::max(state_.most, state_.used);
    return block.place;
  }

  Block fresh(size_t bytes) {
    if (void* const mapped = mappers > 0 ? map(bytes) : nullptr) return {mapped, bytes, true};
    try {
      return {inner_->raw_allocate(bytes), bytes, false};
    } catch (const c10::Error&) {
      drop_to(0);
      return {inner_->raw_allocate(bytes), bytes, false};
    }
  }

  void free(const Block& block) {
#ifdef __linux__
    if (block.mapped) {
      munmap(block.place, block.size);
      return;
    }
#endif
    inner_->raw_deallocate(block.place);
  }

  // Null where the system gives none.
  static void* map(size_t bytes) {
#ifdef __linux__
    void* const place = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return place == MAP_FAILED ? nullptr : place;
#else
    static_cast<void>(bytes);
    return nullptr;
#endif
  }

  // LibTorch hands over every pointer, also of small blocks and of those from before.
  static void give_back(void* block) { installed->put(block); }

  void put(void* block) {
    if (block == nullptr) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = blocks_.find(block);
    if (found == blocks_.end()) return inner_->raw_deallocate(block);
    const Block own = found->second;
    blocks_.erase(found);
    state_.used -= int64_t(own.size);
    if (keepers == 0) return free(own);
    state_.kept += int64_t(own.size);
    kept_.emplace(own.size, own);
  }

  // The largest first: what is kept did not fit, so any may go.
  void drop_to(int64_t bytes) {
    while (state_.kept > bytes) {
      const auto last = std::prev(kept_.end());
      state_.kept -= int64_t(last->first);
      free(last->second);
      kept_.erase(last);
    }
  }

  c10::Allocator* const inner_;
  std::mutex mutex_;
  std::multimap<size_t, Block> kept_;
  std::unordered_map<void*, Block> blocks_;
  MemoryState state_{};
};

BlockKeeper* BlockKeeper::installed = nullptr;

}  // namespace

KeepMemory::KeepMemory(MemorySource source) : mapped_(source == MemorySource::kSystem) {
  ++keepers;
  if (mapped_) ++mappers;
}

KeepMemory::~KeepMemory() {
  --keepers;
  if (mapped_) --mappers;
}

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
#ifdef __GLIBC__
  malloc_trim(0);  // its heap too: pieces between others that are in use
#endif
}

MemoryState memory_state() {
  return BlockKeeper::installed == nullptr ? MemoryState{} : BlockKeeper::installed->state();
}

}  // namespace semples
