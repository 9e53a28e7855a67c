// Which convolutional backbone, and how its norms work: what generators and segmentation models of them have in common.
#pragma once
#include "core/models/cnn_backbone.h"
#include "core/options.h"

namespace semples {

enum class BackboneKind { kResnet50, kResnet101, kEfficientNetLite0 };
enum class NormKind {
  kLive,    // statistics of the batch, running averages updated
  kFixed,   // running averages; scale and shift are trained
  kFrozen,  // running averages; nothing of it is trained
};

void visit_backbone(OptionVisitor& options, BackboneKind& backbone, BackboneOptions& sizes, NormKind& norm);
void check_backbone(const BackboneOptions& sizes);
CnnBackbone make_backbone(BackboneKind backbone, const BackboneOptions& sizes);

}  // namespace semples
