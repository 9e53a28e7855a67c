#include "core/cam/multiscale.h"

#include <torch/torch.h>

#include "core/images.h"

namespace semples {

CamResult multiscale_cams(const MaskGenerator& generator, const std::vector<at::Tensor>& scales,
                          const at::Tensor& classes, bool flip, int64_t height, int64_t width) {
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
    const at::Tensor cams = at::upsample_bilinear2d(outputs.maps.index_select(1, classes), {height, width}, false);
    const at::Tensor run = flip ? cams[0] + cams[1].flip({2}) : cams[0];
    sum = sum.defined() ? sum + run : run;
  }
  const at::Tensor flat = sum.flatten(1);
  const at::Tensor low = flat.amin(1).view({-1, 1, 1}), high = flat.amax(1).view({-1, 1, 1});
  result.cams = (sum - low) / (high - low + 1e-8);
  return result;
}

}  // namespace semples
