#include "ops/cpu/pamr_passes.h"

// For any processor: the compiler makes of the vectors what the architecture always has (SSE2, NEON).
namespace semples::adaptive {
namespace portable {
namespace {
constexpr const char* kName = "portable";
#include "ops/cpu/loops/adaptive.h"
}  // namespace
}  // namespace portable

const PassTable& portable_passes() { return portable::kTable; }

const PassTable& passes() {
  static const PassTable& chosen = avx2_passes() != nullptr ? *avx2_passes() : portable_passes();
  return chosen;
}

}  // namespace semples::adaptive
