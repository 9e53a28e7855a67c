// WeakTr-style mask generator (Zhu et al., arXiv 2304.01184): a DeiT with one class token per class, a convolutional
// CAM head, adaptive attention fusion and patch-affinity refinement.
#pragma once
#include "core/models/attention_fusion.h"
#include "core/models/mask_generator.h"
#include "core/models/transformer.h"

namespace semples {

// Which maps become masks: those of the CAM head weighted by class attention and spread by patch affinity (WeakTr), or
// the CAM head's own.
enum class Maps { kRefined, kPlain };

// Defaults: DeiT-S/16 at 224 as trained for VOC 2012.
struct WeakTrConfig {
  int64_t image_size = 224, patch_size = 16, width = 384, depth = 12, heads = 6, classes = 20;
  double mlp_ratio = 4.0;
  int64_t fusion_reduction = 8, fusion_feature_reduction = 8;
  FusionPool fusion_pool = FusionPool::kMax;
  Maps maps = Maps::kRefined;
  double drop_path = 0.1;
  uint64_t seed = 0;  // of the random initialisation
};

class WeakTrGenerator : public MaskGenerator {
 public:
  WeakTrGenerator(const WeakTrConfig& config, at::Device device);

  GeneratorOutputs forward(const at::Tensor& images, const ForwardOptions& options) const override;
  const NamedTensors& parameters() const override { return parameters_; }
  std::vector<std::string> head_parameters() const override;
  NamedTensors adapt(NamedTensors state) const override;
  int64_t classes() const override { return config_.classes; }
  int64_t patch_size() const override { return config_.patch_size; }
  at::Tensor sample_noise(int64_t batch, uint64_t seed) const override;

 private:
  void initialize();
  at::Tensor positions(int64_t height, int64_t width) const;

  WeakTrConfig config_;
  at::Tensor class_token_, position_table_, patch_weight_, patch_bias_, norm_weight_, norm_bias_, head_weight_,
      head_bias_;
  std::vector<BlockWeights> blocks_;
  AttentionFusion fusion_;
  NamedTensors parameters_;
};

// DeiT or ViT state -> WeakTr state of the given sizes: the class token and its position are repeated for every class,
// patch positions are resized bicubically, the classification head is dropped. WeakTr states pass unchanged.
NamedTensors adapt_deit(NamedTensors state, int64_t classes, int64_t grid_side);

}  // namespace semples
