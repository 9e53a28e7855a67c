#include "core/cam/multiscale.h"

#include <torch/torch.h>

#include "core/images.h"

namespace semples {

namespace {

constexpr int64_t kCutStride = 16;

int64_t whole_strides(int64_t side) { return (side + kCutStride - 1) / kCutStride * kCutStride; }

// maps [B, k, gh, gw] -> [B, k, height, width]
at::Tensor resize_maps(const at::Tensor& maps, int64_t height, int64_t width, CamFit fit) {
  if (fit == CamFit::kStretch) return at::upsample_bilinear2d(maps, {height, width}, false);
  const at::Tensor whole = at::upsample_bilinear2d(maps, {whole_strides(height), whole_strides(width)}, false);
  return whole.narrow(2, 0, height).narrow(3, 0, width);
}

at::Tensor scale_cams(const at::Tensor& sum, CamScaling scaling) {
  const at::Tensor flat = sum.flatten(1);
  const at::Tensor high = flat.amax(1).view({-1, 1, 1});
  if (scaling == CamScaling::kMax) return sum / (high + 1e-5);
  const at::Tensor low = flat.amin(1).view({-1, 1, 1});
  return (sum - low) / (high - low + 1e-8);
}

}  // namespace

CamResult multiscale_cams(const MaskGenerator& generator, const std::vector<at::Tensor>& scales,
                          const at::Tensor& classes, const CamRules& rules, int64_t height, int64_t width) {
  const bool flip = rules.flip;
  torch::NoGradGuard no_grad;
  CamResult result;
  at::Tensor sum;
  for (const at::Tensor& pixels : scales) {
    at::Tensor images = normalize(pixels.unsqueeze(0).to(generator.device()), kImageNet);
    if (flip) images = at::cat({images, images.flip({3})}, 0);
    const GeneratorOutputs outputs = generator.forward(images, {});
    if (!result.class_logits.defined()) result.class_logits = outputs.scores[0];
    if (classes.size(0) == 0) {
      result.cams = torch::zeros({0, height, width}, images.options());
      return result;
    }
    const at::Tensor cams = resize_maps(outputs.maps.index_select(1, classes), height, width, rules.fit);
    const at::Tensor run = flip ? cams[0] + cams[1].flip({2}) : cams[0];
    sum = sum.defined() ? sum + run : run;
  }
  result.cams = scale_cams(sum, rules.scaling);
  return result;
}

}  // namespace semples
