#include "core/train/trainer.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/error.h"
#include "core/memory.h"

namespace semples {

namespace {

bool starts_with(const std::string& text, const std::string& prefix) { return text.rfind(prefix, 0) == 0; }

NamedTensors trained_parameters(Trainable trains, const MaskGenerator& generator, const Prompts* prompts) {
  if (trains == Trainable::kPrompts) return {{"prompts", prompts->vectors()}};
  if (trains == Trainable::kAll) return generator.parameters();
  NamedTensors trained;
  const std::vector<std::string> head = generator.head_parameters();
  for (const auto& entry : generator.parameters())
    if (std::find(head.begin(), head.end(), entry.first) != head.end()) trained.push_back(entry);
  return trained;
}

BatchShare part_of(int64_t count, int64_t pictures, const at::Tensor& labels, int64_t pairs) {
  if (count == pictures) return {};
  const auto own = double(labels.sum().item<int64_t>());
  return {double(count) / double(pictures), pairs == 0 ? 0 : own / double(pairs)};
}

void add_up(std::vector<std::pair<std::string, double>>& sums,
            const std::vector<std::pair<std::string, double>>& values) {
  for (const auto& [name, value] : values) {
    const auto found = std::find_if(sums.begin(), sums.end(), [&](const auto& sum) { return sum.first == name; });
    if (found == sums.end())
      sums.emplace_back(name, value);
    else
      found->second += value;
  }
}

// In the order of the objective, whichever part of the batch had the first pair.
std::vector<std::pair<std::string, double>> in_order(const WeightedTerms& order,
                                                     const std::vector<std::pair<std::string, double>>& values) {
  std::vector<std::pair<std::string, double>> ordered;
  for (const auto& term : order)
    for (const auto& value : values)
      if (value.first == term.first) ordered.push_back(value);
  return ordered;
}

// Values of later pairs behind those of earlier ones.
void append(NamedTensors& all, NamedTensors&& values) {
  for (auto& [name, value] : values) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& entry) { return entry.first == name; });
    if (found == all.end())
      all.emplace_back(name, std::move(value));
    else
      found->second = at::cat({found->second, value}, 0);
  }
}

}  // namespace

Trainer::Trainer(TrainerConfig config, std::shared_ptr<MaskGenerator> generator, std::shared_ptr<Clip> clip,
                 std::shared_ptr<Prompts> prompts, const at::Tensor& text_ids)
    : config_(std::move(config)),
      generator_(std::move(generator)),
      objective_(config_.objective, generator_, std::move(clip), prompts, text_ids) {
  trained_ = trained_parameters(config_.objective.trains, *generator_, prompts.get());
  optimizer_ = config_.make_optimizer(grouped());
}

// What is trained, by the factor of its learning rate.
std::vector<ParameterGroup> Trainer::grouped() const {
  const std::vector<std::string> head = generator_->head_parameters();
  const std::set<std::string> heads(head.begin(), head.end());
  const auto belongs = [&](const std::string& name, const std::string& group) {
    if (group == "head") return heads.count(name) > 0;
    if (group == "body") return heads.count(name) == 0;
    return starts_with(name, group);
  };
  for (size_t i = 0; i < config_.groups.size(); ++i) {
    const std::string& group = config_.groups[i].parameters;
    const auto known = [&](const auto& entry) { return starts_with(entry.first, group); };
    const NamedTensors& all = generator_->parameters();
    const bool fits = group == "head" || group == "body" || std::any_of(trained_.begin(), trained_.end(), known) ||
                      std::any_of(all.begin(), all.end(), known);
    if (group.empty() || !fits)
      throw refusal("groups." + std::to_string(i) + ".parameters", "head, body or the beginning of parameters' names",
                    '"' + group + '"', "SEMPLES_CONFIG_INVALID");
  }

  std::vector<ParameterGroup> result(1);
  for (const RateGroup& group : config_.groups) result.push_back({{}, group.factor});
  for (const auto& entry : trained_) {
    size_t own = 0;
    for (size_t i = 0; i < config_.groups.size() && own == 0; ++i)
      if (belongs(entry.first, config_.groups[i].parameters)) own = i + 1;
    result[own].parameters.push_back(entry);
  }
  result.erase(std::remove_if(result.begin(), result.end(),
                              [](const ParameterGroup& group) { return group.parameters.empty(); }),
               result.end());
  return result;
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

StepResult Trainer::step(const TrainingBatch& batch, bool details) {
  StepResult result;
  result.pairs = batch.labels.sum().item<int64_t>();
  if (objective_.needs_pairs() && result.pairs == 0) {
    result.skipped = true;
    return result;
  }

  const KeepMemory keep;
  const Gradients scope(trained_);
  accumulate(batch, details, result);
  if (details)
    for (const auto& [name, parameter] : trained_)
      if (parameter.grad().defined()) result.details.emplace_back("gradient." + name, parameter.grad().clone());
  clip_gradients();
  optimizer_->step(batch.learning_rate);
  return result;
}

// Adds up loss and gradients over parts of the batch; only one part's graph is in memory at a time.
void Trainer::accumulate(const TrainingBatch& batch, bool details, StepResult& result) {
  const bool noisy = config_.use_drop_path && config_.objective.trains != Trainable::kPrompts;
  const at::Tensor noise = noisy ? generator_->sample_noise(batch.images.size(0), batch.seed) : at::Tensor();
  const int64_t pictures = batch.images.size(0), size = config_.micro_batch > 0 ? config_.micro_batch : pictures;
  for (int64_t first = 0; first < pictures; first += size) {
    const int64_t count = std::min(size, pictures - first);
    const at::Tensor labels = batch.labels.narrow(0, first, count);
    const BatchShare share = part_of(count, pictures, labels, result.pairs);
    ObjectiveValue value =
        objective_.evaluate(batch.images.narrow(0, first, count), labels,
                            noise.defined() ? noise.narrow(-1, first, count) : noise, details, share);
    if (!value.loss.defined()) continue;
    result.loss += value.loss.item<double>();
    add_up(result.terms, value.terms);
    append(result.details, std::move(value.details));
    if (!std::isfinite(result.loss))
      throw Error("SEMPLES_LOSS_NOT_FINITE", "The loss is not a finite number; no parameter was changed")
          .received(std::to_string(result.loss))
          .hint("Lower the learning rate, or look for broken weights.");
    value.loss.backward();
  }
  result.terms = in_order(config_.objective.terms, result.terms);
}

// Gradients are scaled down together where their norm over all parameters is larger than asked for.
void Trainer::clip_gradients() const {
  if (config_.gradient_clip <= 0) return;
  std::vector<at::Tensor> parameters;
  for (const auto& entry : trained_)
    if (entry.second.grad().defined()) parameters.push_back(entry.second);
  torch::nn::utils::clip_grad_norm_(parameters, config_.gradient_clip);
}

}  // namespace semples
