// `vit-mask`: a vision transformer and the mask transformer of Segmenter (Strudel et al., ICCV 2021, arXiv 2105.05633),
// as WeakTr retrains it (Zhu et al., arXiv 2304.01184).
#pragma once
#include "core/segment/segmenters.h"
#include "core/segment/vit_encoder.h"

namespace semples {

struct VitMaskConfig {
  VitConfig encoder;
  int64_t decoder_depth = 2;
  double dropout = 0.1;
  bool half_statistics = false;  // pictures with mean and deviation 0.5, as augreg ViTs were trained, not ImageNet's

  void visit(OptionVisitor& options) {
    encoder.visit(options);
    options.whole("decoderDepth", decoder_depth, 1, 64);
    options.fraction("dropout", dropout);
    options.flag("halfStatistics", half_statistics);
  }
  void check(const SegmenterBasics&) const { encoder.check(); }
};

class VitMask : public Segmenter {
 public:
  using Config = VitMaskConfig;
  VitMask(const VitMaskConfig& config, const SegmenterBasics& basics);

  // With `every_output` one map of logits for each block of the decoder, all through the same norm and projections.
  std::vector<at::Tensor> compute(const at::Tensor& images, const SegmentPass& pass) const override;
  int64_t stride() const override { return config_.encoder.patch_size; }
  int64_t multiple() const override { return config_.encoder.patch_size; }
  const NamedTensors& parameters() const override { return parameters_; }
  std::string encoder_prefix() const override { return "encoder."; }
  int64_t classes() const override { return classes_; }

 private:
  at::Tensor read_out(const at::Tensor& tokens, int64_t rows, int64_t columns) const;
  void initialize(uint64_t seed);

  const VitMaskConfig config_;
  const int64_t classes_;
  VitEncoder encoder_;
  at::Tensor class_embeddings_, project_weight_, project_bias_, patch_projection_, class_projection_;
  at::Tensor norm_weight_, norm_bias_, mask_norm_weight_, mask_norm_bias_;
  std::vector<BlockWeights> blocks_;
  NamedTensors parameters_;
};

}  // namespace semples
