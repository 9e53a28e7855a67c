#include <torch/script.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "core/checkpoint/state.h"
#include "core/clip/layouts.h"
#include "core/error.h"

namespace semples {

namespace {

constexpr double kLayerNormEpsilon = 1e-5;
constexpr int64_t kAny = -1;

struct ResidualBlock {
  at::Tensor ln_1_weight, ln_1_bias, in_proj_weight, in_proj_bias, out_proj_weight, out_proj_bias;
  at::Tensor ln_2_weight, ln_2_bias, c_fc_weight, c_fc_bias, c_proj_weight, c_proj_bias;
};

at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return at::layer_norm(x, {x.size(-1)}, weight, bias, kLayerNormEpsilon);
}

// [N, N]: 0 where the column is not behind the row, -infinity elsewhere.
at::Tensor causal_mask(int64_t count, const at::TensorOptions& options) {
  return torch::full({count, count}, -std::numeric_limits<float>::infinity(), options).triu(1);
}

// x [B, N, W]; pre-norm attention and QuickGELU (x * sigmoid(1.702 x)) MLP.
at::Tensor residual_block(const ResidualBlock& w, const at::Tensor& x, int64_t heads, bool causal) {
  const int64_t batch = x.size(0), count = x.size(1), width = x.size(2);
  const at::Tensor qkv = at::linear(layer_norm(x, w.ln_1_weight, w.ln_1_bias), w.in_proj_weight, w.in_proj_bias)
                             .view({batch, count, 3, heads, width / heads})
                             .permute({2, 0, 3, 1, 4});
  // Written out: at CLIP's few tokens as fast as the fused kernel, and its gradients round as those of other programs.
  at::Tensor scores = at::matmul(qkv[0] / std::sqrt(double(width / heads)), qkv[1].transpose(-2, -1));
  if (causal) scores = scores + causal_mask(count, x.options());
  const at::Tensor mixed = at::matmul(at::softmax(scores, -1), qkv[2]).transpose(1, 2).reshape({batch, count, width});
  const at::Tensor middle = x + at::linear(mixed, w.out_proj_weight, w.out_proj_bias);
  const at::Tensor hidden = at::linear(layer_norm(middle, w.ln_2_weight, w.ln_2_bias), w.c_fc_weight, w.c_fc_bias);
  return middle + at::linear(hidden * at::sigmoid(1.702 * hidden), w.c_proj_weight, w.c_proj_bias);
}

class OpenAiClip : public Clip {
 public:
  OpenAiClip(const torch::jit::Module& module, const ClipOptions& options) {
    device_ = options.device;
    for (const auto& parameter : module.named_parameters()) state_[parameter.name] = parameter.value;
    for (const auto& buffer : module.named_buffers()) state_[buffer.name] = buffer.value;

    conv_ = take("visual.conv1.weight", {kAny, 3, kAny, kAny});
    const int64_t width = conv_.size(0), patch = conv_.size(3);
    if (conv_.size(2) != patch) wrong_shape("visual.conv1.weight", conv_, {width, 3, patch, patch});
    class_embedding_ = take("visual.class_embedding", {width});
    vision_positions_ = take("visual.positional_embedding", {kAny, width});
    const int64_t side = std::llround(std::sqrt(double(vision_positions_.size(0) - 1)));
    if (side < 1 || side * side + 1 != vision_positions_.size(0))
      wrong_shape("visual.positional_embedding", vision_positions_, {side * side + 1, width});
    ln_pre_weight_ = take("visual.ln_pre.weight", {width});
    ln_pre_bias_ = take("visual.ln_pre.bias", {width});
    vision_blocks_ = take_blocks("visual.transformer.resblocks.", width);
    ln_post_weight_ = take("visual.ln_post.weight", {width});
    ln_post_bias_ = take("visual.ln_post.bias", {width});
    vision_projection_ = take("visual.proj", {width, kAny});
    token_embedding_ = take("token_embedding.weight", {kAny, kAny});
    const int64_t text_width = token_embedding_.size(1);
    text_positions_ = take("positional_embedding", {kAny, text_width});
    text_blocks_ = take_blocks("transformer.resblocks.", text_width);
    ln_final_weight_ = take("ln_final.weight", {text_width});
    ln_final_bias_ = take("ln_final.bias", {text_width});
    text_projection_ = take("text_projection", {text_width, vision_projection_.size(1)});

    info_.layout = "openai";
    info_.context_length = text_positions_.size(0);
    info_.text_width = text_width;
    info_.vocabulary = token_embedding_.size(0);
    info_.feature_width = text_projection_.size(1);
    info_.image_size = patch * side;
    vision_heads_ = heads(module, options.vision_heads, "vision_heads", conv_.size(0));
    text_heads_ = heads(module, options.text_heads, "transformer_heads", info_.text_width);
    state_.clear();
  }

  at::Tensor encode_image(const at::Tensor& images) const override {
    const at::Tensor tokens = vision_tokens(images);
    return at::matmul(layer_norm(tokens.select(1, 0), ln_post_weight_, ln_post_bias_), vision_projection_);
  }

  at::Tensor encode_patches(const at::Tensor& images) const override {
    const at::Tensor tokens = vision_tokens(images);
    return at::matmul(layer_norm(tokens.slice(1, 1), ln_post_weight_, ln_post_bias_), vision_projection_);
  }

  at::Tensor encode_text(const at::Tensor& ids) const override {
    return encode_embeddings(embed_tokens(ids), ids.argmax(-1));
  }

