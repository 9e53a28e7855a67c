// The kinds of segmentation models.
#pragma once
#include <functional>
#include <memory>

#include "core/clip/clip.h"
#include "core/options.h"
#include "core/precision.h"
#include "core/segment/segmenter.h"

namespace semples {

// What every kind is told.
struct SegmenterBasics {
  int64_t classes = 0;  // background included
  uint64_t seed = 0;    // of the random initialisation
  at::Device device = at::kCPU;
  Precision precision = Precision::kFloat32;
  std::shared_ptr<Clip> clip;  // of the kinds that look through one

  void visit(OptionVisitor& options);
};

using SegmenterFactory = std::function<std::shared_ptr<Segmenter>()>;

// Reads `kind`, what every kind is told and the options of that kind, and checks them. The factory takes time and may
// be called on another thread.
SegmenterFactory plan_segmenter(OptionVisitor& options, std::shared_ptr<Clip> clip);

}  // namespace semples
