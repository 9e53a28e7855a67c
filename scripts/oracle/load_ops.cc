// The torch operators for Python: torch.ops.load_library() of this shared object registers them.
#include <torch/library.h>

#include "ops/register.h"
#include "ops/schemas.h"

static const bool registered = [] {
  semples::register_ops();
  static torch::Library reference(torch::Library::FRAGMENT, "semples", std::nullopt, __FILE__, __LINE__);
  semples::define_reference_dense_crf(reference);
  semples::define_reference_pamr(reference);
  return true;
}();
