#include "core/train/objective.h"

#include <torch/torch.h>

#include "core/device.h"
#include "core/error.h"

namespace semples {

Objective::Objective(ObjectiveConfig config, std::shared_ptr<MaskGenerator> generator, std::shared_ptr<Clip> clip,
                     std::shared_ptr<Prompts> prompts, const at::Tensor& text_ids)
    : config_(std::move(config)),
      generator_(std::move(generator)),
      clip_(std::move(clip)),
      prompts_(std::move(prompts)),
      text_ids_(text_ids) {
  if (config_.terms.empty()) throw refusal("terms", "at least one loss term", "none", "SEMPLES_ARGUMENT_INVALID");
  needs_ = needs_of(config_.terms);
  if (config_.gradients.empty()) config_.gradients = config_.trains == Trainable::kHead ? "semples" : "all";
  check_inputs();
}

// What the terms need is there, and fits together.
void Objective::check_inputs() const {
  const auto require = [](bool given, const char* field, const char* what) {
    if (!given)
      throw refusal(field, std::string(what) + ", which the loss terms need,", "nothing", "SEMPLES_CONFIG_INVALID");
  };
  generator_->check_gradients(config_.gradients);
  require(!needs_pairs() || clip_, "clip", "a CLIP");
  require(!needs(need::kPrompt) || prompts_, "prompts", "learnable prompts");
  require(!needs(need::kText) || text_ids_.defined(), "textIds", "the label text of every class");
  if (config_.trains == Trainable::kPrompts && !needs(need::kPrompt))
    throw refusal("terms", "a loss term that depends on the prompts, which are to be trained,", "none",
                  "SEMPLES_CONFIG_INVALID");
  if (clip_ && clip_->device() != generator_->device())
    throw refusal("clip", "a CLIP on the device of the mask generator, " + generator_->device().str() + ",",
                  clip_->device().str());
  if (needs(need::kText)) check_token_ids(clip_->info(), text_ids_, "textIds");
  if (needs(need::kPrompt)) prompts_->check(*clip_);
  if (prompts_ && prompts_->classes() != generator_->classes())
    throw refusal("prompts", "prompts of the generator's " + std::to_string(generator_->classes()) + " classes",
                  std::to_string(prompts_->classes()), "SEMPLES_CHECKPOINT_MISMATCH");
}

const at::Tensor& Objective::text_features() {
  if (!text_features_.defined()) {
    torch::NoGradGuard no_grad;
    text_features_ = unit_length(clip_->encode_text(text_ids_.to(clip_->device())));
  }
  return text_features_;
}

at::Tensor Objective::prompt_features(const Pairs& pairs) {
  const at::Tensor& classes = pairs.class_index;
  if (config_.trains == Trainable::kPrompts) {
    // Only prompts of classes in the batch are encoded, each once; the others receive an explicit zero gradient.
    const auto [present, position] = at::_unique(pairs.known_classes, true, true);
    return unit_length(prompts_->encode(*clip_, send(present, classes.device())))
        .index_select(0, send(position, classes.device()));
  }
  if (!fixed_prompt_features_.defined()) {
    torch::NoGradGuard no_grad;
    fixed_prompt_features_ =
        unit_length(prompts_->encode(*clip_, torch::arange(prompts_->classes(), classes.options())));
  }
  return fixed_prompt_features_.index_select(0, classes);
}

at::Tensor Objective::encode_masked(const at::Tensor& masked) const {
  const int64_t size = clip_->info().image_size;
  if (masked.size(2) == size && masked.size(3) == size) return clip_->encode_image(masked);
  return clip_->encode_image(at::_upsample_bilinear2d_aa(masked, {size, size}, false));
}

void Objective::add_features(StepValues& values, const at::Tensor& images, const Pairs& pairs, NamedTensors* details) {
  // Foreground and background go through CLIP in one batch.
  if (needs(need::kForeground | need::kBackground)) {
    const at::Tensor own = (config_.clip_statistics ? renormalize(images, kImageNet, clip_->info().statistics) : images)
                               .index_select(0, pairs.picture);
    std::vector<at::Tensor> masked;
    if (needs(need::kForeground)) masked.push_back(values.pair_masks * own);
    if (needs(need::kBackground)) masked.push_back((1 - values.pair_masks) * own);
    const at::Tensor encoded = unit_length(encode_masked(at::cat(masked, 0)));
    const int64_t count = pairs.count();
    if (needs(need::kForeground)) values.foreground = encoded.narrow(0, 0, count);
    if (needs(need::kBackground)) values.background = encoded.narrow(0, encoded.size(0) - count, count);
    if (details && needs(need::kForeground)) details->emplace_back("masked.foreground", masked.front().detach());
    if (details && needs(need::kBackground)) details->emplace_back("masked.background", masked.back().detach());
  }
  if (needs(need::kText)) values.text = text_features().index_select(0, pairs.class_index);
  if (needs(need::kPrompt)) values.prompt = prompt_features(pairs);
}

GeneratorOutputs Objective::generate(const at::Tensor& images, const at::Tensor& noise) const {
  const bool trained = config_.trains != Trainable::kPrompts;
  torch::AutoGradMode gradients(trained);
  ForwardOptions options;
  options.gradients = config_.gradients;
  options.noise = noise;
  options.training = trained;
  options.again = true;
  options.feature_maps = needs(need::kFeatureMaps);
  return generator_->forward(images, options);
}

ObjectiveValue Objective::evaluate(const at::Tensor& images, const at::Tensor& labels, const at::Tensor& noise,
                                   bool details, const BatchShare& share) {
  const GeneratorOutputs outputs = generate(images, noise);
  torch::AutoGradMode gradients(true);
  ObjectiveValue result;
  StepValues values;
  values.form = config_.form;
  values.targets =
      send(labels, images.device()).to(torch::kFloat32) * (1 - config_.label_smoothing) + config_.label_smoothing / 2;
  values.outputs = outputs.named;
  if (needs(need::kMask)) values.masks = shape_masks(outputs.maps, config_.masks);
  if (needs(need::kMask) || needs_pairs()) {
    const Pairs pairs = positive_pairs(labels, images.device());
    if (needs(need::kMask | need::kForeground | need::kBackground) && pairs.count() > 0)
      values.pair_masks = pair_masks(outputs.maps, pairs, images.size(2), images.size(3), config_.masks);
    if (needs_pairs() && pairs.count() > 0) add_features(values, images, pairs, details ? &result.details : nullptr);
  }

  const LossValue sum = weighted_sum(config_.terms, values, share);
  result.loss = sum.loss;
  for (const auto& [name, term] : sum.terms) {
    result.terms.emplace_back(name, term.value.detach());
    if (details && term.similarity.defined())
      result.details.emplace_back("similarity." + name, term.similarity.detach());
  }
  return result;
}

}  // namespace semples
