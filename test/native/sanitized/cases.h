// Odd cases for the plain kernels (the cpu/ folders of native/ops); each returns how many it ran, or throws std::logic_error.
#pragma once
#include <cstdint>
#include <exception>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "ops/common/cpu/kernel_execution.h"

namespace cases {

struct Size {
  int64_t height, width;
};

int dense_crf(bool threaded);
int pamr(bool threaded);

inline void require(bool holds, const std::string& what) {
  if (!holds) throw std::logic_error(what);
}

// Real threads, one a part, so that ThreadSanitizer sees them: it does not know the OpenMP runtime's. The first failure
// leaves with the caller.
inline semples::KernelExecution execution(int threads) {
  semples::KernelExecution execution;
  execution.threads = threads;
  if (threads > 1)
    execution.parallel_for = [](int64_t count, const std::function<void(int64_t)>& body) {
      std::vector<std::exception_ptr> failures(static_cast<size_t>(count));
      std::vector<std::thread> running;
      for (int64_t i = 0; i < count; ++i)
        running.emplace_back([&, i] {
          try {
            body(i);
          } catch (...) {
            failures[static_cast<size_t>(i)] = std::current_exception();
          }
        });
      for (std::thread& thread : running) thread.join();
      for (const std::exception_ptr& failure : failures)
        if (failure) std::rethrow_exception(failure);
    };
  return execution;
}

// Bytes: all alike, two halves, or noise.
enum class Picture { kConstant, kHalves, kNoise };
inline std::vector<uint8_t> picture(Size size, Picture kind, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> bytes(static_cast<size_t>(size.height * size.width * 3), 90);
  if (kind == Picture::kHalves) std::fill(bytes.begin(), bytes.begin() + static_cast<int64_t>(bytes.size() / 2), 200);
  if (kind == Picture::kNoise)
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

// Numbers in [0, scale].
inline std::vector<float> numbers(Size size, int labels, float scale, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> values(static_cast<size_t>(size.height * size.width * labels));
  for (float& value : values) value = static_cast<float>(random() % 1025) / 1024.0f * scale;
  return values;
}

// Of one pixel over the planes [labels, pixels].
inline double sum_over_labels(const std::vector<float>& planes, int labels, int64_t pixel) {
  const auto pixels = static_cast<int64_t>(planes.size()) / labels;
  double sum = 0;
  for (int label = 0; label < labels; ++label) sum += planes[static_cast<size_t>(label * pixels + pixel)];
  return sum;
}

}  // namespace cases
