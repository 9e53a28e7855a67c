// Vectors of floats, their exponential, and rows of them. See all.h.

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
