// Background prompts as learnable embeddings: one sequence of `length` vectors per class.
#pragma once
#include <torch/types.h>

#include <cstdint>

#include "core/clip/clip.h"
#include "core/options.h"

namespace semples {

struct PromptsConfig {
  int64_t classes = 20, length = 30, width = 512;
  uint64_t seed = 0;
  // 0: uniform in [0, 1) as published (far larger than CLIP's token embeddings); else normal with this deviation.
  double deviation = 0;
  // One vector a class in CLIP's joint space of pictures and texts (`width` is that of its features), instead of
  // vectors among the words of a text.
  bool joint = false;
  at::Device device = at::kCPU;

  void visit(OptionVisitor& options) {
    options.whole("classes", classes, 1, 4096);
    options.whole("length", length, 1, 4096);
    options.whole("width", width, 1, 65536);
    options.seed("seed", seed);
    options.number("deviation", deviation);
    options.flag("joint", joint);
    options.device("device", device);
  }
  // What would take more memory than there is.
  void check() const;
};

class Prompts {
 public:
  explicit Prompts(const PromptsConfig& config);

  const at::Tensor& vectors() const { return vectors_; }  // [C, length, width]
  int64_t classes() const { return vectors_.size(0); }

  // Features [n, D]: the vectors themselves in the joint space, else those of the sequences "a photo of <vectors of the
  // class>." for the given classes [n] int64.
  at::Tensor encode(const Clip& clip, const at::Tensor& classes) const;

  // Whether a CLIP can encode them; see check_prompt_vectors.
  void check(const Clip& clip) const;

  // Changes the vectors in place (same shape).
  void load(const at::Tensor& vectors);

 private:
  at::Tensor vectors_;
  bool joint_;
};

// Whether a CLIP can encode vectors [n, length, width]: text width, device, vocabulary, and that they fit into its
// context (SEMPLES_TEXT_TOO_LONG).
void check_prompt_vectors(const Clip& clip, const at::Tensor& vectors);

// [start, "a photo of", vectors..., '.', end, padding] for vectors [n, length, width] -> features [n, D].
at::Tensor encode_prompt_vectors(const Clip& clip, const at::Tensor& vectors);

}  // namespace semples
