#include "ops/cpu/mean_field_passes.h"

// For any processor: the compiler makes of the vectors what the architecture always has (SSE2, NEON).
namespace semples::crf {
namespace portable {
namespace {
constexpr const char* kName = "portable";
#include "ops/cpu/loops/all.h"
}  // namespace
}  // namespace portable

const PassTable& portable_passes() { return portable::kTable; }

int padded_lanes(int labels) {
  for (const int lanes : {4, 8, 16, 24, 32, 64, 128})
    if (labels <= lanes) return lanes;
  return 512;
}

const PassTable& passes() {
  static const PassTable& chosen = avx2_passes() != nullptr ? *avx2_passes() : portable_passes();
  return chosen;
}

}  // namespace semples::crf
