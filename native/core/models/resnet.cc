#include <torch/torch.h>

#include <cmath>

#include "core/models/cnn_backbone.h"

namespace semples {

namespace {

constexpr double kEpsilon = 1e-5, kMomentum = 0.1;
constexpr int64_t kExpansion = 4;

struct Bottleneck {
  std::shared_ptr<ConvNorm> reduce, spatial, expand, shortcut;

  at::Tensor operator()(const at::Tensor& input, const NormPass& pass) const {
    at::Tensor x = reduce->forward(input, pass).relu_();
    x = spatial->forward(x, pass).relu_();
    x = expand->forward(x, pass);
    return (x + (shortcut ? shortcut->forward(input, pass) : input)).relu_();
  }
};

Bottleneck make_bottleneck(CnnBackbone& net, const std::string& name, int64_t in, int64_t width, int64_t stride,
                           int64_t dilation, bool first) {
  const auto add = [&](const Convolution& shape, const char* convolution, const char* norm) {
    return net.add(shape, {name + convolution, name + norm}, kEpsilon, kMomentum);
  };
  const int64_t out = width * kExpansion;
  Bottleneck block;
  block.reduce = add({in, width, 1}, "conv1", "bn1");
  block.spatial = add({width, width, 3, stride, 1, dilation}, "conv2", "bn2");
  block.expand = add({width, out, 1}, "conv3", "bn3");
  if (first) block.shortcut = add({in, out, 1, stride}, "downsample.0", "downsample.1");
  return block;
}

}  // namespace

CnnBackbone make_resnet(const std::array<int64_t, 4>& blocks, const BackboneOptions& options) {
  CnnBackbone net;
  net.stem = 1;
  net.half = 3;
  net.context = 3;
  int64_t width = std::max<int64_t>(1, std::llround(64 * options.width)), in = width;
  const auto stem = net.add({3, width, 7, 2}, {"conv1", "bn1"}, kEpsilon, kMomentum);
  net.stages.push_back({{[stem](const at::Tensor& input, const NormPass& pass) {
                          return at::max_pool2d(stem->forward(input, pass).relu_(), 3, 2, 1);
                        }},
                        width});
  for (size_t i = 0; i < blocks.size(); ++i, width *= 2) {
    const bool last = i + 1 == blocks.size(), kept = !last || options.output_stride == 32;
    CnnBackbone::Stage stage{{}, width * kExpansion};
    for (int64_t j = 0; j < blocks[i]; ++j) {
      const std::string name = "layer" + std::to_string(i + 1) + "." + std::to_string(j) + ".";
      const int64_t stride = j == 0 && i > 0 && kept ? 2 : 1;
      const int64_t dilation = j > 0 && !kept && options.dilate ? 2 : 1;
      stage.blocks.push_back(make_bottleneck(net, name, in, width, stride, dilation, j == 0));
      in = stage.channels;
    }
    net.stages.push_back(std::move(stage));
  }
  return net;
}

}  // namespace semples
