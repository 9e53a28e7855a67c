// `clip-decoder`: a decoder over what every block of a frozen CLIP gives. In the spirit of WeCLIP (Zhang et al., CVPR
// 2024); the sizes are ours.
#pragma once
#include <memory>

#include "core/models/transformer.h"
#include "core/segment/segmenters.h"

namespace semples {

struct ClipDecoderConfig {
  int64_t width = 256, depth = 3, heads = 8;
  double dropout = 0.1;

  void visit(OptionVisitor& options) {
    options.whole("width", width, 1, 1 << 14);
    options.whole("depth", depth, 1, 64);
    options.whole("heads", heads, 1, 1024);
    options.fraction("dropout", dropout);
  }
  void check(const SegmenterBasics& basics) const;
};

class ClipDecoder : public Segmenter {
 public:
  using Config = ClipDecoderConfig;
  ClipDecoder(const ClipDecoderConfig& config, const SegmenterBasics& basics);

  std::vector<at::Tensor> compute(const at::Tensor& images, const SegmentPass& pass) const override;
  int64_t stride() const override { return patch_; }
  int64_t multiple() const override { return patch_; }
  const NamedTensors& parameters() const override { return parameters_; }
  // The CLIP is frozen, and no part of the parameters.
  std::string encoder_prefix() const override { return ""; }
  int64_t classes() const override { return classes_; }

 private:
  struct Mlp {
    at::Tensor first_weight, first_bias, second_weight, second_bias;
  };
  const ClipDecoderConfig config_;
  const int64_t classes_, patch_;
  std::shared_ptr<Clip> clip_;
  std::vector<Mlp> mlps_;
  at::Tensor merge_weight_, merge_bias_, norm_weight_, norm_bias_, classifier_weight_, classifier_bias_;
  std::vector<BlockWeights> blocks_;
  NamedTensors parameters_;
};

}  // namespace semples
