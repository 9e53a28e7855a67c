// Named tensors and how they are put into a model.
#pragma once
#include <torch/types.h>

#include <string>
#include <utility>
#include <vector>

namespace semples {

// Insertion-ordered: file order, then optimiser order.
using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

struct LoadReport {
  std::vector<std::string> missing;     // parameters of the model that the file lacks
  std::vector<std::string> unexpected;  // names of the file that the model lacks
  std::vector<std::string> mismatched;  // "head.weight: file [1000, 384], model [20, 384, 3, 3]"
};

// Copies every tensor of `source` whose name and shape fit into `target`, under no_grad.
// With `strict` nothing is copied unless everything fits: then SEMPLES_CHECKPOINT_MISMATCH names the first that do not.
LoadReport load_named(const NamedTensors& source, const NamedTensors& target, bool strict);

const at::Tensor* find_tensor(const NamedTensors& tensors, const std::string& name);
std::string shape_text(at::IntArrayRef shape);

}  // namespace semples
