// The two layouts of a CLIP.
#pragma once
#include <torch/script.h>

#include <memory>

#include "core/clip/clip.h"

namespace semples {

// Methods encode_image, encode_text, embed_tokens, encode_embeddings on the module.
std::unique_ptr<Clip> open_script_clip(torch::jit::Module module, const ClipOptions& options);

// Parameters with OpenAI's names.
std::unique_ptr<Clip> openai_clip(const NamedTensors& weights, const ClipOptions& options);

// An unmodified OpenAI archive: its graphs have devices and dtypes baked in, so only its parameters are read.
std::unique_ptr<Clip> open_openai_clip(const torch::jit::Module& module, ClipOptions options);

}  // namespace semples
