// Compiles the loops of a kernel for any processor, and chooses between them and those of compile_for_avx2.h. A source
// file declares `struct PassTable { const char* name; ... }`, `passes()`, `portable_passes()` and `avx2_passes()` in
// its namespace, says what to compile, and includes this file:
//
//     #define SEMPLES_PASSES_NAMESPACE semples::pamr_cpu
//     #define SEMPLES_LOOPS "ops/pamr/cpu/loops.h"
//     #include "ops/common/cpu/compile_portable.h"
//
// The loops end with `const PassTable kTable = {kName, ...};`. They are compiled once for each instruction set, each in
// its own namespace. Raw pointers only: an inline function of the standard library compiled in them could be the copy
// that the linker keeps for everyone.
namespace SEMPLES_PASSES_NAMESPACE {

namespace portable {
namespace {
// The compiler makes of the vectors what the architecture always has (SSE2, NEON).
constexpr const char* kName = "portable";
#include SEMPLES_LOOPS
}  // namespace
}  // namespace portable

const PassTable& portable_passes() { return portable::kTable; }

const PassTable& passes() {
  static const PassTable& chosen = avx2_passes() != nullptr ? *avx2_passes() : portable_passes();
  return chosen;
}

}  // namespace SEMPLES_PASSES_NAMESPACE
