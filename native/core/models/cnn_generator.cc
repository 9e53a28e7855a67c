#include "core/models/cnn_generator.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace semples {

namespace {

constexpr int64_t kContextChannels = 128;
constexpr int64_t kPixelsAtOnce = 2 * 320 * 320;

bool starts_with(const std::string& text, const std::string& prefix) { return text.rfind(prefix, 0) == 0; }
bool of_head(const std::string& name) { return starts_with(name, "classifier.") || starts_with(name, "context."); }

}  // namespace

void CnnConfig::check(const GeneratorBasics&) const { check_backbone(sizes); }

CnnGenerator::CnnGenerator(const CnnConfig& config, const GeneratorBasics& basics)
    : config_(config),
      classes_(basics.classes),
      net_(make_backbone(config.backbone, config.sizes)),
      cache_(config.cache_megabytes << 20) {
  const int64_t channels = net_.stages.back().channels;
  parameters_ = net_.parameters;
  head_weight_ = torch::zeros({classes_, channels, 1, 1});
  parameters_.emplace_back("classifier.weight", head_weight_);
  if (config.head == CnnHead::kContext) {
    const int64_t both = channels + net_.stages[net_.context].channels;
    reduce_weight_ = torch::zeros({kContextChannels, both, 1, 1});
    reduce_bias_ = torch::zeros({kContextChannels});
    context_weight_ = torch::zeros({classes_, kContextChannels, 3, 3});
    parameters_.emplace_back("context.reduce.weight", reduce_weight_);
    parameters_.emplace_back("context.reduce.bias", reduce_bias_);
    parameters_.emplace_back("context.spread.weight", context_weight_);
  }
  initialize(basics.seed);
  // set_data keeps the tensor objects that layers share with the lists.
  for (auto& [name, tensor] : parameters_) tensor.set_data(tensor.to(basics.device));
  for (auto& [name, tensor] : net_.buffers) tensor.set_data(tensor.to(basics.device));
}

// Normal of variance 2 / fan-out for the backbone's convolutions (He et al., arXiv 1502.01852), uniform of fan-in for
// the head. The context begins at nothing, so that a head which starts from known rows starts as they are.
void CnnGenerator::initialize(uint64_t seed) {
  torch::NoGradGuard no_grad;
  auto generator = at::detail::createCPUGenerator(seed);
  for (auto& [name, tensor] : parameters_) {
    if (tensor.dim() != 4 || name == "context.spread.weight") continue;
    if (of_head(name)) {
      const double bound = 1.0 / std::sqrt(double(tensor.size(1)));
      tensor.uniform_(-bound, bound, generator);
    } else {
      const double fan_out = double(tensor.size(0) * tensor.size(2) * tensor.size(3));
      tensor.normal_(0.0, std::sqrt(2.0 / (tensor.size(1) == 1 ? double(tensor.size(2) * tensor.size(3)) : fan_out)),
                     generator);
    }
  }
}

std::vector<std::string> CnnGenerator::head_parameters() const {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : parameters_)
    if (of_head(name)) names.push_back(name);
  return names;
}

size_t CnnGenerator::frozen_stages() const {
  switch (config_.frozen) {
    case Frozen::kNone:
      return 0;
    case Frozen::kStem:
      return net_.stem;
    case Frozen::kLayer2:
      return net_.half;
    default:
      return net_.stages.size();
  }
}

