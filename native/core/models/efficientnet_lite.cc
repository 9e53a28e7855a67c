#include <torch/torch.h>

#include <cmath>

#include "core/models/cnn_backbone.h"

namespace semples {

namespace {

constexpr double kEpsilon = 1e-3, kMomentum = 0.01;
constexpr int64_t kStem = 32, kHead = 1280;

struct StageShape {
  int64_t blocks, kernel, stride, expansion, channels;
};
constexpr StageShape kStages[] = {{1, 3, 1, 1, 16},  {2, 3, 2, 6, 24},  {2, 5, 2, 6, 40}, {3, 3, 2, 6, 80},
                                  {3, 5, 1, 6, 112}, {4, 5, 2, 6, 192}, {1, 3, 1, 6, 320}};
constexpr size_t kLastStrided = 5;

at::Tensor relu6_(at::Tensor x) { return at::hardtanh_(x, 0, 6); }

// Inverted bottleneck (Sandler et al., arXiv 1801.04381).
struct InvertedBottleneck {
  std::shared_ptr<ConvNorm> expand, depthwise, project;
  bool residual = false;

  at::Tensor operator()(const at::Tensor& input, const NormPass& pass) const {
    at::Tensor x = expand ? relu6_(expand->forward(input, pass)) : input;
    x = relu6_(depthwise->forward(x, pass));
    x = project->forward(x, pass);
    return residual ? x + input : x;
  }
};

// Channels for another width: multiples of 8, never 10 % less than asked for.
int64_t scaled(int64_t channels, double width) {
  const double wanted = double(channels) * width;
  const int64_t rounded = std::max<int64_t>(8, int64_t(wanted + 4) / 8 * 8);
  return double(rounded) < 0.9 * wanted ? rounded + 8 : rounded;
}

class Builder {
 public:
  explicit Builder(const BackboneOptions& options) : options_(options) {
    // Bytes minus 127, over 128.
    net_.statistics = {{127.0 / 255, 127.0 / 255, 127.0 / 255}, {128.0 / 255, 128.0 / 255, 128.0 / 255}};
    net_.stem = 1;
    net_.half = 4;
    net_.context = 5;
  }

  CnnBackbone build() {
    in_ = scaled(kStem, options_.width);
    add_layer({3, in_, 3, 2}, "_conv_stem", "_bn0");
    for (size_t i = 0; i < std::size(kStages); ++i) add_stage(i);
    const int64_t head = scaled(kHead, options_.width);
    add_layer({in_, head, 1}, "_conv_head", "_bn1");
    return std::move(net_);
  }

 private:
  std::shared_ptr<ConvNorm> convolution(Convolution shape, const std::string& name, const std::string& norm) {
    shape.same_padding = true;
    return net_.add(shape, {name, norm}, kEpsilon, kMomentum);
  }

  void add_layer(const Convolution& shape, const std::string& name, const std::string& norm) {
    const auto layer = convolution(shape, name, norm);
    net_.stages.push_back(
        {{[layer](const at::Tensor& input, const NormPass& pass) { return relu6_(layer->forward(input, pass)); }},
         shape.out});
  }

  void add_stage(size_t index) {
    const StageShape& shape = kStages[index];
    const bool removed = options_.output_stride == 16 && index == kLastStrided;
    const bool beyond = options_.output_stride == 16 && index > kLastStrided;
    CnnBackbone::Stage stage{{}, scaled(shape.channels, options_.width)};
    for (int64_t i = 0; i < shape.blocks; ++i, ++block_) {
      const std::string name = "_blocks." + std::to_string(block_) + ".";
      const int64_t inner = in_ * shape.expansion, stride = i == 0 && !removed ? shape.stride : 1;
      const int64_t dilation = options_.dilate && (beyond || (removed && i > 0)) ? 2 : 1;
      InvertedBottleneck block;
      if (shape.expansion != 1) block.expand = convolution({in_, inner, 1}, name + "_expand_conv", name + "_bn0");
      block.depthwise =
          convolution({inner, inner, shape.kernel, stride, inner, dilation}, name + "_depthwise_conv", name + "_bn1");
      block.project = convolution({inner, stage.channels, 1}, name + "_project_conv", name + "_bn2");
      // The published stride decides: without it the shapes would allow no more than the weights were trained with.
      block.residual = (i > 0 || shape.stride == 1) && in_ == stage.channels;
      stage.blocks.push_back(block);
      in_ = stage.channels;
    }
    net_.stages.push_back(std::move(stage));
  }

  BackboneOptions options_;
  CnnBackbone net_;
  int64_t in_ = 0, block_ = 0;
};

}  // namespace

CnnBackbone make_efficientnet_lite0(const BackboneOptions& options) { return Builder(options).build(); }

}  // namespace semples
