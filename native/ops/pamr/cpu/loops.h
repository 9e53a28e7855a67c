// What passes_portable.cc and passes_avx2.cc compile, each for its own instructions: included once by each, in its own
// namespace. Raw pointers only: an inline function of the standard library compiled here could be the copy that the
// linker keeps for everyone.
#include "ops/common/cpu/vectors.h"

#ifdef SEMPLES_FMA
using Vector = F8;
#else
using Vector = F4;
#endif
constexpr int kWidth = Traits<Vector>::width;

SEMPLES_INLINE Vector square_root(const Vector& v) {
#ifdef SEMPLES_FMA
  return _mm256_sqrt_ps(v);
#else
  Vector roots = v;
  for (int i = 0; i < kWidth; ++i) roots[i] = __builtin_sqrtf(roots[i]);
  return roots;
#endif
}

SEMPLES_INLINE Vector magnitude(const Vector& v) {
  using Bits = Traits<Vector>::Bits;
  return (Vector)((Bits)v & 0x7fffffffu);
}

// What an absolute difference of a colour, in bytes, takes from the affinity of a neighbour: 1 / (3 (e + 0.1 sigma)).
// sigma is the unbiased deviation over the neighbours and, once for each dilation, the pixel itself.
SEMPLES_INLINE Vector steepness(const RowView& row, int64_t offset) {
  const int total = row.count + row.count / 8;
  const Vector centre = load<Vector>(row.centre + offset);
  Vector sum = {}, squares = {};
  for (int n = 0; n < row.count; ++n) {
    // Differences from the pixel itself, which then adds 0: whole numbers whose sums are exact.
    const Vector d = load<Vector>(row.neighbours[n] + offset) - centre;
    sum += d;
    add_product(squares, d, d);
  }
  const Vector variance = (squares - sum * sum / static_cast<float>(total)) / static_cast<float>(total - 1);
  constexpr float kEpsilon = 255.0f * 1e-8f;  // published for colours in [0, 1]
  return 1.0f / (3.0f * (kEpsilon + 0.1f * square_root(variance)));
}

// Softmax over the neighbours of minus the mean over colours of |I(x) - I(n)| / (e + 0.1 sigma(x)).
void weigh(const RowView& row, float* weights) {
  Vector rows[kMaxNeighbours];
  for (int64_t x = 0; x < row.blocks * kBlock; x += kWidth) {
    Vector least = fill<Vector>(3e38f);
    for (int n = 0; n < row.count; ++n) rows[n] = fill<Vector>(0);
    for (int color = 0; color < 3; ++color) {
      const int64_t offset = color * row.stride + x;
      const Vector factor = steepness(row, offset), centre = load<Vector>(row.centre + offset);
      for (int n = 0; n < row.count; ++n)
        add_product(rows[n], magnitude(load<Vector>(row.neighbours[n] + offset) - centre), factor);
    }
    for (int n = 0; n < row.count; ++n) least = select<Vector>(rows[n] < least, rows[n], least);
    Vector sum = {};
    for (int n = 0; n < row.count; ++n) {
      rows[n] = exponential<Vector>(least - rows[n]);
      sum += rows[n];
    }
    const Vector scale = 1.0f / sum;
    float* block = weights + x / kBlock * kBlock * row.count + x % kBlock;
    for (int n = 0; n < row.count; ++n) store<Vector>(block + n * kBlock, rows[n] * scale);
  }
}

// `planes` of them at once: a weight is loaded once for all.
template <int planes>
SEMPLES_INLINE void average_planes(const RowView& row, int64_t offset, const float* weights, float* means) {
  Vector sums[planes][2] = {};
  for (int n = 0; n < row.count; ++n) {
    const Vector first = load<Vector>(weights + n * kBlock), second = load<Vector>(weights + n * kBlock + kWidth);
    const float* values = row.neighbours[n] + offset;
    for (int p = 0; p < planes; ++p) {
      add_product(sums[p][0], first, load<Vector>(values + p * row.stride));
      add_product(sums[p][1], second, load<Vector>(values + p * row.stride + kWidth));
    }
  }
  for (int p = 0; p < planes; ++p) {
    store<Vector>(means + offset + p * row.stride, sums[p][0]);
    store<Vector>(means + offset + p * row.stride + kWidth, sums[p][1]);
  }
}

void average(const RowView& row, int planes, const float* weights, float* means) {
  // Groups of like size, of as many planes as have their sums in registers.
  constexpr int kMaxPlanes = 5;
  const int groups = (planes + kMaxPlanes - 1) / kMaxPlanes;
  for (int64_t x = 0; x < row.blocks * kBlock; x += 2 * kWidth) {
    const float* block = weights + x / kBlock * kBlock * row.count + x % kBlock;
    for (int group = 0; group < groups; ++group) {
      const int first = planes * group / groups, last = planes * (group + 1) / groups;
      const int64_t offset = first * row.stride + x;
      switch (last - first) {
        case 1:
          average_planes<1>(row, offset, block, means);
          break;
        case 2:
          average_planes<2>(row, offset, block, means);
          break;
        case 3:
          average_planes<3>(row, offset, block, means);
          break;
        case 4:
          average_planes<4>(row, offset, block, means);
          break;
        default:
          average_planes<kMaxPlanes>(row, offset, block, means);
      }
    }
  }
}

const PassTable kTable = {kName, weigh, average};
