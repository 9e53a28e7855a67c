// Random numbers of a training step, for drop path and dropout: they depend on the seed of the step, the place of a
// picture in its batch and the order of the draws, not on which pictures are computed together.
#pragma once
#include <torch/types.h>

#include <cstdint>

namespace semples {

class StepNoise {
 public:
  // `first`: the place in its batch of the first picture that is computed.
  explicit StepNoise(uint64_t seed, int64_t first = 0) : seed_(seed), first_(first) {}

  // Dropout: every number is 0 with this chance, and else divided by what remains. x [B, ...].
  at::Tensor dropout(const at::Tensor& x, double rate);
  // Stochastic depth: [B] factors, 0 or 1 / (1 - rate).
  at::Tensor drop_path(int64_t pictures, double rate);

 private:
  at::Tensor factors(at::IntArrayRef shape, double rate);

  uint64_t seed_;
  int64_t first_;
  uint64_t draws_ = 0;
};

}  // namespace semples
