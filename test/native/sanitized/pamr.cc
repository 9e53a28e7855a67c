#include <cmath>

#include "cases.h"
#include "ops/common/cpu/buffer.h"
#include "ops/pamr/cpu/pamr.h"

namespace cases {

namespace {

using namespace semples::pamr_cpu;
using semples::KernelExecution;
using semples::KernelMemoryLimit;

std::vector<float> refined(const PamrProblem& problem, const KernelExecution& how, const std::string& name) {
  std::vector<float> maps(static_cast<size_t>(problem.height * problem.width * problem.labels), NAN);
  require(semples::pamr_cpu::pamr(problem, how, maps.data()), name + ": interrupted by nobody");
  return maps;
}

void run(const PamrProblem& problem, int threads, const std::string& name) {
  const std::vector<float> all = refined(problem, execution(1), name);
  float low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < all.size(); ++i) {
    low = std::min(low, problem.maps[i]);
    high = std::max(high, problem.maps[i]);
  }
  const float slack = 1e-4f * (std::abs(low) + std::abs(high)) + 1e-30f;
  for (const float value : all)
    require(value >= low - slack && value <= high + slack, name + ": a mean lies outside of its values");
  require(refined(problem, execution(threads), name) == all, name + ": threads change the result");

  // With room for half of the weights, and for none.
  const PamrBytes bytes = pamr_bytes(problem, threads);
  KernelExecution how = execution(threads);
  for (const size_t limit : {bytes.min, (bytes.min + bytes.max) / 2}) {
    how.memory_limit = limit;
    require(refined(problem, how, name) == all, name + ": a memory limit changes the result");
  }
  how.memory_limit = bytes.min - 1;
  try {
    refined(problem, how, name);
    throw std::logic_error(name + ": ignored the memory limit");
  } catch (const KernelMemoryLimit& e) {
    require(e.needed == bytes.min, name + ": needs another amount than announced");
  }
  how.memory_limit = 0;
  int asked = 0;
  how.interrupted = [&] { return ++asked == 2; };
  std::vector<float> unfinished(all.size());
  require(semples::pamr_cpu::pamr(problem, how, unfinished.data()) == (problem.iterations < 2), name + ": not interrupted");
}

}  // namespace

int pamr(bool threaded) {
  int count = 0;
  const std::vector<std::vector<int64_t>> dilations = {{1}, {1, 2, 4, 8, 12, 24}, {7, 7, INT64_MAX}};
  const auto each = [&](Size size, int labels, Picture kind, float scale, const std::vector<int64_t>& reach,
                        int iterations) {
    const std::vector<uint8_t> image = picture(size, kind, 3);
    const std::vector<float> maps = numbers(size, labels, scale, 4);
    PamrProblem problem;
    problem.height = size.height;
    problem.width = size.width;
    problem.labels = labels;
    problem.image = image.data();
    problem.maps = maps.data();
    problem.iterations = iterations;
    problem.dilations = reach;
    const std::string name = "pamr of " + std::to_string(size.height) + " x " + std::to_string(size.width) +
                             ", " + std::to_string(labels) + " labels, case " + std::to_string(count++);
    for (const int threads : threaded ? std::vector<int>{3} : std::vector<int>{1, 3}) run(problem, threads, name);
  };
  const std::vector<Size> sizes = {{1, 1}, {1, 2}, {1, 97}, {83, 1}, {3, 16}, {33, 31}};
  for (const Size size : sizes)
    for (const int labels : {1, 2, 5, 6, 21, 300})
      for (const std::vector<int64_t>& reach : dilations)
        if (labels < (threaded ? 20 : 300) || size.height * size.width < 100)
          each(size, labels, Picture::kNoise, 1, reach, 3);
  for (const Picture kind : {Picture::kConstant, Picture::kHalves, Picture::kNoise})
    for (const float scale : {0.0f, 1e-30f, 1e36f}) each({24, 40}, 3, kind, scale, dilations[1], 10);
  each({20, 30}, 3, Picture::kNoise, 1, std::vector<int64_t>(16, 3), 2);
  for (const int iterations : {0, 1}) each({20, 30}, 3, Picture::kNoise, 1, dilations[1], iterations);
  semples::release_kept_blocks();
  return count;
}

}  // namespace cases
