// From features of pixels to the simplices that enclose them. See all.h.

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
      difference[i] = elevated[i] - (shifted - kRounder) * static_cast<float>(D + 1);
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
      difference[i] = elevated[i] - __builtin_convertvector(whole[i] * (D + 1), F8);
      *reinterpret_cast<I8*>(remainder + i * kEmbedBlock + p) = whole[i];
      *reinterpret_cast<I8*>(rank + i * kEmbedBlock + p) = order[i];
      store(fraction + i * kEmbedBlock + p, difference[i] * (1.0f / (D + 1)));
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
