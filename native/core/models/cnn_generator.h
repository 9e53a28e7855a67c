// CNN mask generator: class activation maps by global average pooling and a fully connected layer (Zhou et al., arXiv
// 1512.04150), as one 1x1 convolution: the mean of its output is the class's logit.
#pragma once
#include "core/models/cnn_kinds.h"
#include "core/models/feature_cache.h"
#include "core/models/generators.h"

namespace semples {

// Which part of the backbone no gradient reaches.
enum class Frozen { kNone, kStem, kLayer2, kAll };
enum class CnnHead {
  kLinear,   // the class's row times the features
  kContext,  // and a 3x3 convolution over features of two depths
};

struct CnnConfig {
  BackboneKind backbone = BackboneKind::kResnet50;
  BackboneOptions sizes;
  NormKind norm = NormKind::kFrozen;
  Frozen frozen = Frozen::kNone;
  CnnHead head = CnnHead::kLinear;
  int64_t cache_megabytes = 0;  // for features of a frozen backbone

  void visit(OptionVisitor& options) {
    visit_backbone(options, backbone, sizes, norm);
    options.choice(
        "frozen", frozen,
        {{"none", Frozen::kNone}, {"stem", Frozen::kStem}, {"layer2", Frozen::kLayer2}, {"all", Frozen::kAll}});
    options.choice("head", head, {{"linear", CnnHead::kLinear}, {"context", CnnHead::kContext}});
    options.whole("cacheMegabytes", cache_megabytes, 0, 1 << 20);
  }
  void check(const GeneratorBasics& basics) const;
};

class CnnGenerator : public MaskGenerator {
 public:
  using Config = CnnConfig;
  CnnGenerator(const CnnConfig& config, const GeneratorBasics& basics);

  // Outputs: `coarse_logits` (mean of the signed response), `cam` (its positive part, the maps) and, on request,
  // `response`, the output of every `stage.N` and the backbone's `features` [B, channels, gh, gw]. Pictures of any
  // size; no noise.
  GeneratorOutputs compute(const at::Tensor& images, const ForwardOptions& options) const override;
  const NamedTensors& parameters() const override { return parameters_; }
  const NamedTensors& buffers() const override { return net_.buffers; }
  std::vector<std::string> head_parameters() const override;
  // semples: losses reach the head alone. all, classification: everything but what `frozen` and `norm` keep.
  std::vector<std::string> gradient_rules() const override { return {"semples", "classification", "all"}; }
  // Published classifiers: their classification head and counters are dropped.
  int64_t classes() const override { return classes_; }
  at::Tensor sample_noise(int64_t, uint64_t) const override { return {}; }

 private:
  struct Features {
    at::Tensor last, context;
  };
  Features encode(const at::Tensor& images, const ForwardOptions& options, NamedTensors& trace) const;
  Features encode_stages(const at::Tensor& images, const NormPass& pass, size_t frozen, NamedTensors* trace) const;
  at::Tensor respond(const Features& features) const;
  Features remembered(const at::Tensor& images, const NormPass& pass) const;
  size_t frozen_stages() const;
  void initialize(uint64_t seed);

  const CnnConfig config_;
  const int64_t classes_;
  CnnBackbone net_;
  mutable FeatureCache cache_;
  at::Tensor head_weight_, reduce_weight_, reduce_bias_, context_weight_;
  NamedTensors parameters_;
};

}  // namespace semples
