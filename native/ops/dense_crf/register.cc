// The schema of semples::dense_crf and its kernels.
#include <torch/library.h>

#include "ops/dense_crf/cpu/normalized_lattice.h"
#include "ops/dense_crf/dense_crf.h"

namespace semples {

const Operator& dense_crf_operator() {
  static const Operator op = {
      "dense_crf",
      "dense_crf(Tensor image, Tensor unary, Tensor gaussian, Tensor bilateral, Tensor[] compatibility, "
      "int iterations=10, str normalization='symmetric', Tensor? start=None) -> Tensor",
      {{c10::DispatchKey::CPU, [](torch::Library& library) { library.impl("dense_crf", TORCH_FN(dense_crf_on_cpu)); }},
       {c10::DispatchKey::CUDA, [](torch::Library& library) { library.impl("dense_crf", TORCH_FN(dense_crf_on_cuda)); },
        has_dense_crf_on_cuda}},
      dense_crf_cpu::release_lattices,
  };
  return op;
}

}  // namespace semples
