#include "core/train/trainer.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/losses/classification.h"
#include "core/train/masked_pairs.h"

namespace semples {

Trainer::Trainer(TrainerConfig config, std::shared_ptr<MaskGenerator> generator, std::shared_ptr<Clip> clip,
                 std::shared_ptr<Prompts> prompts, const at::Tensor& text_ids)
    : config_(std::move(config)),
      generator_(std::move(generator)),
      clip_(std::move(clip)),
      prompts_(std::move(prompts)),
      text_ids_(text_ids) {
  if (config_.terms.empty())
    throw Error("SEMPLES_LOSS_UNKNOWN", "A stage needs at least one loss term").in_field("terms");
  for (const WeightedTerm& term : config_.terms) {
    if (is_classification_term(term.name)) {
      classifies_ = true;
      continue;
    }
    const TermNeeds needs = term_needs(term.name);
    contrasts_ = true;
    needs_.foreground |= needs.foreground;
    needs_.background |= needs.background;
    needs_.text |= needs.text;
    needs_.prompt |= needs.prompt;
  }
  check_inputs();
  if (prompts_ && prompts_->classes() != generator_->classes())
    throw Error("SEMPLES_CHECKPOINT_MISMATCH", "Prompts and generator are for different class counts")
        .in_field("prompts")
        .received(std::to_string(prompts_->classes()))
        .expected(std::to_string(generator_->classes()) + " classes");

  if (config_.trains == Trainable::kPrompts) {
    trained_ = {{"prompts", prompts_->vectors()}};
  } else {
    const std::vector<std::string> head = generator_->head_parameters();
    for (const auto& entry : generator_->parameters())
      if (config_.trains == Trainable::kAll || std::find(head.begin(), head.end(), entry.first) != head.end())
        trained_.push_back(entry);
  }
  // One group: weight decay on everything trained, as published; parameters without a gradient are left alone.
  std::vector<at::Tensor> parameters;
  for (const auto& entry : trained_) parameters.push_back(entry.second);
  optimizer_ = std::make_unique<torch::optim::AdamW>(parameters, torch::optim::AdamWOptions(1e-3)
                                                                     .betas({config_.beta1, config_.beta2})
                                                                     .eps(config_.epsilon)
                                                                     .weight_decay(config_.weight_decay));
}

// What the terms need is there, and fits together.
void Trainer::check_inputs() const {
  const auto require = [](bool given, const char* field, const char* what) {
    if (!given) throw Error("SEMPLES_CONFIG_INVALID", std::string("These loss terms need ") + what).in_field(field);
  };
  require(!contrasts_ || clip_, "clip", "a CLIP");
  require(!needs_.prompt || prompts_, "prompts", "learnable prompts");
  require(!needs_.text || text_ids_.defined(), "textIds", "the label text of every class");
  if (config_.trains == Trainable::kPrompts && !needs_.prompt)
    throw Error("SEMPLES_CONFIG_INVALID", "Prompts are to be trained, but no loss term depends on them")
        .in_field("terms");
  if (clip_ && clip_->device() != generator_->device())
    throw Error("SEMPLES_ARGUMENT_INVALID", "CLIP and the mask generator are on different devices")
        .in_field("clip")
        .received(clip_->device().str())
        .expected(generator_->device().str());
  if (needs_.text) check_token_ids(clip_->info(), text_ids_, "textIds");
  if (needs_.prompt) check_prompt_vectors(*clip_, prompts_->vectors());
}

// What is trained has gradients for as long as this lives: a step that fails leaves none behind.
class Trainer::Gradients {
 public:
  explicit Gradients(const NamedTensors& trained) : trained_(trained) { set(true); }
  ~Gradients() { set(false); }
  Gradients(const Gradients&) = delete;
  Gradients& operator=(const Gradients&) = delete;

