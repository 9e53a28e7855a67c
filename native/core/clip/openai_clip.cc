#include <torch/script.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "core/checkpoint/state.h"
#include "core/clip/layouts.h"
#include "core/clip/residual_block.h"
#include "core/error.h"

namespace semples {

namespace {

constexpr int64_t kAny = -1;

class OpenAiClip : public Clip {
 public:
  OpenAiClip(const NamedTensors& weights, const ClipOptions& options) : state_(weights.begin(), weights.end()) {
    device_ = options.device;
    precision_ = options.precision;

    conv_ = factor("visual.conv1.weight", {kAny, 3, kAny, kAny});
    const int64_t width = conv_.size(0), patch = conv_.size(3);
    if (conv_.size(2) != patch) wrong_shape("visual.conv1.weight", conv_, {width, 3, patch, patch});
    class_embedding_ = take("visual.class_embedding", {width});
    vision_positions_ = take("visual.positional_embedding", {kAny, width});
    side_ = std::llround(std::sqrt(double(vision_positions_.size(0) - 1)));
    const int64_t side = side_;
    if (side < 1 || side * side + 1 != vision_positions_.size(0))
      wrong_shape("visual.positional_embedding", vision_positions_, {side * side + 1, width});
    ln_pre_weight_ = take("visual.ln_pre.weight", {width});
    ln_pre_bias_ = take("visual.ln_pre.bias", {width});
    vision_blocks_ = take_blocks("visual.transformer.resblocks.", width);
    ln_post_weight_ = take("visual.ln_post.weight", {width});
    ln_post_bias_ = take("visual.ln_post.bias", {width});
    vision_projection_ = factor("visual.proj", {width, kAny});
    token_embedding_ = take("token_embedding.weight", {kAny, kAny});
    const int64_t text_width = token_embedding_.size(1);
    text_positions_ = take("positional_embedding", {kAny, text_width});
    text_blocks_ = take_blocks("transformer.resblocks.", text_width);
    ln_final_weight_ = take("ln_final.weight", {text_width});
    ln_final_bias_ = take("ln_final.bias", {text_width});
    text_projection_ = factor("text_projection", {text_width, vision_projection_.size(1)});

    info_.layout = "openai";
    info_.context_length = text_positions_.size(0);
    info_.text_width = text_width;
    info_.vocabulary = token_embedding_.size(0);
    info_.feature_width = text_projection_.size(1);
    info_.image_size = patch * side;
    info_.patch_size = patch;
    info_.insides = vision_blocks_.size() > 1;
    vision_ = {heads(options.vision_heads, "vision_heads", width), false, options.activation};
    text_ = {heads(options.text_heads, "transformer_heads", text_width), true, options.activation};
    state_.clear();
  }

  at::Tensor image(const at::Tensor& images) const override { return project(vision_tokens(images).select(1, 0)); }

  at::Tensor patches(const at::Tensor& images) const override { return project(vision_tokens(images).slice(1, 1)); }

  ClipBlocks blocks(const at::Tensor& images) const override {
    at::Tensor x = embed_patches(images);
    std::vector<at::Tensor> tokens, attention;
    for (const ResidualBlock& block : vision_blocks_) {
      BlockTrace trace = trace_block(block, x, vision_);
      x = tokens.emplace_back(std::move(trace.output));
      attention.push_back(std::move(trace.attention));
    }
    return {at::stack(tokens), at::stack(attention)};
  }

  FinishedBlock finished(const at::Tensor& tokens) const override {
    const BlockTrace trace = trace_block(vision_blocks_.back(), tokens, vision_);
    return {trace.normed, project(trace.output)};
  }

  at::Tensor text(const at::Tensor& ids) const override {
    const at::Tensor end = ids.argmax(-1);
    const at::Tensor x = text_tokens(embeddings(ids), end.max().item<int64_t>());
    return text_features(x.index({torch::arange(x.size(0), end.options()), end}));
  }

  at::Tensor embeddings(const at::Tensor& ids) const override { return at::embedding(token_embedding_, ids); }

  at::Tensor embedded(const at::Tensor& embeddings, int64_t end) const override {
    return text_features(text_tokens(embeddings, end).select(1, end));
  }

 private:
  // The causal mask hides everything behind the last end token from it: what lies there is not computed.
  at::Tensor text_tokens(const at::Tensor& embeddings, int64_t last_end) const {
    at::Tensor x = embeddings.narrow(1, 0, last_end + 1) + text_positions_.narrow(0, 0, last_end + 1);
    for (const ResidualBlock& block : text_blocks_) x = residual_block(block, x, text_);
    return x;
  }

  at::Tensor text_features(const at::Tensor& tokens) const {
    return at::matmul(layer_norm(tokens, ln_final_weight_, ln_final_bias_), text_projection_);
  }

