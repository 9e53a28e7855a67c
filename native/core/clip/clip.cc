#include "core/clip/clip.h"

#include <torch/script.h>

#include "core/clip/layouts.h"
#include "core/error.h"

namespace semples {

std::unique_ptr<Clip> Clip::open(const std::string& path, const ClipOptions& options) {
  torch::jit::Module module;
  try {
    module = torch::jit::load(path, at::kCPU);
  } catch (const c10::Error& error) {
    throw Error("SEMPLES_CLIP_INVALID",
                "This file is not a TorchScript archive: " + std::string(error.what_without_backtrace()))
        .in_file(path)
        .advise("Give an OpenAI CLIP archive (ViT-B-32.pt) or one written by scripts/clip/export.py.");
  }
  const bool has_methods = module.find_method("encode_image") && module.find_method("encode_text") &&
                           module.find_method("embed_tokens") && module.find_method("encode_embeddings");
  try {
    if (has_methods) return open_script_clip(std::move(module), options);
    if (module.hasattr("visual") && module.hasattr("token_embedding") && module.hasattr("text_projection"))
      return open_openai_clip(module, options);
  } catch (const c10::Error& error) {
    throw Error("SEMPLES_CLIP_INVALID",
                "This TorchScript archive is not a usable CLIP: " + std::string(error.what_without_backtrace()))
        .in_file(path);
  } catch (Error& error) {
    error.file = path;
    throw;
  }
  throw Error(
      "SEMPLES_CLIP_INVALID",
      "This TorchScript archive is not a CLIP: it has neither the methods encode_image, encode_text, embed_tokens and "
      "encode_embeddings nor OpenAI's parameters (visual, token_embedding, text_projection)")
      .in_file(path)
      .advise("Write one with scripts/clip/export.py, or give OpenAI's ViT-B-32.pt.");
}

}  // namespace semples
