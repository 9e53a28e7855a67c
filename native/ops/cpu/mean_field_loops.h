// What mean_field_portable.cc and mean_field_avx2.cc compile, each for its own instructions: included once by each, in
// its own namespace, after the headers and (for AVX2) the target pragma. Raw pointers only: an inline function of the
// standard library compiled here could be the copy that the linker keeps for everyone.

#define SEMPLES_INLINE inline __attribute__((always_inline))

// GCC and Clang vectors: registers where the target has them that wide, several narrower ones where not.
typedef float F4 __attribute__((vector_size(16)));
typedef float F8 __attribute__((vector_size(32)));
typedef int32_t I4 __attribute__((vector_size(16)));
typedef int32_t I8 __attribute__((vector_size(32)));
typedef uint32_t U4 __attribute__((vector_size(16)));
typedef uint32_t U8 __attribute__((vector_size(32)));
typedef float F8Unaligned __attribute__((vector_size(32), aligned(4)));
typedef float F4Unaligned __attribute__((vector_size(16), aligned(4)));

template <class V>
struct Traits;
template <>
struct Traits<F4> {
  using Int = I4;
  using Bits = U4;
  using Unaligned = F4Unaligned;
  static constexpr int width = 4;
};
template <>
struct Traits<F8> {
  using Int = I8;
  using Bits = U8;
  using Unaligned = F8Unaligned;
  static constexpr int width = 8;
};

template <class V>
SEMPLES_INLINE V load(const float* p) {
  return *reinterpret_cast<const typename Traits<V>::Unaligned*>(p);
}
template <class V>
SEMPLES_INLINE void store(float* p, const V& v) {
  *reinterpret_cast<typename Traits<V>::Unaligned*>(p) = v;
}
template <class V>
SEMPLES_INLINE V fill(float x) {
  if constexpr (Traits<V>::width == 4) {
    return V{x, x, x, x};
  } else {
    return V{x, x, x, x, x, x, x, x};
  }
}

// Rows are addressed by pairs of floats: 32 bits then suffice, and processors scale such an index for nothing.
template <class T>
SEMPLES_INLINE T* row_at(T* values, uint32_t pair) {
  return values + size_t{2} * pair;
}

// a + b * c
SEMPLES_INLINE void add_product(F8& a, const F8& b, const F8& c) {
#ifdef SEMPLES_FMA
  a = _mm256_fmadd_ps(b, c, a);
#else
  a += b * c;
#endif
}
SEMPLES_INLINE void add_product(F4& a, const F4& b, const F4& c) {
#ifdef SEMPLES_FMA
  a = _mm_fmadd_ps(b, c, a);
#else
  a += b * c;
#endif
}

template <class V, class I>
SEMPLES_INLINE V select(const I& mask, const V& yes, const V& no) {
  return (V)((mask & (I)yes) | (~mask & (I)no));
}
template <class V>
SEMPLES_INLINE V maximum(const V& a, const V& b) {
#ifdef SEMPLES_FMA
  if constexpr (Traits<V>::width == 8) return _mm256_max_ps(a, b);
#endif
  return select<V>(a > b, a, b);
}

// Adding and subtracting 1.5 * 2^23 rounds |x| < 2^22 to the nearest integer; the sum's low bits are that integer.
constexpr float kRounder = 12582912.0f;

// e^x for x <= 0, relative error below 3e-7; 0 below -60, so that no product with a weight is subnormal, which is slow.
template <class V>
SEMPLES_INLINE V exponential(const V& x) {
  V shifted = fill<V>(kRounder);
  add_product(shifted, x, fill<V>(1.44269504088896341f));
  const V n = shifted - kRounder;
  V r = x;
  add_product(r, n, fill<V>(-0.693147180559945309f));
  // A minimax polynomial of e^r for |r| <= log(2) / 2.
  V p = fill<V>(8.2903054747e-3f), q;
  q = fill<V>(4.1897975710e-2f), add_product(q, p, r), p = q;
  q = fill<V>(1.6667636593e-1f), add_product(q, p, r), p = q;
  q = fill<V>(4.9999149189e-1f), add_product(q, p, r), p = q;
  q = fill<V>(9.9999970701e-1f), add_product(q, p, r), p = q;
  q = fill<V>(1.0f), add_product(q, p, r);
  // The shift leaves of kRounder + n the lowest bits of n, in the place of the exponent.
  using Bits = typename Traits<V>::Bits;
  const Bits result = (Bits)q + ((Bits)shifted << 23);
  return (V)(result & (Bits)(x >= fill<V>(-60.0f)));
}

