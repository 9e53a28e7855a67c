// In the place of mean_field_avx2.cc and pamr_avx2.cc: a processor that has no AVX2.
#include "ops/cpu/mean_field_passes.h"
#include "ops/cpu/pamr_passes.h"

namespace semples {

const crf::PassTable* crf::avx2_passes() { return nullptr; }
const adaptive::PassTable* adaptive::avx2_passes() { return nullptr; }

}  // namespace semples
