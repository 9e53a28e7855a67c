#include "core/clip/clip.h"

#include <torch/script.h>

#include <filesystem>

#include "core/checkpoint/state.h"
#include "core/clip/layouts.h"
#include "core/error.h"

namespace semples {

namespace {

constexpr const char* kAdvice = "Give an OpenAI CLIP archive (ViT-B-32.pt) or one written by scripts/clip/export.py.";

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// On the device at once: Module::to leaves behind tensors that are neither parameters nor buffers.
torch::jit::Module load_archive(const std::string& path, at::Device device) {
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(std::filesystem::u8path(path), ignored);
  if (!std::filesystem::is_regular_file(status))
    throw Error("SEMPLES_CLIP_INVALID", std::filesystem::exists(status) ? "This CLIP archive is not a file"
                                                                        : "This CLIP archive does not exist")
        .in_file(path)
        .hint(kAdvice);
  try {
    return torch::jit::load(path, device);
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const c10::Error& error) {
    throw Error("SEMPLES_CLIP_INVALID",
                "This file is not a TorchScript archive: " + first_line(error.what_without_backtrace()))
        .in_file(path)
        .hint(kAdvice);
  } catch (const std::exception& error) {
    throw Error("SEMPLES_CLIP_INVALID", "This file is not a TorchScript archive: " + first_line(error.what()))
        .in_file(path)
        .hint(kAdvice);
  }
}

}  // namespace

std::unique_ptr<Clip> Clip::open(const std::string& path, const ClipOptions& options) {
  torch::jit::Module module = load_archive(path, options.device);
  const bool has_methods = module.find_method("encode_image") && module.find_method("encode_text") &&
                           module.find_method("embed_tokens") && module.find_method("encode_embeddings");
  try {
    if (has_methods) return open_script_clip(std::move(module), options);
    if (module.hasattr("visual") && module.hasattr("token_embedding") && module.hasattr("text_projection"))
      return open_openai_clip(module, options);
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const c10::Error& error) {
    throw Error("SEMPLES_CLIP_INVALID",
                "This TorchScript archive is not a usable CLIP: " + first_line(error.what_without_backtrace()))
        .in_file(path);
  } catch (Error& error) {
    error.details.file = path;
    throw;
  }
  throw Error(
      "SEMPLES_CLIP_INVALID",
      "This TorchScript archive is not a CLIP: it has neither the methods encode_image, encode_text, embed_tokens and "
      "encode_embeddings nor OpenAI's parameters (visual, token_embedding, text_projection)")
      .in_file(path)
      .hint("Write one with scripts/clip/export.py, or give OpenAI's ViT-B-32.pt.");
}

std::unique_ptr<Clip> Clip::of_weights(const NamedTensors& weights, const ClipOptions& options) {
  return openai_clip(weights, options);
}

at::Tensor Clip::encode_image(const at::Tensor& images) const {
  const PrecisionScope scope(precision_, device_);
  return full(image(images));
}

at::Tensor Clip::encode_patches(const at::Tensor& images) const {
  const PrecisionScope scope(precision_, device_);
  return full(patches(images));
}

at::Tensor Clip::encode_text(const at::Tensor& ids) const {
  const PrecisionScope scope(precision_, device_);
  return full(text(ids));
}

at::Tensor Clip::embed_tokens(const at::Tensor& ids) const {
  const PrecisionScope scope(precision_, device_);
  return full(embeddings(ids));
}

at::Tensor Clip::encode_embeddings(const at::Tensor& embeddings, int64_t end) const {
  const PrecisionScope scope(precision_, device_);
  return full(embedded(embeddings, end));
}

ClipBlocks Clip::encode_blocks(const at::Tensor& images) const {
  const PrecisionScope scope(precision_, device_);
  const ClipBlocks made = blocks(images);
  return {full(made.tokens), full(made.attention)};
}

FinishedBlock Clip::finish_block(const at::Tensor& tokens) const {
  const PrecisionScope scope(precision_, device_);
  const FinishedBlock made = finished(tokens);
  return {full(made.normed), full(made.features)};
}

at::Tensor unit_length(const at::Tensor& features) { return features / features.norm(2, {-1}, true); }

void check_token_ids(const ClipInfo& info, const at::Tensor& ids, const std::string& field) {
  if (ids.dim() != 2 || ids.size(0) < 1 || ids.size(1) != info.context_length)
    throw refusal(field, "[texts, " + std::to_string(info.context_length) + "]", shape_text(ids.sizes()));
  const at::Tensor list = ids.contiguous();
  for (int64_t i = 0; i < list.numel(); ++i) {
    const int64_t id = list.const_data_ptr<int64_t>()[i];
    if (id < 0 || id >= info.vocabulary)
      throw refusal(field, "0 to " + std::to_string(info.vocabulary - 1), std::to_string(id));
  }
}

}  // namespace semples