// ---- embedding -----------------------------------------------------------------------------------------------------

// Of kEmbedBlock pixels: the nearest lattice point of remainder 0, the order of the differences to it, and these
// differences over d + 1 (Adams et al. 2010, section 3).
template <int D>
void embed_block(const float* features, int32_t* remainder, int32_t* rank, float* fraction) {
  constexpr int width = 8;
  for (int p = 0; p < kEmbedBlock; p += width) {
    F8 elevated[D + 1], difference[D + 1];
    I8 whole[D + 1], order[D + 1], sum = {};
    F8 total = {};
    for (int i = D; i > 0; --i) {
      const F8 feature = load<F8>(features + (i - 1) * kEmbedBlock + p);
      elevated[i] = total - static_cast<float>(i) * feature;
      total += feature;
    }
    elevated[0] = total;
    for (int i = 0; i <= D; ++i) {
      const F8 shifted = elevated[i] * (1.0f / (D + 1)) + kRounder;
      whole[i] = (I8)shifted - (I8)fill<F8>(kRounder);
      sum += whole[i];
      difference[i] = elevated[i] * (1.0f / (D + 1)) - (shifted - kRounder);
      order[i] = I8{};
    }
    for (int i = 0; i < D; ++i) {
      for (int j = i + 1; j <= D; ++j) {
        const I8 less = difference[i] < difference[j];  // -1 where true
        order[i] -= less;
        order[j] += less + 1;
      }
    }
    for (int i = 0; i <= D; ++i) {
      order[i] += sum;
      const I8 below = order[i]<0, above = order[i]> D;  // -1 where true
      const I8 step = above - below;                     // +1 where below, -1 where above
      order[i] += step * (D + 1);
      whole[i] += step;
      difference[i] -= __builtin_convertvector(step, F8);
      *reinterpret_cast<I8*>(remainder + i * kEmbedBlock + p) = whole[i];
      *reinterpret_cast<I8*>(rank + i * kEmbedBlock + p) = order[i];
      store(fraction + i * kEmbedBlock + p, difference[i]);
    }
  }
}

void embed(int dimensions, const float* features, int32_t* remainder, int32_t* rank, float* fraction) {
  if (dimensions == 2) {
    embed_block<2>(features, remainder, rank, fraction);
  } else {
    embed_block<5>(features, remainder, rank, fraction);
  }
}

// ---- blur ----------------------------------------------------------------------------------------------------------

template <class V, int R>
struct Row {
  V v[R];
  static constexpr int lanes = Traits<V>::width * R;
  SEMPLES_INLINE void read(const float* p) {
    for (int r = 0; r < R; ++r) v[r] = load<V>(p + r * Traits<V>::width);
  }
  SEMPLES_INLINE void write(float* p) const {
    for (int r = 0; r < R; ++r) store<V>(p + r * Traits<V>::width, v[r]);
  }
  SEMPLES_INLINE void add(const Row& other, float factor) {
    for (int r = 0; r < R; ++r) add_product(v[r], other.v[r], fill<V>(factor));
  }
  SEMPLES_INLINE void add(const float* p, float factor) {
    for (int r = 0; r < R; ++r) add_product(v[r], load<V>(p + r * Traits<V>::width), fill<V>(factor));
  }
};

struct Scalar {
  float v;
  static constexpr int lanes = 1;
  SEMPLES_INLINE void read(const float* p) { v = *p; }
  SEMPLES_INLINE void write(float* p) const { *p = v; }
  SEMPLES_INLINE void add(const Scalar& other, float factor) { v += other.v * factor; }
};

// Only long rows are worth the instructions.
template <int lanes>
SEMPLES_INLINE void prefetch_row(const float* p) {
  if (lanes > 8) __builtin_prefetch(p);
  if (lanes > 16) __builtin_prefetch(p + 16);
}

