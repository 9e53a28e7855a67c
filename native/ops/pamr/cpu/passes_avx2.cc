#include "ops/pamr/cpu/passes.h"

#define SEMPLES_PASSES_NAMESPACE semples::pamr_cpu
#define SEMPLES_LOOPS "ops/pamr/cpu/loops.h"
#include "ops/common/cpu/compile_for_avx2.h"
