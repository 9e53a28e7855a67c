// Cases for the kernels of GPUs, run on the processor; each returns how many it ran, or throws std::logic_error. `orders`:
// in how many random orders of the calls each is run.
#pragma once
#include <cmath>
#include <string>
#include <vector>

#include "../sanitized/cases.h"
#include "device.h"

namespace emulated {

int dense_crf(int orders);
int pamr(int orders);
int interruptions();

// Values [labels, pixels] within 1e-4, and each pixel's highest label the same where the two are not equal but for
// rounding.
inline void compare(const std::vector<float>& device, const std::vector<float>& processor, int labels,
                    const std::string& name) {
  const size_t pixels = device.size() / static_cast<size_t>(labels);
  for (size_t i = 0; i < device.size(); ++i)
    cases::require(std::abs(device[i] - processor[i]) <= 1e-4f,
                   name + ": " + std::to_string(device[i]) + " instead of " + std::to_string(processor[i]));
  const auto highest = [&](const std::vector<float>& values, size_t pixel) {
    size_t found = 0;
    for (size_t l = 1; l < static_cast<size_t>(labels); ++l)
      if (values[l * pixels + pixel] > values[found * pixels + pixel]) found = l;
    return found;
  };
  for (size_t p = 0; p < pixels; ++p) {
    const size_t one = highest(device, p), other = highest(processor, p);
    cases::require(one == other || std::abs(processor[one * pixels + p] - processor[other * pixels + p]) <= 1e-6f,
                   name + ": another label");
  }
}

}  // namespace emulated
