#include <torch/torch.h>

#include <cmath>

#include "core/models/weaktr_generator.h"

namespace semples {

NamedTensors adapt_deit(NamedTensors state, int64_t classes, int64_t grid_side) {
  NamedTensors adapted;
  for (auto& [name, tensor] : state) {
    if (name == "cls_token" && tensor.dim() == 3 && tensor.size(1) == 1 && classes > 1) {
      tensor = tensor.repeat({1, classes, 1});
    } else if (name == "pos_embed" && tensor.dim() == 3) {
      // A DeiT table holds one class position; a WeakTr one holds `classes`, and then nothing is to be done.
      const int64_t side = tensor.size(1) > 1 ? std::llround(std::sqrt(double(tensor.size(1) - 1))) : 0;
      if (side > 0 && side * side == tensor.size(1) - 1 && tensor.size(1) != classes + grid_side * grid_side) {
        at::Tensor grid = tensor.slice(1, 1).reshape({1, side, side, -1}).permute({0, 3, 1, 2}).to(torch::kFloat32);
        if (side != grid_side) grid = at::upsample_bicubic2d(grid, {grid_side, grid_side}, false);
        tensor = at::cat(
            {tensor.narrow(1, 0, 1).to(torch::kFloat32).repeat({1, classes, 1}), grid.flatten(2).transpose(1, 2)}, 1);
      }
    } else if (name == "head.weight" && tensor.dim() == 2) {
      continue;
    } else if (name == "head.bias" && (tensor.dim() != 1 || tensor.size(0) != classes)) {
      continue;
    }
    adapted.emplace_back(name, tensor);
  }
  return adapted;
}

}  // namespace semples
