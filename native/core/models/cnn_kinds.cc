#include "core/models/cnn_kinds.h"

#include "core/error.h"

namespace semples {

void visit_backbone(OptionVisitor& options, BackboneKind& backbone, BackboneOptions& sizes, NormKind& norm) {
  options.choice("backbone", backbone,
                 {{"resnet50", BackboneKind::kResnet50},
                  {"resnet101", BackboneKind::kResnet101},
                  {"efficientnet-lite0", BackboneKind::kEfficientNetLite0}});
  options.number("width", sizes.width, 1.0 / 64, 8);
  options.whole("outputStride", sizes.output_stride, 16, 32);
  options.flag("dilate", sizes.dilate);
  options.choice("norm", norm, {{"live", NormKind::kLive}, {"fixed", NormKind::kFixed}, {"frozen", NormKind::kFrozen}});
}

void check_backbone(const BackboneOptions& sizes) {
  if (sizes.output_stride != 16 && sizes.output_stride != 32)
    throw refusal("outputStride", "16 or 32", std::to_string(sizes.output_stride));
  if (sizes.dilate && sizes.output_stride != 16)
    throw refusal("dilate", "false where outputStride is 32: no stride was removed,", "true");
}

CnnBackbone make_backbone(BackboneKind backbone, const BackboneOptions& sizes) {
  switch (backbone) {
    case BackboneKind::kResnet50:
      return make_resnet({3, 4, 6, 3}, sizes);
    case BackboneKind::kResnet101:
      return make_resnet({3, 4, 23, 3}, sizes);
    default:
      return make_efficientnet_lite0(sizes);
  }
}

}  // namespace semples
