// The inner loops of mean-field inference, once for each instruction set.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace semples::dense_crf_cpu {

inline constexpr int kEmbedBlock = 64;

// Elements behind the end of each list of pairs, triples, quads that may be read, so that prefetching needs no check.
inline constexpr int64_t kChainPadding = 32;

// One Gaussian kernel, as a pass over pixels sees it. `lanes` floats make a row: the labels, padded.
struct KernelView {
  int vertices;           // points a pixel touches
  const uint32_t* index;  // [pixels, vertices] rows, each times lanes / 2
  const float* weight;    // [pixels, vertices]
  const float* values;    // blurred rows, to slice from
  float* target;          // rows to splat into
  float gain;             // sliced values times this are added to the logits ...
  const float* matrix;    // ... or, where there is one, [lanes, lanes] times them is subtracted
  const float* before;    // per pixel factor of what is splatted, or null
  const float* after;     // per pixel factor of what is sliced, or null
};

enum class PixelOutput { kSplat, kPlanes };

// Slice, add the unary, normalise over labels, splat: all in one go over the pixels.
struct PixelPass {
  int labels, lanes;
  int64_t pixels;  // of a plane
  const int32_t* order;
  const float* unary;  // [labels, pixels] planes: read by the first pass alone
  float* logits;       // [pixels, lanes], in the order of `order`: -unary
  const KernelView* kernels;
  int kernel_count;
  bool first;          // there is nothing to slice yet; fill `logits`
  const float* start;  // [labels, pixels] what to splat in the first pass, or null for softmax(-unary)
  bool linear;         // no normalisation over labels: plain filtering
  PixelOutput output;
  float* planes;  // [labels, pixels]
};

// Chains without the class that owns them: what is compiled for newer processors calls no function of others.
struct ChainList {
  const int32_t* points;
  int64_t size;
};
struct ChainView {
  ChainList pairs, triples, quads, longer, longer_begin;
};

struct PassTable {
  const char* name;
  // features [d][kEmbedBlock], already scaled; remainder, rank, fraction [d + 1][kEmbedBlock].
  void (*embed)(int dimensions, const float* features, int32_t* remainder, int32_t* rank, float* fraction);
  // Blurs rows of `lanes` floats along an axis, in place; part `part` of `parts`.
  void (*blur)(const ChainView& chains, float* values, int lanes, int part, int parts);
  void (*pixels)(const PixelPass& pass, int64_t begin, int64_t end);
};

// The widest that this processor has.
const PassTable& passes();

const PassTable& portable_passes();
const PassTable* avx2_passes();  // null where the processor has no AVX2 and FMA

}  // namespace semples::dense_crf_cpu
