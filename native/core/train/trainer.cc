#include "core/train/trainer.h"

#include <torch/torch.h>

#include <algorithm>
#include <set>

#include "core/device.h"
#include "core/error.h"

namespace semples {

namespace {

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

void add_up(std::vector<std::pair<std::string, double>>& sums, const std::string& name, double value) {
  const auto found = std::find_if(sums.begin(), sums.end(), [&](const auto& sum) { return sum.first == name; });
  if (found == sums.end())
    sums.emplace_back(name, value);
  else
    found->second += value;
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
  const std::vector<std::string> head = generator_->head_parameters();
  const std::set<std::string> heads(head.begin(), head.end());
  std::vector<std::string> body;
  for (const auto& entry : generator_->parameters())
    if (heads.count(entry.first) == 0) body.push_back(entry.first);
  optimization_ = std::make_unique<Optimization>(
      config_.optimization, trained_parameters(config_.objective.trains, *generator_, prompts.get()),
      generator_->parameters(), std::vector<ParameterSet>{{"head", head}, {"body", body}});
}

StepResult Trainer::step(const TrainingBatch& batch, bool details) {
  StepResult result;
  result.pairs = batch.labels.sum().item<int64_t>();
  if (objective_.needs_pairs() && result.pairs == 0) {
    result.skipped = true;
    return result;
  }

  for (auto& gradient : optimization_->step(batch.learning_rate, details, [&] { accumulate(batch, details, result); }))
    result.details.push_back(std::move(gradient));
  return result;
}

// Adds up loss and gradients over parts of the batch; only one part's graph is in memory at a time.
void Trainer::accumulate(const TrainingBatch& batch, bool details, StepResult& result) {
  const bool noisy = config_.use_drop_path && config_.objective.trains != Trainable::kPrompts;
  const at::Tensor noise = noisy ? generator_->sample_noise(batch.images.size(0), batch.seed) : at::Tensor();
  NamedTensors losses;  // of all parts; those without a name are the sums of terms
  const int64_t pictures = batch.images.size(0), size = config_.micro_batch > 0 ? config_.micro_batch : pictures;
  for (int64_t first = 0; first < pictures; first += size) {
    const int64_t count = std::min(size, pictures - first);
    const at::Tensor labels = batch.labels.narrow(0, first, count);
    const BatchShare share = part_of(count, pictures, labels, result.pairs);
    ObjectiveValue value =
        objective_.evaluate(batch.images.narrow(0, first, count), labels,
                            noise.defined() ? noise.narrow(-1, first, count) : noise, details, share);
    if (!value.loss.defined()) continue;
    append(result.details, std::move(value.details));
    value.loss.backward();
    losses.emplace_back("", value.loss.detach());
    losses.insert(losses.end(), value.terms.begin(), value.terms.end());
  }
  // The one time in a step that the processor waits for a GPU: before anything is changed, should the loss be no
  // number.
  std::vector<at::Tensor> values;
  for (const auto& entry : losses) values.push_back(entry.second);
  const std::vector<double> numbers = host_numbers(values);
  for (size_t i = 0; i < losses.size(); ++i) {
    if (losses[i].first.empty()) {
      result.loss += numbers[i];
    } else {
      add_up(result.terms, losses[i].first, numbers[i]);
    }
  }
  check_finite(result.loss);
  result.terms = in_order(config_.objective.terms, result.terms);
}

}  // namespace semples
