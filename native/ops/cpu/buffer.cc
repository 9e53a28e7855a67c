#include "ops/cpu/buffer.h"

#include <cstdlib>
#ifdef __linux__
#include <sys/mman.h>
#endif

namespace semples::crf {

namespace {
constexpr size_t kLine = 64, kLargePage = size_t{2} << 20;

size_t round_up(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }
}  // namespace

void* allocate(size_t bytes) {
  if (bytes == 0) return nullptr;
  const bool large = bytes >= 2 * kLargePage;
  const size_t unit = large ? kLargePage : kLine;
  if (bytes > SIZE_MAX - unit) throw std::bad_alloc();
  void* memory = std::aligned_alloc(unit, round_up(bytes, unit));
  if (memory == nullptr) throw std::bad_alloc();
#ifdef __linux__
  if (large) madvise(memory, round_up(bytes, unit), MADV_HUGEPAGE);
#endif
  return memory;
}

void release(void* memory, size_t) noexcept { std::free(memory); }

}  // namespace semples::crf
