// WeakTr-style mask generator (Zhu et al., arXiv 2304.01184): a DeiT with one class token per class, a convolutional
// CAM head, adaptive attention fusion and patch-affinity refinement.
#pragma once
#include "core/models/attention_fusion.h"
#include "core/models/generators.h"
#include "core/models/transformer.h"

namespace semples {

// Which maps become masks: those of the CAM head weighted by class attention and spread by patch affinity (WeakTr), or
// the CAM head's own.
enum class Maps { kAttention, kPlain };

// Defaults: DeiT-S/16 at 224 as trained for VOC 2012.
struct WeakTrConfig {
  int64_t image_size = 224, patch_size = 16, width = 384, depth = 12, heads = 6;
  double mlp_ratio = 4.0;
  int64_t fusion_reduction = 8, fusion_feature_reduction = 8;
  FusionPool fusion_pool = FusionPool::kMax;
  Maps maps = Maps::kAttention;
  double drop_path_rate = 0.1;  // of the last block; it grows linearly from 0

  void visit(OptionVisitor& options) {
    options.whole("imageSize", image_size, 1, 16384);
    options.whole("patchSize", patch_size, 1, 256);
    options.whole("width", width, 1, 16384);
    options.whole("depth", depth, 1, 256);
    options.whole("heads", heads, 1, 256);
    options.number("mlpRatio", mlp_ratio, 1.0 / 64, 64);
    options.whole("fusionReduction", fusion_reduction, 1, 1 << 20);
    options.whole("fusionFeatureReduction", fusion_feature_reduction, 1, 1 << 20);
    options.choice("fusionPool", fusion_pool, {{"max", FusionPool::kMax}, {"mean", FusionPool::kMean}});
    options.choice("maps", maps, {{"attention", Maps::kAttention}, {"plain", Maps::kPlain}});
    options.fraction("dropPathRate", drop_path_rate);
  }
  // What would crash, or take more memory than there is.
  void check(const GeneratorBasics& basics) const;
};

class WeakTrGenerator : public MaskGenerator {
 public:
  using Config = WeakTrConfig;
  WeakTrGenerator(const WeakTrConfig& config, const GeneratorBasics& basics);

  // Outputs: `class_logits`, `coarse_logits` (mean of the signed head output), `fine_logits` (mean of fine_cam),
  // `fine_cam`; the feature map is `patch_features` [B, width, gh, gw]. Noise: factors of drop path [depth, 2, B].
  GeneratorOutputs compute(const at::Tensor& images, const ForwardOptions& options) const override;
  const NamedTensors& parameters() const override { return parameters_; }
  std::vector<std::string> head_parameters() const override;
  // semples: patch tokens are detached before the CAM head, so that losses train head and fusion alone.
  // classification (WeakTr): the head trains the backbone, but the CAM is detached before it is refined.
  std::vector<std::string> gradient_rules() const override { return {"semples", "classification", "all"}; }
  // DeiT: class token repeated, positions resized, classification head dropped.
  int64_t classes() const override { return classes_; }
  at::Tensor sample_noise(int64_t batch, uint64_t seed) const override;

 private:
  struct Encoded;
  void initialize(uint64_t seed);
  void check_inputs(const at::Tensor& images, const at::Tensor& drop_factors) const;
  at::Tensor positions(int64_t height, int64_t width) const;
  Encoded encode(const at::Tensor& images, const ForwardOptions& options, NamedTensors& trace) const;
  at::Tensor refine(const at::Tensor& coarse_cam, const Encoded& encoded, NamedTensors& trace) const;

  const WeakTrConfig config_;
  const int64_t classes_;
  at::Tensor class_token_, position_table_, patch_weight_, patch_bias_, norm_weight_, norm_bias_, head_weight_,
      head_bias_;
  std::vector<BlockWeights> blocks_;
  AttentionFusion fusion_;
  NamedTensors parameters_;
};

}  // namespace semples
