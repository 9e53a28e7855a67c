// The schema of semples::pamr and its kernels.
#include <torch/library.h>

#include "ops/pamr/pamr.h"

namespace semples {

const Operator& pamr_operator() {
  static const Operator op = {
      "pamr",
      "pamr(Tensor image, Tensor maps, int iterations=10, int[] dilations=[1, 2, 4, 8, 12, 24]) -> Tensor",
      {{c10::DispatchKey::CPU, [](torch::Library& library) { library.impl("pamr", TORCH_FN(pamr_on_cpu)); }},
       {c10::DispatchKey::CUDA, [](torch::Library& library) { library.impl("pamr", TORCH_FN(pamr_on_cuda)); },
        has_pamr_on_cuda}},
  };
  return op;
}

}  // namespace semples
