#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>

namespace semples {

// The first of `count` numbers that is NaN or infinite; -1 where there is none. One pass that vectorises.
inline int64_t first_not_finite(const float* values, int64_t count) {
  constexpr uint32_t kExponent = 0x7f800000;
  constexpr int64_t kBlock = 4096;
  const auto not_finite = [](float value) {
    uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);  // GCC 10 has no std::bit_cast
    return (bits & kExponent) == kExponent;
  };
  for (int64_t begin = 0; begin < count; begin += kBlock) {
    const int64_t end = std::min(begin + kBlock, count);
    bool any = false;
    for (int64_t i = begin; i < end; ++i) any |= not_finite(values[i]);
    if (any) return std::find_if(values + begin, values + end, not_finite) - values;
  }
  return -1;
}

}  // namespace semples