 private:
  void set(bool enabled) {
    for (const auto& entry : trained_) {
      at::Tensor parameter = entry.second;
      parameter.set_requires_grad(enabled);
      parameter.mutable_grad().reset();
    }
  }
  const NamedTensors& trained_;
};

const at::Tensor& Trainer::text_features() {
  if (!text_features_.defined()) {
    torch::NoGradGuard no_grad;
    text_features_ = unit_length(clip_->encode_text(text_ids_.to(clip_->device())));
  }
  return text_features_;
}

at::Tensor Trainer::prompt_features(const at::Tensor& classes) {
  if (config_.trains == Trainable::kPrompts) {
    // Only prompts of classes in the batch are encoded, each once; the others receive an explicit zero gradient.
    const auto [present, position] = at::_unique(classes, true, true);
    return unit_length(prompts_->encode(*clip_, present)).index_select(0, position);
  }
  if (!fixed_prompt_features_.defined()) {
    torch::NoGradGuard no_grad;
    fixed_prompt_features_ =
        unit_length(prompts_->encode(*clip_, torch::arange(prompts_->classes(), classes.options())));
  }
  return fixed_prompt_features_.index_select(0, classes);
}

at::Tensor Trainer::encode_masked(const at::Tensor& masked) const {
  const int64_t size = clip_->info().image_size;
  if (masked.size(2) == size && masked.size(3) == size) return clip_->encode_image(masked);
  return clip_->encode_image(at::_upsample_bilinear2d_aa(masked, {size, size}, false));
}

at::Tensor Trainer::contrastive_loss(const GeneratorOutputs& outputs, const TrainingBatch& batch, StepResult& result,
                                     bool details) {
  const Pairs pairs = positive_pairs(batch.labels);
  const int64_t count = pairs.count();
  const at::Tensor masks =
      pair_masks(outputs.fine_cam, pairs, batch.images.size(2), batch.images.size(3), config_.mask_epsilon);
  const at::Tensor images =
      (config_.clip_statistics ? renormalize(batch.images, kImageNet, clip_->info().statistics) : batch.images)
          .index_select(0, pairs.picture);

  // Foreground and background go through CLIP in one batch.
  std::vector<at::Tensor> masked;
  if (needs_.foreground) masked.push_back(masks * images);
  if (needs_.background) masked.push_back((1 - masks) * images);
  PairFeatures features;
  if (!masked.empty()) {
    const at::Tensor encoded = unit_length(encode_masked(at::cat(masked, 0)));
    if (needs_.foreground) features.foreground = encoded.narrow(0, 0, count);
    if (needs_.background) features.background = encoded.narrow(0, encoded.size(0) - count, count);
  }
  if (needs_.text) features.text = text_features().index_select(0, pairs.class_index);
  if (needs_.prompt) features.prompt = prompt_features(pairs.class_index);

  at::Tensor loss;
  for (const WeightedTerm& term : config_.terms) {
    if (is_classification_term(term.name)) continue;
    const TermValue value = contrastive_term(term.name, features, config_.form);
    result.terms[term.name] = value.value.item<double>();
    loss = loss.defined() ? loss + term.weight * value.value : term.weight * value.value;
    if (details) result.details.emplace_back("similarity." + term.name, value.similarity.detach());
  }
  if (details) {
    if (needs_.foreground) result.details.emplace_back("masked.foreground", masked.front().detach());
    if (needs_.background) result.details.emplace_back("masked.background", masked.back().detach());
  }
  return loss;
}

StepResult Trainer::step(const TrainingBatch& batch, bool details) {
  StepResult result;
  result.pairs = batch.labels.sum().item<int64_t>();
  if (contrasts_ && result.pairs == 0) {
    result.skipped = true;
    return result;
  }

  const Gradients scope(trained_);
  const bool trains_generator = config_.trains != Trainable::kPrompts;
  ForwardOptions options;
  options.detach_patches = config_.trains != Trainable::kAll;
  options.detach_coarse_cam = config_.classification_gradients;
  if (trains_generator && config_.drop_path)
    options.drop_factors = generator_->sample_noise(batch.images.size(0), batch.seed);

  at::Tensor loss;
  {
    torch::AutoGradMode generator_gradients(trains_generator);
    const GeneratorOutputs outputs = generator_->forward(batch.images, options);
    torch::AutoGradMode gradients(true);
    if (contrasts_) loss = contrastive_loss(outputs, batch, result, details);
    if (classifies_) {
      const at::Tensor targets = batch.labels.to(torch::kFloat32);
      for (const WeightedTerm& term : config_.terms) {
        if (!is_classification_term(term.name)) continue;
        const at::Tensor value = classification_term(term.name, outputs, targets);
        result.terms[term.name] = value.item<double>();
        loss = loss.defined() ? loss + term.weight * value : term.weight * value;
      }
    }
  }

  result.loss = loss.item<double>();
  if (!std::isfinite(result.loss))
    throw Error("SEMPLES_LOSS_NOT_FINITE", "The loss is not a finite number; no parameter was changed")
        .received(std::to_string(result.loss))
        .hint("Lower the learning rate, or look for broken weights.");
  loss.backward();
  if (details)
    for (const auto& [name, parameter] : trained_)
      if (parameter.grad().defined()) result.details.emplace_back("gradient." + name, parameter.grad().clone());
  clip_gradients();
  static_cast<torch::optim::AdamWOptions&>(optimizer_->param_groups()[0].options()).lr(batch.learning_rate);
  optimizer_->step();
  return result;
}

// Gradients are scaled down together where their norm over all parameters is larger than asked for.
void Trainer::clip_gradients() const {
  if (config_.gradient_clip <= 0) return;
  std::vector<at::Tensor> parameters;
  for (const auto& entry : trained_)
    if (entry.second.grad().defined()) parameters.push_back(entry.second);
  torch::nn::utils::clip_grad_norm_(parameters, config_.gradient_clip);
}

NamedTensors Trainer::optimizer_state() const {
  NamedTensors state;
  for (const auto& [name, parameter] : trained_) {
    const auto found = optimizer_->state().find(parameter.unsafeGetTensorImpl());
    if (found == optimizer_->state().end()) continue;
    auto& moments = static_cast<torch::optim::AdamWParamState&>(*found->second);
    state.emplace_back("step." + name, torch::tensor(moments.step(), torch::kInt64));
    state.emplace_back("exp_avg." + name, moments.exp_avg());
    state.emplace_back("exp_avg_sq." + name, moments.exp_avg_sq());
  }
  return state;
}

void Trainer::load_optimizer_state(const NamedTensors& state) {
  using Moments = std::pair<at::Tensor, std::unique_ptr<torch::optim::AdamWParamState>>;
  std::vector<Moments> loaded;
  for (const auto& [name, parameter] : trained_) {
    const at::Tensor *step = find_tensor(state, "step." + name), *first = find_tensor(state, "exp_avg." + name),
                     *second = find_tensor(state, "exp_avg_sq." + name);
    if (!step && !first && !second) continue;  // it had no gradient yet
    if (!step || !first || !second || step->numel() != 1 || first->sizes() != parameter.sizes() ||
        second->sizes() != parameter.sizes())
      throw Error("SEMPLES_CHECKPOINT_MISMATCH", "The optimiser state does not fit the parameter " + name)
          .in_field(name);
    auto moments = std::make_unique<torch::optim::AdamWParamState>();
    moments->step(step->item<int64_t>());
    moments->exp_avg(first->to(parameter.options()).clone());
    moments->exp_avg_sq(second->to(parameter.options()).clone());
    loaded.emplace_back(parameter, std::move(moments));
  }
  if (loaded.size() * 3 != state.size())
    throw Error("SEMPLES_CHECKPOINT_MISMATCH", "The optimiser state is of a stage that trains other parameters")
        .received(std::to_string(state.size()) + " tensors, " + std::to_string(loaded.size() * 3) + " of them fit");
  optimizer_->state().clear();
  for (auto& [parameter, moments] : loaded) optimizer_->state()[parameter.unsafeGetTensorImpl()] = std::move(moments);
}

}  // namespace semples
