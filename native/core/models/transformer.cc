#include "core/models/transformer.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include <cmath>

#include "core/precision.h"

namespace semples {

namespace {

at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double epsilon) {
  return at::layer_norm(x, {x.size(-1)}, weight, bias, epsilon);
}

at::Tensor product(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return at::linear(x, weight_in_scope(weight), weight_in_scope(bias));
}

at::Tensor scaled(const at::Tensor& branch, const at::Tensor& factors, int64_t which) {
  return factors.defined() ? branch * factors[which].view({-1, 1, 1}) : branch;
}

}  // namespace

BlockWeights BlockWeights::create(int64_t width, int64_t hidden) {
  BlockWeights w;
  w.norm1_weight = torch::ones({width});
  w.norm1_bias = torch::zeros({width});
  w.qkv_weight = torch::zeros({3 * width, width});
  w.qkv_bias = torch::zeros({3 * width});
  w.proj_weight = torch::zeros({width, width});
  w.proj_bias = torch::zeros({width});
  w.norm2_weight = torch::ones({width});
  w.norm2_bias = torch::zeros({width});
  w.fc1_weight = torch::zeros({hidden, width});
  w.fc1_bias = torch::zeros({hidden});
  w.fc2_weight = torch::zeros({width, hidden});
  w.fc2_bias = torch::zeros({width});
  return w;
}

void BlockWeights::append_to(NamedTensors& parameters, const std::string& prefix) const {
  for (const auto& [name, tensor] :
       std::initializer_list<std::pair<const char*, at::Tensor>>{{"norm1.weight", norm1_weight},
                                                                 {"norm1.bias", norm1_bias},
                                                                 {"attn.qkv.weight", qkv_weight},
                                                                 {"attn.qkv.bias", qkv_bias},
                                                                 {"attn.proj.weight", proj_weight},
                                                                 {"attn.proj.bias", proj_bias},
                                                                 {"norm2.weight", norm2_weight},
                                                                 {"norm2.bias", norm2_bias},
                                                                 {"mlp.fc1.weight", fc1_weight},
                                                                 {"mlp.fc1.bias", fc1_bias},
                                                                 {"mlp.fc2.weight", fc2_weight},
                                                                 {"mlp.fc2.bias", fc2_bias}})
    parameters.emplace_back(prefix + name, tensor);
}

BlockOutput transformer_block(const BlockWeights& w, const at::Tensor& tokens, const BlockRules& rules,
                              const at::Tensor& drop_factors, StepNoise* noise) {
  const int64_t batch = tokens.size(0), count = tokens.size(1), width = tokens.size(2);
  const double dropout = noise ? rules.dropout : 0;
  const auto dropped = [&](const at::Tensor& x) { return dropout > 0 ? noise->dropout(x, dropout) : x; };

  const at::Tensor normed = layer_norm(tokens, w.norm1_weight, w.norm1_bias, rules.epsilon);
  const at::Tensor qkv = product(normed, w.qkv_weight, w.qkv_bias)
                             .view({batch, count, 3, rules.heads, width / rules.heads})
                             .permute({2, 0, 3, 1, 4});
  const at::Tensor attended = dropout > 0 ? at::matmul(dropped(attention_map(qkv[0], qkv[1])), qkv[2])
                                          : at::scaled_dot_product_attention(qkv[0], qkv[1], qkv[2]);
  const at::Tensor mixed = attended.transpose(1, 2).reshape({batch, count, width});
  const at::Tensor branch = dropped(product(mixed, w.proj_weight, w.proj_bias));

  at::Tensor x = tokens + scaled(branch, drop_factors, 0);
  const at::Tensor hidden =
      at::gelu(product(layer_norm(x, w.norm2_weight, w.norm2_bias, rules.epsilon), w.fc1_weight, w.fc1_bias));
  x = x + scaled(dropped(product(dropped(hidden), w.fc2_weight, w.fc2_bias)), drop_factors, 1);
  return {x, qkv[0], qkv[1], branch};
}

at::Tensor attention_map(const at::Tensor& query, const at::Tensor& key) {
  return at::softmax(at::matmul(query * (1.0 / std::sqrt(double(query.size(-1)))), key.transpose(-2, -1)), -1,
                     at::kFloat);
}

at::Tensor sample_drop_factors(int64_t depth, int64_t batch, double rate, uint64_t seed) {
  auto generator = at::detail::createCPUGenerator(seed);
  at::Tensor factors = torch::rand({depth, 2, batch}, generator);
  for (int64_t block = 0; block < depth; ++block) {
    const double keep = 1.0 - (depth > 1 ? rate * double(block) / double(depth - 1) : rate);
    at::Tensor of_block = factors[block];
    of_block.copy_((of_block < keep).to(torch::kFloat32) / keep);
  }
  return factors;
}

at::Tensor interpolate_positions(const at::Tensor& table, int64_t class_tokens, int64_t grid_height,
                                 int64_t grid_width) {
  const int64_t patches = table.size(1) - class_tokens, width = table.size(2);
  const int64_t side = std::llround(std::sqrt(double(patches)));
  const double scale_y = (double(grid_height) + 0.1) / double(side),
               scale_x = (double(grid_width) + 0.1) / double(side);
  const at::Tensor grid = table.narrow(1, class_tokens, patches).reshape({1, side, side, width}).permute({0, 3, 1, 2});
  const at::Tensor resized = at::upsample_bicubic2d(grid, {grid_height, grid_width}, false, scale_y, scale_x);
  return at::cat(
      {table.narrow(1, 0, class_tokens), resized.permute({0, 2, 3, 1}).reshape({1, grid_height * grid_width, width})},
      1);
}

}  // namespace semples
