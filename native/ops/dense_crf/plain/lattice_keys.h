// Points of the permutohedral lattice (Adams, Baek and Davis 2010) as numbers of 64 bits, on the processor and on a
// GPU.
#pragma once
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "ops/common/plain/device.h"

namespace semples::dense_crf_plain {

// All d + 1 coordinates of a lattice point leave the same remainder when divided by d + 1, and they sum to 0. So a key
// holds the remainder in its three lowest bits and, above, the first d quotients, biased to be positive: no key is 0.
struct KeyLayout {
  int bits = 3, dimensions = 0;
  int shift[5] = {};
  int32_t bias[5] = {};
  float deviation[5] = {}, scale[5] = {};  // of features
  uint64_t carry = 0;                      // 1 in every quotient

  KeyLayout(int d, const std::array<float, 5>& deviations, const std::array<float, 5>& extent) : dimensions(d) {
    const auto length = static_cast<float>(std::sqrt(2.0 / 3.0) * (d + 1));
    std::array<double, 5> reach{};
    for (int i = 0; i < d; ++i) {
      deviation[i] = deviations[i];
      scale[i] = static_cast<float>(length / std::sqrt((i + 1.0) * (i + 2.0)));
      reach[i] = static_cast<double>(scale[i]) / deviation[i] * extent[i];
    }
    constexpr int margin = 4;  // vertices of a simplex and their neighbours
    for (int i = 0; i < d; ++i) {
      double above = 0;
      for (int j = i; j < d; ++j) above += reach[j];
      const double below = i == 0 ? 0 : i * reach[i - 1];
      const double quotients = (above + below) / (d + 1) + 2 * margin + 1;
      if (!(quotients < 1 << 20)) too_fine();  // floats cannot tell such coordinates apart
      bias[i] = static_cast<int32_t>(std::ceil(below / (d + 1))) + margin;
      shift[i] = bits;
      carry |= uint64_t{1} << bits;
      bits += std::bit_width(static_cast<uint32_t>(quotients) + 1);
      if (bits > 60) too_fine();
    }
  }

  [[noreturn]] static void too_fine() {
    throw std::length_error("the standard deviations are too small for this picture: lattice keys exceed 60 bits");
  }

  // In two steps, each rounded: colours are whole numbers, so whole regions lie on the border of two simplices, and the
  // side they fall on should be the one of other implementations.
  SEMPLES_DEVICE float feature(int i, float value) const { return value / deviation[i] * scale[i]; }

  // A step along axis j adds 1 to every coordinate (following) and takes d + 1 from coordinate j (unit).
  SEMPLES_DEVICE uint64_t unit(int j) const { return j < dimensions ? uint64_t{1} << shift[j] : 0; }
  SEMPLES_DEVICE uint64_t following(uint64_t key) const {
    const bool wraps = (key & 7) == static_cast<uint64_t>(dimensions);
    return key + 1 + (wraps ? carry - static_cast<uint64_t>(dimensions + 1) : 0);
  }
};

}  // namespace semples::dense_crf_plain
