// The torch operators for Python: torch.ops.load_library() of this shared object registers them. The reference versions
// register themselves.
#include "ops/register.h"

static const bool registered = [] {
  semples::register_ops();
  return true;
}();
