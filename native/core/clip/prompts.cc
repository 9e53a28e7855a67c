#include "core/clip/prompts.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include "core/checkpoint/state.h"
#include "core/device.h"
#include "core/error.h"

namespace semples {

namespace {

constexpr int64_t kStart = 49406, kEnd = 49407;
const std::vector<int64_t> kPrefix = {kStart, 320, 1125, 539};  // "a photo of"
// '.' without the end-of-word mark, not the 269 of ordinary text: what published prompts were trained with.
constexpr int64_t kFullStop = 13;

constexpr int64_t kMaxNumbers = int64_t(1) << 28;

}  // namespace

void PromptsConfig::check() const {
  if (joint && length != 1) throw refusal("length", "1 for prompts in the joint space", std::to_string(length));
  if (classes * length * width > kMaxNumbers)
    throw refusal("classes, length, width", "at most " + std::to_string(kMaxNumbers) + " numbers",
                  shape_text({classes, length, width}));
}

Prompts::Prompts(const PromptsConfig& config) : joint_(config.joint) {
  auto generator = at::detail::createCPUGenerator(config.seed);
  const std::vector<int64_t> shape = {config.classes, config.length, config.width};
  vectors_ = (config.deviation > 0 ? torch::randn(shape, generator) * config.deviation : torch::rand(shape, generator))
                 .to(config.device);
}

void check_prompt_vectors(const Clip& clip, const at::Tensor& vectors) {
  const ClipInfo& info = clip.info();
  if (vectors.dim() != 3 || vectors.size(0) < 1 || vectors.size(2) != info.text_width)
    throw refusal("prompts",
                  "[classes, vectors, " + std::to_string(info.text_width) + "], the text width of this CLIP,",
                  shape_text(vectors.sizes()));
  if (vectors.device() != clip.device())
    throw refusal("prompts", "prompts on the device of the CLIP, " + clip.device().str() + ",", vectors.device().str());
  if (info.vocabulary <= kEnd)
    throw Error("SEMPLES_CLIP_INVALID", "This CLIP has another vocabulary than the tokenizer")
        .received(std::to_string(info.vocabulary) + " tokens")
        .expected(std::to_string(kEnd + 1) + " tokens");
  const int64_t length = vectors.size(1), context = info.context_length;
  if (int64_t(kPrefix.size()) + length + 1 >= context)
    throw refusal("prompt.length", "at most " + std::to_string(context - int64_t(kPrefix.size()) - 2),
                  std::to_string(length), "SEMPLES_TEXT_TOO_LONG");
}

at::Tensor encode_prompt_vectors(const Clip& clip, const at::Tensor& vectors) {
  check_prompt_vectors(clip, vectors);
  const int64_t count = vectors.size(0), length = vectors.size(1), context = clip.info().context_length;
  const int64_t end = int64_t(kPrefix.size()) + length + 1;
  std::vector<int64_t> tail = {kFullStop, kEnd};
  tail.resize(context - kPrefix.size() - length, 0);
  const auto options = torch::TensorOptions().dtype(torch::kInt64);
  const at::Tensor before = clip.embed_tokens(send(torch::tensor(kPrefix, options), vectors.device()).unsqueeze(0));
  const at::Tensor after = clip.embed_tokens(send(torch::tensor(tail, options), vectors.device()).unsqueeze(0));
  const at::Tensor sequence = at::cat({before.expand({count, -1, -1}), vectors, after.expand({count, -1, -1})}, 1);
  return clip.encode_embeddings(sequence, end);
}

void Prompts::check(const Clip& clip) const {
  if (!joint_) return check_prompt_vectors(clip, vectors_);
  if (vectors_.size(2) != clip.info().feature_width)
    throw refusal("prompts",
                  "vectors of " + std::to_string(clip.info().feature_width) + ", the feature width of this CLIP,",
                  shape_text(vectors_.sizes()));
  if (vectors_.device() != clip.device())
    throw refusal("prompts", "prompts on the device of the CLIP, " + clip.device().str() + ",",
                  vectors_.device().str());
}

at::Tensor Prompts::encode(const Clip& clip, const at::Tensor& classes) const {
  if (joint_) return vectors_.index_select(0, classes).squeeze(1);
  return encode_prompt_vectors(clip, vectors_.index_select(0, classes));
}

void Prompts::load(const at::Tensor& vectors) {
  if (vectors.sizes() != vectors_.sizes())
    throw refusal("prompts", "prompts of shape " + shape_text(vectors_.sizes()), shape_text(vectors.sizes()),
                  "SEMPLES_CHECKPOINT_MISMATCH");
  torch::NoGradGuard no_grad;
  vectors_.copy_(vectors);
}

}  // namespace semples