// new = old + (previous + next) / 2, `stride` floats a row.
template <class R, int count>
SEMPLES_INLINE void blur_fixed(const ChainList& points, float* values, int64_t stride, int part, int parts) {
  const int32_t* index = points.points;
  const int64_t chains = points.size / count;
  const int64_t end = chains * (part + 1) / parts * count;
  constexpr int64_t ahead = kChainPadding / 2 / count * count;
  for (int64_t i = chains * part / parts * count; i < end; i += count) {
    for (int k = 0; k < count; ++k) {
      prefetch_row<R::lanes>(values + stride * index[i + ahead + k]);
    }
    R old[count];
    for (int k = 0; k < count; ++k) old[k].read(values + stride * index[i + k]);
    for (int k = 0; k < count; ++k) {
      R blurred = old[k];
      if (k > 0) blurred.add(old[k - 1], 0.5f);
      if (k + 1 < count) blurred.add(old[k + 1], 0.5f);
      blurred.write(values + stride * index[i + k]);
    }
  }
}

template <class R>
SEMPLES_INLINE void blur_longer(const ChainView& chains, float* values, int64_t stride, int part, int parts) {
  const int64_t count = chains.longer_begin.size - 1;
  const int32_t *index = chains.longer.points, *begins = chains.longer_begin.points;
  const int64_t last = chains.longer.size - 1;
  for (int64_t c = count * part / parts; c < count * (part + 1) / parts; ++c) {
    int64_t i = begins[c];
    const int64_t end = begins[c + 1];
    R previous, current, next;
    current.read(values + stride * index[i]);
    next.read(values + stride * index[i + 1]);
    R blurred = current;
    blurred.add(next, 0.5f);
    blurred.write(values + stride * index[i]);
    for (++i; i + 1 < end; ++i) {
      prefetch_row<R::lanes>(values + stride * index[i + 16 < last ? i + 16 : last]);
      previous = current, current = next;
      next.read(values + stride * index[i + 1]);
      blurred = current;
      blurred.add(previous, 0.5f);
      blurred.add(next, 0.5f);
      blurred.write(values + stride * index[i]);
    }
    next.add(current, 0.5f);
    next.write(values + stride * index[i]);
  }
}

template <class R>
void blur_rows(const ChainView& chains, float* values, int64_t stride, int part, int parts) {
  blur_fixed<R, 2>(chains.pairs, values, stride, part, parts);
  blur_fixed<R, 3>(chains.triples, values, stride, part, parts);
  blur_fixed<R, 4>(chains.quads, values, stride, part, parts);
  blur_longer<R>(chains, values, stride, part, parts);
}

void blur(const ChainView& chains, float* values, int lanes, int part, int parts) {
  switch (lanes) {
    case 1:
      return blur_rows<Scalar>(chains, values, 1, part, parts);
    case 4:
      return blur_rows<Row<F4, 1>>(chains, values, 4, part, parts);
    case 8:
      return blur_rows<Row<F8, 1>>(chains, values, 8, part, parts);
    case 16:
      return blur_rows<Row<F8, 2>>(chains, values, 16, part, parts);
    case 24:
      return blur_rows<Row<F8, 3>>(chains, values, 24, part, parts);
    default:
      for (int lane = 0; lane < lanes; lane += 8) blur_rows<Row<F8, 1>>(chains, values + lane, lanes, part, parts);
  }
}

// ---- pixels --------------------------------------------------------------------------------------------------------

constexpr float kAbsent = -1e30f;  // the logit of a lane without a label
// Exponentials are summed as integers, so the sum does not depend on the order of the labels. At most 511 of them fit.
constexpr float kSumUnit = 4194304.0f;

SEMPLES_INLINE F4 halves_maximum(const F4& v) {
  const F4 a = maximum<F4>(v, __builtin_shufflevector(v, v, 2, 3, 0, 1));
  return maximum<F4>(a, __builtin_shufflevector(a, a, 1, 0, 3, 2));
}
SEMPLES_INLINE I4 halves_sum(const I4& v) {
  const I4 a = v + __builtin_shufflevector(v, v, 2, 3, 0, 1);
  return a + __builtin_shufflevector(a, a, 1, 0, 3, 2);
}
// Over each half of four lanes.
SEMPLES_INLINE F8 halves_maximum(const F8& v) {
  const F8 a = maximum<F8>(v, __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5));
  return maximum<F8>(a, __builtin_shufflevector(a, a, 1, 0, 3, 2, 5, 4, 7, 6));
}
SEMPLES_INLINE I8 halves_sum(const I8& v) {
  const I8 a = v + __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5);
  return a + __builtin_shufflevector(a, a, 1, 0, 3, 2, 5, 4, 7, 6);
}
template <class V>
SEMPLES_INLINE typename Traits<V>::Int to_units(const V& v) {
#ifdef SEMPLES_FMA
  if constexpr (Traits<V>::width == 8) return (I8)_mm256_cvtps_epi32(v * kSumUnit);
#endif
  return __builtin_convertvector(v * kSumUnit + 0.5f, typename Traits<V>::Int);
}

