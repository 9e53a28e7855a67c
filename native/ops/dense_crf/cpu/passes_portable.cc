#include "ops/dense_crf/cpu/passes.h"

#define SEMPLES_PASSES_NAMESPACE semples::dense_crf_cpu
#define SEMPLES_LOOPS "ops/dense_crf/cpu/loops/all.h"
#include "ops/common/cpu/compile_portable.h"