  at::Tensor embed_tokens(const at::Tensor& ids) const override { return at::embedding(token_embedding_, ids); }

  at::Tensor encode_embeddings(const at::Tensor& embeddings, const at::Tensor& end) const override {
    // The causal mask hides everything behind the end token from it: what lies there need not be computed.
    const int64_t length = end.max().item<int64_t>() + 1;
    at::Tensor x = embeddings.narrow(1, 0, length) + text_positions_.narrow(0, 0, length);
    for (const ResidualBlock& block : text_blocks_) x = residual_block(block, x, text_heads_, true);
    const at::Tensor rows = torch::arange(x.size(0), end.options());
    return at::matmul(layer_norm(x.index({rows, end}), ln_final_weight_, ln_final_bias_), text_projection_);
  }

 private:
  at::Tensor vision_tokens(const at::Tensor& images) const {
    const int64_t batch = images.size(0);
    at::Tensor x = at::conv2d(images, conv_, {}, conv_.size(-1)).flatten(2).transpose(1, 2);
    x = at::cat({class_embedding_.view({1, 1, -1}).expand({batch, -1, -1}), x}, 1) + vision_positions_;
    x = layer_norm(x, ln_pre_weight_, ln_pre_bias_);
    for (const ResidualBlock& block : vision_blocks_) x = residual_block(block, x, vision_heads_, false);
    return x;
  }

  // float32, of exactly these sizes; kAny stands for one or more.
  at::Tensor take(const std::string& name, const std::vector<int64_t>& shape) const {
    const auto found = state_.find(name);
    if (found == state_.end())
      throw Error("SEMPLES_CLIP_INVALID", "This archive looks like OpenAI's CLIP but lacks the parameter " + name)
          .in_field(name);
    const at::Tensor& tensor = found->second;
    const bool fits =
        std::equal(shape.begin(), shape.end(), tensor.sizes().begin(), tensor.sizes().end(),
                   [](int64_t wanted, int64_t size) { return wanted == kAny ? size > 0 : wanted == size; });
    if (!fits) wrong_shape(name, tensor, shape);
    return tensor.detach().to(device_, torch::kFloat32).contiguous();
  }

  [[noreturn]] static void wrong_shape(const std::string& name, const at::Tensor& tensor,
                                       const std::vector<int64_t>& shape) {
    std::string wanted;
    for (const int64_t size : shape)
      wanted += (wanted.empty() ? "" : ", ") + (size == kAny ? "any" : std::to_string(size));
    throw Error("SEMPLES_CLIP_INVALID", "A parameter of this CLIP archive has the wrong shape: " + name)
        .in_field(name)
        .received(shape_text(tensor.sizes()))
        .expected("[" + wanted + "]");
  }

  std::vector<ResidualBlock> take_blocks(const std::string& prefix, int64_t width) const {
    std::vector<ResidualBlock> blocks;
    for (int64_t i = 0; i == 0 || state_.count(prefix + std::to_string(i) + ".ln_1.weight"); ++i) {
      const std::string p = prefix + std::to_string(i) + ".";
      ResidualBlock block;
      block.ln_1_weight = take(p + "ln_1.weight", {width});
      block.ln_1_bias = take(p + "ln_1.bias", {width});
      block.in_proj_weight = take(p + "attn.in_proj_weight", {3 * width, width});
      block.in_proj_bias = take(p + "attn.in_proj_bias", {3 * width});
      block.out_proj_weight = take(p + "attn.out_proj.weight", {width, width});
      block.out_proj_bias = take(p + "attn.out_proj.bias", {width});
      block.ln_2_weight = take(p + "ln_2.weight", {width});
      block.ln_2_bias = take(p + "ln_2.bias", {width});
      block.c_fc_weight = take(p + "mlp.c_fc.weight", {kAny, width});
      block.c_fc_bias = take(p + "mlp.c_fc.bias", {block.c_fc_weight.size(0)});
      block.c_proj_weight = take(p + "mlp.c_proj.weight", {width, block.c_fc_weight.size(0)});
      block.c_proj_bias = take(p + "mlp.c_proj.bias", {width});
      blocks.push_back(std::move(block));
    }
    return blocks;
  }

  static int64_t heads(const torch::jit::Module& module, const std::optional<int64_t>& given, const char* attribute,
                       int64_t width) {
    int64_t count = std::max<int64_t>(1, width / 64);
    if (module.hasattr(attribute) && module.attr(attribute).isInt()) count = module.attr(attribute).toInt();
    if (given) count = *given;
    if (count < 1 || width % count != 0)
      throw Error("SEMPLES_CLIP_INVALID",
                  "The number of attention heads does not divide the width " + std::to_string(width))
          .in_field(attribute)
          .received(std::to_string(count));
    return count;
  }

  std::unordered_map<std::string, at::Tensor> state_;
  at::Tensor conv_, class_embedding_, vision_positions_, ln_pre_weight_, ln_pre_bias_, ln_post_weight_, ln_post_bias_;
  at::Tensor vision_projection_, token_embedding_, text_positions_, ln_final_weight_, ln_final_bias_, text_projection_;
  std::vector<ResidualBlock> vision_blocks_, text_blocks_;
  int64_t vision_heads_ = 1, text_heads_ = 1;
};

}  // namespace

std::unique_ptr<Clip> open_openai_clip(const torch::jit::Module& module, const ClipOptions& options) {
  return std::make_unique<OpenAiClip>(module, options);
}

}  // namespace semples
