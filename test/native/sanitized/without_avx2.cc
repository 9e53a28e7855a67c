// In the place of every passes_avx2.cc: a processor that has no AVX2.
#include "ops/dense_crf/cpu/passes.h"
#include "ops/pamr/cpu/passes.h"

namespace semples {

const dense_crf_cpu::PassTable* dense_crf_cpu::avx2_passes() { return nullptr; }
const pamr_cpu::PassTable* pamr_cpu::avx2_passes() { return nullptr; }

}  // namespace semples
