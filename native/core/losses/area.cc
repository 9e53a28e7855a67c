#include "core/losses/area.h"

#include <torch/torch.h>

#include "core/losses/values.h"

namespace semples {

TermValue Area::value(const StepValues& values) { return {values.masks.mean(), {}}; }

}  // namespace semples
