// Slice, add, normalise over labels, splat. See all.h.

constexpr float kAbsent = -__builtin_inff();  // the logit of a lane without a label: below any finite one
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