CnnGenerator::Features CnnGenerator::encode(const at::Tensor& images, const ForwardOptions& options,
                                            NamedTensors& trace) const {
  const size_t frozen = options.gradients == "semples" ? net_.stages.size() : frozen_stages();
  const bool live = config_.norm == NormKind::kLive && options.training;
  const NormPass pass{live, config_.norm != NormKind::kFrozen};
  if (options.again && cache_.enabled() && frozen == net_.stages.size() && !options.trace)
    return remembered(images, pass);
  const bool apart = frozen == net_.stages.size() || !at::GradMode::is_enabled();
  const int64_t few = std::max<int64_t>(1, kPixelsAtOnce / (images.size(2) * images.size(3)));
  if (options.trace || pass.live || !apart || images.size(0) <= few)
    return encode_stages(images, pass, frozen, options.trace ? &trace : nullptr);
  // Without gradients pictures are computed a few at a time: what lies between stays in the processor's caches, and the
  // memory of one part serves the next.
  std::vector<at::Tensor> last, context;
  for (const at::Tensor& part : images.split(few)) {
    Features features = encode_stages(part, pass, frozen, nullptr);
    last.push_back(std::move(features.last));
    context.push_back(std::move(features.context));
  }
  return {at::cat(last, 0), at::cat(context, 0)};
}

// One picture at a time, so that features do not depend on which pictures they were computed with.
CnnGenerator::Features CnnGenerator::remembered(const at::Tensor& images, const NormPass& pass) const {
  NamedTensors weights = net_.parameters;
  weights.insert(weights.end(), net_.buffers.begin(), net_.buffers.end());
  cache_.belongs_to(weights);
  std::vector<at::Tensor> last, context;
  for (int64_t i = 0; i < images.size(0); ++i) {
    const std::vector<at::Tensor> own = cache_.features_of(images[i], [&]() -> std::vector<at::Tensor> {
      const Features made = encode_stages(images.narrow(0, i, 1), pass, net_.stages.size(), nullptr);
      return {made.last, made.context};
    });
    last.push_back(own[0]);
    context.push_back(own[1]);
  }
  return {at::cat(last, 0), at::cat(context, 0)};
}

CnnGenerator::Features CnnGenerator::encode_stages(const at::Tensor& images, const NormPass& pass, size_t frozen,
                                                   NamedTensors* trace) const {
  Features features;
  const bool own = net_.statistics == kImageNet;
  at::Tensor x =
      (own ? images : renormalize(images, kImageNet, net_.statistics)).contiguous(at::MemoryFormat::ChannelsLast);
  for (size_t i = 0; i < net_.stages.size(); ++i) {
    torch::AutoGradMode gradients(at::GradMode::is_enabled() && i >= frozen);
    // What keeps its weights keeps its statistics too.
    const NormPass here{pass.live && i >= frozen, pass.trains_affine};
    for (const CnnBlock& block : net_.stages[i].blocks) x = block(x, here);
    if (i == net_.context) features.context = x;
    if (trace) trace->emplace_back("stage." + std::to_string(i), x);
  }
  features.last = x;
  return features;
}

at::Tensor CnnGenerator::respond(const Features& features) const {
  const at::Tensor response = at::conv2d(features.last, head_weight_);
  if (config_.head == CnnHead::kLinear) return response;
  at::Tensor context = features.context;
  if (context.sizes().slice(2) != features.last.sizes().slice(2))
    context = at::adaptive_avg_pool2d(context, {features.last.size(2), features.last.size(3)});
  const at::Tensor reduced = at::relu(at::conv2d(at::cat({features.last, context}, 1), reduce_weight_, reduce_bias_));
  return response + at::conv2d(reduced, context_weight_, {}, 1, 1);
}

GeneratorOutputs CnnGenerator::compute(const at::Tensor& images, const ForwardOptions& options) const {
  if (options.noise.defined()) throw refusal("dropFactors", "nothing, because this network has no drop path,", "some");
  NamedTensors trace;
  const Features features = encode(images, options, trace);
  const at::Tensor response = full(respond(features));
  GeneratorOutputs out;
  out.maps = at::relu(response);
  out.scores = response.mean({2, 3});
  out.named = {{"coarse_logits", out.scores}, {"cam", out.maps}};
  if (options.trace) {
    out.named.emplace_back("response", response);
    out.named.insert(out.named.end(), trace.begin(), trace.end());
  }
  if (options.feature_maps || options.trace) out.named.emplace_back("features", features.last);
  return out;
}

}  // namespace semples
