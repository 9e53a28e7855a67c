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

// What must fit for a load to happen at all.
struct LoadRules {
  bool strict = true;  // everything; neither side has more names than the other
  // Without `strict`: every tensor of these names is there, and all tensors that are there have the right shape.
  std::vector<std::string> required;
};

// Copies every tensor of `source` whose name and shape fit into `target`, under no_grad. Against the rules nothing is
// copied: SEMPLES_CHECKPOINT_MISMATCH names the first that do not fit.
LoadReport load_named(const NamedTensors& source, const NamedTensors& target, const LoadRules& rules);

const at::Tensor* find_tensor(const NamedTensors& tensors, const std::string& name);
std::string shape_text(at::IntArrayRef shape);

}  // namespace semples
