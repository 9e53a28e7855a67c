// A plain vision transformer (DeiT, ViT): pictures in, patch tokens out.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/models/transformer.h"
#include "core/options.h"

namespace semples {

struct VitConfig {
  int64_t image_size = 224, patch_size = 16, width = 384, depth = 12, heads = 6;
  double mlp_ratio = 4, drop_path_rate = 0.1;

  void visit(OptionVisitor& options) {
    options.whole("imageSize", image_size, 1, 1 << 14);
    options.whole("patchSize", patch_size, 1, 1024);
    options.whole("width", width, 1, 1 << 14);
    options.whole("depth", depth, 1, 256);
    options.whole("heads", heads, 1, 1024);
    options.number("mlpRatio", mlp_ratio, 0.01, 64);
    options.fraction("dropPathRate", drop_path_rate);
  }
  void check() const;
};

class VitEncoder {
 public:
  explicit VitEncoder(const VitConfig& config);

  // images [B, 3, H, W], whole patches -> [B, P, width] after the last norm, without the class token. Positions are
  // resized to the grid (bilinear, not aligned at corners).
  at::Tensor encode(const at::Tensor& images, StepNoise* noise) const;
  // With the names of DeiT.
  void append_to(NamedTensors& parameters, const std::string& prefix) const;

 private:
  at::Tensor positions(int64_t rows, int64_t columns) const;

  const VitConfig config_;
  at::Tensor class_token_, position_table_, patch_weight_, patch_bias_, norm_weight_, norm_bias_;
  std::vector<BlockWeights> blocks_;
};

}  // namespace semples