// Softmax of each group of four lanes.
SEMPLES_INLINE void softmax_halves(F8& x) {
  const F8 e = exponential<F8>(x - halves_maximum(x));
  x = e * (kSumUnit / __builtin_convertvector(halves_sum(to_units<F8>(e)), F8));
}

template <int R>
SEMPLES_INLINE void softmax(F8* x) {
  F8 top = x[0];
  for (int r = 1; r < R; ++r) top = maximum<F8>(top, x[r]);
  top = maximum<F8>(top, __builtin_shufflevector(top, top, 4, 5, 6, 7, 0, 1, 2, 3));
  top = halves_maximum(top);
  I8 sum = {};
  for (int r = 0; r < R; ++r) {
    x[r] = exponential<F8>(x[r] - top);
    sum += to_units<F8>(x[r]);
  }
  sum += __builtin_shufflevector(sum, sum, 4, 5, 6, 7, 0, 1, 2, 3);
  const F8 scale = kSumUnit / __builtin_convertvector(halves_sum(sum), F8);
  for (int r = 0; r < R; ++r) x[r] *= scale;
}

// Pixels are treated in chunks, phase by phase, so that each loop does one thing and the rows stay in the first cache.
constexpr int kChunk = 32;

template <class R, int vertices>
SEMPLES_INLINE void slice(float* rows, const KernelView& kernel, int64_t first, int count) {
  const uint32_t* index = kernel.index + first * vertices;
  const float* weight = kernel.weight + first * vertices;
  const float *values = kernel.values, *after = kernel.after;
  for (int p = 0; p < count; ++p, index += vertices, weight += vertices) {
    R message = {}, row;
    for (int v = 0; v < vertices; ++v) message.add(row_at(values, index[v]), weight[v]);
    row.read(rows + p * R::lanes);
    row.add(message, after == nullptr ? kernel.gain : kernel.gain * after[first + p]);
    row.write(rows + p * R::lanes);
  }
}

// The energies of all pairs of labels: row -= M message.
template <class R, int vertices>
SEMPLES_INLINE void slice_matrix(float* rows, const PixelPass& pass, const KernelView& kernel, int64_t first,
                                 int count) {
  const uint32_t* index = kernel.index + first * vertices;
  const float* weight = kernel.weight + first * vertices;
  for (int p = 0; p < count; ++p, index += vertices, weight += vertices) {
    R message = {}, row;
    for (int v = 0; v < vertices; ++v) message.add(row_at(kernel.values, index[v]), weight[v]);
    const float gain = kernel.after == nullptr ? kernel.gain : kernel.gain * kernel.after[first + p];
    alignas(32) float lanes[R::lanes];
    message.write(lanes);
    row.read(rows + p * R::lanes);
    for (int l = 0; l < pass.labels; ++l) row.add(kernel.matrix + l * R::lanes, -gain * lanes[l]);
    row.write(rows + p * R::lanes);
  }
}

template <class R, int vertices>
SEMPLES_INLINE void splat(const float* rows, const KernelView& kernel, int64_t first, int count) {
  const uint32_t* index = kernel.index + first * vertices;
  const float* weight = kernel.weight + first * vertices;
  float* target = kernel.target;
  const float* before = kernel.before;
  for (int p = 0; p < count; ++p, index += vertices, weight += vertices) {
    R row, sum;
    row.read(rows + p * R::lanes);
    if (before != nullptr) {
      sum = {};
      sum.add(row, before[first + p]);
      row = sum;
    }
    for (int v = 0; v < vertices; ++v) {
      float* point = row_at(target, index[v]);
      sum.read(point);
      sum.add(row, weight[v]);
      sum.write(point);
    }
  }
}