  at::Tensor vision_tokens(const at::Tensor& images) const {
    at::Tensor x = embed_patches(images);
    for (const ResidualBlock& block : vision_blocks_) x = residual_block(block, x, vision_);
    return x;
  }

  // What the first block takes.
  at::Tensor embed_patches(const at::Tensor& images) const {
    const at::Tensor grid = at::conv2d(images, conv_, {}, conv_.size(-1));
    const at::Tensor token = class_embedding_.view({1, 1, -1}).expand({images.size(0), -1, -1});
    const at::Tensor x = at::cat({token, grid.flatten(2).transpose(1, 2)}, 1) + positions(grid.size(2), grid.size(3));
    return layer_norm(x, ln_pre_weight_, ln_pre_bias_);
  }

  // Of a grid of patches: bilinear, without aligned corners; the class token's stays as it is.
  at::Tensor positions(int64_t rows, int64_t columns) const {
    if (rows == side_ && columns == side_) return vision_positions_;
    const at::Tensor grid = vision_positions_.slice(0, 1).view({1, side_, side_, -1}).permute({0, 3, 1, 2});
    const at::Tensor resized = at::upsample_bilinear2d(grid, {rows, columns}, false);
    return at::cat({vision_positions_.narrow(0, 0, 1), resized[0].flatten(1).t()}, 0);
  }

  at::Tensor project(const at::Tensor& tokens) const {
    return at::matmul(layer_norm(tokens, ln_post_weight_, ln_post_bias_), vision_projection_);
  }

  // float32, of exactly these sizes; kAny stands for one or more.
  at::Tensor take(const std::string& name, const std::vector<int64_t>& shape) const {
    const auto found = state_.find(name);
    if (found == state_.end())
      throw Error("SEMPLES_CLIP_INVALID", "This CLIP with the names of OpenAI lacks the parameter " + name)
          .in_field(name);
    const at::Tensor& tensor = found->second;
    const bool fits =
        std::equal(shape.begin(), shape.end(), tensor.sizes().begin(), tensor.sizes().end(),
                   [](int64_t wanted, int64_t size) { return wanted == kAny ? size > 0 : wanted == size; });
    if (!fits) wrong_shape(name, tensor, shape);
    return tensor.detach().to(device_, torch::kFloat32).contiguous();
  }

  // Of a product: in the numbers that products are computed in. Nothing is trained here, so once is enough.
  at::Tensor factor(const std::string& name, const std::vector<int64_t>& shape) const {
    const at::Tensor tensor = take(name, shape);
    return precision_ == Precision::kBfloat16 ? tensor.to(at::kBFloat16) : tensor;
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
      block.in_proj_weight = factor(p + "attn.in_proj_weight", {3 * width, width});
      block.in_proj_bias = factor(p + "attn.in_proj_bias", {3 * width});
      block.out_proj_weight = factor(p + "attn.out_proj.weight", {width, width});
      block.out_proj_bias = factor(p + "attn.out_proj.bias", {width});
      block.ln_2_weight = take(p + "ln_2.weight", {width});
      block.ln_2_bias = take(p + "ln_2.bias", {width});
      block.c_fc_weight = factor(p + "mlp.c_fc.weight", {kAny, width});
      block.c_fc_bias = factor(p + "mlp.c_fc.bias", {block.c_fc_weight.size(0)});
      block.c_proj_weight = factor(p + "mlp.c_proj.weight", {width, block.c_fc_weight.size(0)});
      block.c_proj_bias = factor(p + "mlp.c_proj.bias", {width});
      blocks.push_back(std::move(block));
    }
    return blocks;
  }

  static int64_t heads(const std::optional<int64_t>& given, const char* attribute, int64_t width) {
    int64_t count = std::max<int64_t>(1, width / 64);
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
  TowerRules vision_, text_;
  int64_t side_ = 1;  // of the grid of patches that positions were trained for
};

}  // namespace

std::unique_ptr<Clip> openai_clip(const NamedTensors& weights, const ClipOptions& options) {
  return std::make_unique<OpenAiClip>(weights, options);
}

std::unique_ptr<Clip> open_openai_clip(const torch::jit::Module& module, ClipOptions options) {
  NamedTensors weights;
  for (const auto& parameter : module.named_parameters()) weights.emplace_back(parameter.name, parameter.value);
  for (const auto& buffer : module.named_buffers()) weights.emplace_back(buffer.name, buffer.value);
  for (const auto& [heads, attribute] :
       {std::pair{&options.vision_heads, "vision_heads"}, {&options.text_heads, "transformer_heads"}})
    if (!*heads && module.hasattr(attribute) && module.attr(attribute).isInt()) *heads = module.attr(attribute).toInt();
  return openai_clip(weights, options);
}

}  // namespace semples
