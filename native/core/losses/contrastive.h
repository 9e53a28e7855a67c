// The named terms of segment-label matching, contrastive prompt learning and prompt-guided refinement
// (SemPLeS, arXiv 2401.11791, sections 3.2-3.4). Each is a pure function of L2-normalised CLIP features.
#pragma once
#include <torch/types.h>

#include <string>
#include <vector>

namespace semples {

// Similarities are limited to this range before a logarithm: gradient 0 strictly outside, 1 at the ends.
inline constexpr double kSimilarityFloor = 1e-4, kSimilarityCeiling = 0.9999;

enum class LossForm {
  kLog,     // -log of the clamped similarity (the published code)
  kCosine,  // the plain similarity
};

// CLIP features of n (picture, class) pairs, each [n, D], L2-normalised; undefined where no term asks for them.
struct PairFeatures {
  at::Tensor foreground, background, text, prompt;
};

struct TermValue {
  at::Tensor value;       // scalar, unweighted
  at::Tensor similarity;  // [n], before clamping
};

// Which features a term reads.
struct TermNeeds {
  bool foreground = false, background = false, text = false, prompt = false;
};

// match               foreground ~ class text     pulled together
// background_text     background ~ class text     pushed apart
// background_prompt   background ~ learned prompt pulled together
// text_prompt         class text ~ learned prompt pushed down: + mean log s, so the loss may be negative
// foreground_prompt   foreground ~ learned prompt pushed apart: - mean log(1 - s)
// repel_foreground    foreground ~ learned prompt pushed down while prompts are learned: + mean log s
bool is_contrastive_term(const std::string& name);
TermNeeds term_needs(const std::string& name);
TermValue contrastive_term(const std::string& name, const PairFeatures& features, LossForm form);
// The scalar of a term from its similarities [n] alone.
at::Tensor similarity_loss(const std::string& name, const at::Tensor& similarity, LossForm form);

// x / |x| along the last dimension, without an epsilon.
at::Tensor unit_length(const at::Tensor& features);

}  // namespace semples
