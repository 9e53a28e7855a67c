#include "core/models/step_noise.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include <vector>

namespace semples {

namespace {

// One more round of splitmix64 (Steele, Lea and Flood 2014).
uint64_t mixed(uint64_t seed, uint64_t number) {
  uint64_t z = seed + 0x9e3779b97f4a7c15ULL * (number + 1);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace

// [B, ...]: 0, or 1 / (1 - rate); each picture from a generator of its own.
at::Tensor StepNoise::factors(at::IntArrayRef shape, double rate) {
  const double keep = 1 - rate;
  at::Tensor all = torch::empty(shape);
  for (int64_t i = 0; i < shape[0]; ++i) {
    auto generator = at::detail::createCPUGenerator(mixed(mixed(seed_, draws_), uint64_t(first_ + i)));
    all.select(0, i).bernoulli_(keep, generator);
  }
  ++draws_;
  return all.div_(keep);
}

at::Tensor StepNoise::dropout(const at::Tensor& x, double rate) {
  return rate <= 0 ? x : x * factors(x.sizes(), rate).to(x.device());
}

at::Tensor StepNoise::drop_path(int64_t pictures, double rate) { return factors({pictures}, rate); }

}  // namespace semples
