// Background prompts as learnable embeddings: one sequence of `length` vectors per class.
#pragma once
#include <torch/types.h>

#include <cstdint>

#include "core/clip/clip.h"

namespace semples {

struct PromptsConfig {
  int64_t classes = 20, length = 30, width = 512;
  uint64_t seed = 0;
  // Uniform in [0, 1) as published (far larger than CLIP's token embeddings), or normal with this deviation.
  double deviation = 0;
};

class Prompts {
 public:
  Prompts(const PromptsConfig& config, at::Device device);

  const at::Tensor& vectors() const { return vectors_; }  // [C, length, width]
  int64_t classes() const { return vectors_.size(0); }

  // Text features [n, D] of the sequences "a photo of <vectors of the class>." for the given classes [n] int64.
  at::Tensor encode(const Clip& clip, const at::Tensor& classes) const;

  // Changes the vectors in place (same shape).
  void load(const at::Tensor& vectors);

 private:
  at::Tensor vectors_;
};

// Whether a CLIP can encode vectors [n, length, width]: text width, device, vocabulary, and that they fit into its
// context (SEMPLES_PROMPT_TOO_LONG).
void check_prompt_vectors(const Clip& clip, const at::Tensor& vectors);

// [start, "a photo of", vectors..., '.', end, padding] for vectors [n, length, width] -> features [n, D].
at::Tensor encode_prompt_vectors(const Clip& clip, const at::Tensor& vectors);

}  // namespace semples
