// Blurring rows along the chains of an axis. See all.h.

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
