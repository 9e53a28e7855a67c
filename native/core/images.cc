#include "core/images.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

namespace semples {

namespace {

at::Tensor channels(const std::array<double, 3>& values, const at::TensorOptions& options) {
  return torch::tensor({values[0], values[1], values[2]}, torch::kFloat32).view({1, 3, 1, 1}).to(options.device());
}

}  // namespace

at::Tensor normalize(const at::Tensor& pixels, const Normalization& statistics) {
  // Divide first, as Pillow-and-torchvision pipelines do: folding the two scales into one changes the last bit.
  at::Tensor images = pixels.permute({0, 3, 1, 2}).to(torch::kFloat32).contiguous().div_(255.0);
  return images.sub_(channels(statistics.mean, images.options()))
      .div_(channels(statistics.deviation, images.options()));
}

at::Tensor renormalize(const at::Tensor& images, const Normalization& from, const Normalization& to) {
  const auto options = images.options();
  return (images * channels(from.deviation, options) + channels(from.mean, options) - channels(to.mean, options)) /
         channels(to.deviation, options);
}

void erase_boxes(at::Tensor& images, const at::Tensor& boxes, uint64_t seed) {
  auto generator = at::detail::createCPUGenerator(seed);
  const auto box = boxes.accessor<int32_t, 2>();
  for (int64_t i = 0; i < images.size(0); ++i) {
    const int64_t top = box[i][0], left = box[i][1], height = box[i][2], width = box[i][3];
    if (height <= 0 || width <= 0) continue;
    const at::Tensor noise =
        torch::randn({images.size(1), height, width}, generator, images.options().device(torch::kCPU));
    images[i].narrow(1, top, height).narrow(2, left, width).copy_(noise);
  }
}

}  // namespace semples
