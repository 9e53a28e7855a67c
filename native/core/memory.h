// Memory of tensors on the processor, kept for the next tensor of its size.
#pragma once
#include <cstdint>

namespace semples {

// The C library gives blocks of megabytes back to the system when a tensor dies, and the system clears every page of
// the next one, which takes a good part of a training step. After this, blocks can be kept instead: never more of them
// than were in use at once. Linux only, where this was measured.
void install_memory();

// Where large blocks come from: the C library, whose heap stays as large as it was and is left with gaps, or the system
// itself, page by page.
enum class MemorySource { kHeap, kSystem };

// While one of these lives, blocks are kept. Training steps do that, which want the same sizes again and again; for
// maps of pictures of all sizes it saves no time, and takes memory.
class KeepMemory {
 public:
  explicit KeepMemory(MemorySource source = MemorySource::kHeap);
  ~KeepMemory();
  KeepMemory(const KeepMemory&) = delete;
  KeepMemory& operator=(const KeepMemory&) = delete;

 private:
  const bool mapped_;
};

// Gives what is kept back to the system.
void release_memory();

struct MemoryState {
  int64_t used;  // bytes of large blocks that tensors hold
  int64_t kept;  // bytes of those that wait for the next
  int64_t most;  // the most that was used at once since the last release
};
MemoryState memory_state();

}  // namespace semples