template <class R>
SEMPLES_INLINE void softmax_rows(float* rows, int count) {
  if constexpr (R::lanes == 4) {
    for (int p = 0; p < count; p += 2) {
      F8 both = load<F8>(rows + p * 4);
      softmax_halves(both);
      store<F8>(rows + p * 4, both);
    }
  } else {
    for (int p = 0; p < count; ++p) {
      R row;
      row.read(rows + p * R::lanes);
      softmax<R::lanes / 8>(row.v);
      row.write(rows + p * R::lanes);
    }
  }
}

template <class R>
SEMPLES_INLINE void read_planes(float* rows, const float* planes, const PixelPass& pass, int64_t first, int count,
                                float sign, float padding) {
  const int32_t* order = pass.order + first;
  for (int l = 0; l < R::lanes; ++l) {
    if (l >= pass.labels) {
      for (int p = 0; p < count; ++p) rows[p * R::lanes + l] = padding;
      continue;
    }
    const float* plane = planes + l * pass.pixels;
    for (int p = 0; p < count; ++p) rows[p * R::lanes + l] = sign * plane[order[p]];
  }
}

template <class R>
SEMPLES_INLINE void copy_rows(float* to, const float* from, int count) {
  for (int p = 0; p < count; ++p) {
    R row;
    row.read(from + p * R::lanes);
    row.write(to + p * R::lanes);
  }
}

template <class R>
void pixel_loop(const PixelPass& pass, int64_t begin, int64_t end) {
  constexpr int lanes = R::lanes;
  alignas(64) float rows[kChunk * lanes] = {};
  for (int64_t p = begin; p < end; p += kChunk) {
    const int count = static_cast<int>(end - p < kChunk ? end - p : kChunk);
    if (pass.first) {
      read_planes<R>(rows, pass.unary, pass, p, count, -1.0f, kAbsent);
      copy_rows<R>(pass.logits + p * lanes, rows, count);
      if (pass.start != nullptr) read_planes<R>(rows, pass.start, pass, p, count, 1.0f, 0.0f);
    } else if (pass.linear) {
      __builtin_memset(rows, 0, sizeof(float) * lanes * count);
    } else {
      copy_rows<R>(rows, pass.logits + p * lanes, count);
    }
    if (!pass.first) {
      for (int k = 0; k < pass.kernel_count; ++k) {
        const KernelView& kernel = pass.kernels[k];
        if (kernel.matrix != nullptr) {
          kernel.vertices == 6 ? slice_matrix<R, 6>(rows, pass, kernel, p, count)
                               : slice_matrix<R, 3>(rows, pass, kernel, p, count);
        } else {
          kernel.vertices == 6 ? slice<R, 6>(rows, kernel, p, count) : slice<R, 3>(rows, kernel, p, count);
        }
      }
    }
    if (!pass.linear && !(pass.first && pass.start != nullptr)) softmax_rows<R>(rows, count);
    if (pass.output == PixelOutput::kSplat) {
      for (int k = 0; k < pass.kernel_count; ++k) {
        const KernelView& kernel = pass.kernels[k];
        kernel.vertices == 6 ? splat<R, 6>(rows, kernel, p, count) : splat<R, 3>(rows, kernel, p, count);
      }
    } else {
      for (int l = 0; l < pass.labels; ++l) {
        float* plane = pass.planes + l * pass.pixels;
        for (int i = 0; i < count; ++i) plane[pass.order[p + i]] = rows[i * lanes + l];
      }
    }
  }
}

void pixels(const PixelPass& pass, int64_t begin, int64_t end) {
  switch (pass.lanes) {
    case 4:
      return pixel_loop<Row<F4, 1>>(pass, begin, end);
    case 8:
      return pixel_loop<Row<F8, 1>>(pass, begin, end);
    case 16:
      return pixel_loop<Row<F8, 2>>(pass, begin, end);
    case 24:
      return pixel_loop<Row<F8, 3>>(pass, begin, end);
    case 32:
      return pixel_loop<Row<F8, 4>>(pass, begin, end);
    case 64:
      return pixel_loop<Row<F8, 8>>(pass, begin, end);
    case 128:
      return pixel_loop<Row<F8, 16>>(pass, begin, end);
    default:
      return pixel_loop<Row<F8, 64>>(pass, begin, end);
  }
}

const PassTable kTable = {kName, embed, blur, pixels};
