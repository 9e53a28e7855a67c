// What passes_portable.cc and passes_avx2.cc compile, each for its own instructions: included once by each, in
// its own namespace, after the headers and (for AVX2) the target pragma. Raw pointers only: an inline function of the
// standard library compiled here could be the copy that the linker keeps for everyone.
#include "ops/common/cpu/vectors.h"
// Each needs the one before.
#include "ops/dense_crf/cpu/loops/blur.h"
#include "ops/dense_crf/cpu/loops/embed.h"
#include "ops/dense_crf/cpu/loops/pixels.h"

const PassTable kTable = {kName, embed, blur, pixels};
