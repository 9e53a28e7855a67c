// A frozen CLIP (Radford et al. 2021). No gradient is ever computed for a CLIP weight; gradients reach its inputs.
#pragma once
#include <torch/types.h>

#include <memory>
#include <optional>
#include <string>

#include "core/checkpoint/state.h"
#include "core/images.h"
#include "core/options.h"
#include "core/precision.h"

namespace semples {

// Between the two layers of a block's MLP: x * sigmoid(1.702 x) of OpenAI's weights, or the exact GELU.
enum class ClipActivation { kQuickGelu, kGelu };

struct ClipInfo {
  std::string layout;  // "interface" (methods of docs/clip.md) or "openai" (parameters with OpenAI's names)
  int64_t image_size = 0, context_length = 77, text_width = 0, feature_width = 0;
  int64_t vocabulary = 49408;  // of CLIP's tokenizer, where an archive does not tell
  int64_t patch_size = 0;      // in pixels; 0 where an archive does not tell
  bool insides = false;        // whether encode_blocks and finish_block can be asked for
  Normalization statistics{{0.48145466, 0.4578275, 0.40821073}, {0.26862954, 0.26130258, 0.27577711}};
};

struct ClipOptions {
  at::Device device = at::kCPU;
  Precision precision = Precision::kFloat32;
  // Attention heads are not stored in OpenAI archives: width / 64 unless given or stored as attributes.
  std::optional<int64_t> vision_heads, text_heads;
  // Of parameters alone; methods have theirs in their code.
  ClipActivation activation = ClipActivation::kQuickGelu;

  void visit(OptionVisitor& options) {
    options.device("device", device);
    visit_precision(options, precision);
    check_precision(precision, device);
    activation = ClipActivation(options.choose("activation", {"quick_gelu", "gelu"}, 0));
    options.whole("visionHeads", vision_heads, 1, 4096);
    options.whole("textHeads", text_heads, 1, 4096);
  }
};

// What lies inside the image tower of L blocks, P patches and width W.
struct ClipBlocks {
  at::Tensor tokens;     // [L, B, 1 + P, W]: what each block gives, class token first
  at::Tensor attention;  // [L, B, 1 + P, 1 + P]: mean over heads
};

struct FinishedBlock {
  at::Tensor normed;    // [B, 1 + P, W]: what the last block's first LayerNorm gives
  at::Tensor features;  // [B, 1 + P, D]: every token through that block, ln_post and the projection
};

class Clip {
 public:
  virtual ~Clip() = default;

  // What comes out is float32, whatever it was computed in.

  // [B, 3, S, S] float32, normalised -> [B, D], not yet of unit length.
  at::Tensor encode_image(const at::Tensor& images) const;
  // Every patch token through ln_post and the projection: [B, P, D]. Only of OpenAI-layout archives.
  at::Tensor encode_patches(const at::Tensor& images) const;
  // [B, L] int64 -> [B, D]; the feature is read at the first largest id (the end-of-text token).
  at::Tensor encode_text(const at::Tensor& ids) const;
  // [B, L] int64 -> [B, L, W]
  at::Tensor embed_tokens(const at::Tensor& ids) const;
  // [B, L, W] token embeddings without positions, and the token of all where the feature is read -> [B, D]
  at::Tensor encode_embeddings(const at::Tensor& embeddings, int64_t end) const;

  // [B, 3, H, W] float32, sides that are multiples of the patch -> every block; positions are resized (bilinear).
  ClipBlocks encode_blocks(const at::Tensor& images) const;
  // Tokens [B, 1 + P, W] as the last block but one gives them. The features are a function of `normed` and of the
  // tokens: their gradient with respect to `normed` leaves out the residual branch, as in Grad-CAM.
  FinishedBlock finish_block(const at::Tensor& tokens) const;

  const ClipInfo& info() const { return info_; }
  at::Device device() const { return device_; }

  // Opens a TorchScript archive of either layout; SEMPLES_CLIP_INVALID says what was found instead.
  static std::unique_ptr<Clip> open(const std::string& path, const ClipOptions& options);
  // Of parameters with OpenAI's names; SEMPLES_CLIP_INVALID names what is missing or of a wrong shape.
  static std::unique_ptr<Clip> of_weights(const NamedTensors& weights, const ClipOptions& options);

 protected:
  // The same of a layout, in the precision of the scope in force.
  virtual at::Tensor image(const at::Tensor& images) const = 0;
  virtual at::Tensor patches(const at::Tensor& images) const = 0;
  virtual at::Tensor text(const at::Tensor& ids) const = 0;
  virtual at::Tensor embeddings(const at::Tensor& ids) const = 0;
  virtual at::Tensor embedded(const at::Tensor& embeddings, int64_t end) const = 0;
  virtual ClipBlocks blocks(const at::Tensor& images) const = 0;
  virtual FinishedBlock finished(const at::Tensor& tokens) const = 0;

  ClipInfo info_;
  at::Device device_ = at::kCPU;
  Precision precision_ = Precision::kFloat32;
};

// x / |x| along the last dimension, without an epsilon.
at::Tensor unit_length(const at::Tensor& features);

// Token ids [texts, context length] int64 that this CLIP can look up, or SEMPLES_ARGUMENT_INVALID. Out of range they
// are an obscure error on the CPU, and on a GPU the end of the process's CUDA.
void check_token_ids(const ClipInfo& info, const at::Tensor& ids, const std::string& field);

}  // namespace semples
