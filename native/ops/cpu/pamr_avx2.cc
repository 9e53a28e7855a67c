#include "ops/cpu/pamr_passes.h"

#if defined(__x86_64__)
#include <immintrin.h>

// Only what follows is compiled for AVX2 and FMA, and only called where the processor has them.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
#define SEMPLES_FMA
namespace semples::adaptive {
namespace avx2 {
namespace {
constexpr const char* kName = "avx2";
#include "ops/cpu/loops/adaptive.h"
}  // namespace
}  // namespace avx2
}  // namespace semples::adaptive
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

namespace semples::adaptive {
const PassTable* avx2_passes() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &avx2::kTable : nullptr;
}
}  // namespace semples::adaptive
#else
namespace semples::adaptive {
const PassTable* avx2_passes() { return nullptr; }
}  // namespace semples::adaptive
#endif
