// Compiles the loops of a kernel for AVX2 and FMA; used as compile_portable.h. Where the processor has no AVX2,
// `avx2_passes()` is null.
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
namespace SEMPLES_PASSES_NAMESPACE {
namespace avx2 {
namespace {
constexpr const char* kName = "avx2";
#include SEMPLES_LOOPS
}  // namespace
}  // namespace avx2
}  // namespace SEMPLES_PASSES_NAMESPACE
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

namespace SEMPLES_PASSES_NAMESPACE {
const PassTable* avx2_passes() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &avx2::kTable : nullptr;
}
}  // namespace SEMPLES_PASSES_NAMESPACE
#else
namespace SEMPLES_PASSES_NAMESPACE {
const PassTable* avx2_passes() { return nullptr; }
}  // namespace SEMPLES_PASSES_NAMESPACE
#endif
