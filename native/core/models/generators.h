// The kinds of mask generators.
#pragma once
#include <functional>
#include <memory>

#include "core/models/mask_generator.h"
#include "core/options.h"
#include "core/precision.h"

namespace semples {

// What every kind is told.
struct GeneratorBasics {
  int64_t classes = 0;
  uint64_t seed = 0;  // of the random initialisation
  at::Device device = at::kCPU;
  Precision precision = Precision::kFloat32;

  void visit(OptionVisitor& options);
};

using GeneratorFactory = std::function<std::shared_ptr<MaskGenerator>()>;

// Reads `kind`, what every kind is told and the options of that kind, and checks them. The factory takes time and may
// be called on another thread.
GeneratorFactory plan_generator(OptionVisitor& options);

}  // namespace semples
