// `deeplabv3plus`: a convolutional backbone, atrous spatial pyramid pooling and a light decoder (Chen et al., ECCV
// 2018, arXiv 1802.02611).
#pragma once
#include <memory>

#include "core/models/cnn_backbone.h"
#include "core/models/cnn_kinds.h"
#include "core/segment/segmenters.h"

namespace semples {

struct DeepLabConfig {
  BackboneKind backbone = BackboneKind::kResnet50;
  BackboneOptions sizes{.width = 1, .output_stride = 16, .dilate = true};
  NormKind norm = NormKind::kFrozen;  // of the backbone; the other norms use the statistics of the batch
  int64_t channels = 256, low_channels = 48;
  double dropout = 0.1;  // of the features after the pyramid

  void visit(OptionVisitor& options) {
    visit_backbone(options, backbone, sizes, norm);
    options.whole("channels", channels, 1, 4096);
    options.whole("lowChannels", low_channels, 1, 4096);
    options.fraction("dropout", dropout);
  }
  void check(const SegmenterBasics&) const { check_backbone(sizes); }
};

class DeepLab : public Segmenter {
 public:
  using Config = DeepLabConfig;
  DeepLab(const DeepLabConfig& config, const SegmenterBasics& basics);

  std::vector<at::Tensor> compute(const at::Tensor& images, const SegmentPass& pass) const override;
  int64_t stride() const override { return kLowStride; }
  int64_t multiple() const override { return config_.sizes.output_stride; }
  const NamedTensors& parameters() const override { return parameters_; }
  const NamedTensors& buffers() const override { return net_.buffers; }
  std::string encoder_prefix() const override { return "backbone."; }
  int64_t classes() const override { return classes_; }

 private:
  static constexpr int64_t kLowStride = 4;
  struct Features {
    at::Tensor low, last;
  };
  Features encode(const at::Tensor& images, const SegmentPass& pass) const;
  at::Tensor pyramid(const at::Tensor& features, const NormPass& pass) const;
  std::shared_ptr<ConvNorm> layer(int64_t in, int64_t out, int64_t kernel, int64_t dilation, const std::string& name);

  const DeepLabConfig config_;
  const int64_t classes_;
  CnnBackbone net_;
  size_t low_stage_ = 0;
  std::vector<std::shared_ptr<ConvNorm>> branches_;
  std::shared_ptr<ConvNorm> pooled_, merge_, low_, first_, second_;
  at::Tensor classifier_weight_, classifier_bias_;
  NamedTensors parameters_;
};

}  // namespace semples
