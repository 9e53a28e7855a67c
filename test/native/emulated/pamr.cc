// Pixel-adaptive refinement as a GPU runs it, against the processor's own.
#include "cases.h"
#include "ops/pamr/cpu/pamr.h"
#include "ops/pamr/cuda/refine.h"

namespace emulated {

namespace {

using namespace cases;
using semples::pamr_plain::PamrProblem;

std::vector<float> on_device(const PamrProblem& problem, unsigned order, int64_t weight_bytes) {
  std::vector<float> refined(static_cast<size_t>(problem.height * problem.width * problem.labels), NAN);
  Device device(order);
  semples::pamr_cuda::refine(device, problem, refined.data(), weight_bytes);
  return refined;
}

}  // namespace

int pamr(int orders) {
  int count = 0;
  const std::vector<Size> sizes = {{1, 1}, {1, 2}, {1, 97}, {83, 1}, {3, 5}, {33, 31}};
  const std::vector<std::vector<int64_t>> dilations = {{1, 2, 4, 8, 12, 24}, {1}, {30000000000}, {3, 3}};
  for (const Size size : sizes) {
    for (const int labels : {1, 3, 4, 9, 21}) {
      const auto kind = static_cast<Picture>(count % 3);
      const std::vector<uint8_t> image = picture(size, kind, 1);
      const std::vector<float> maps = numbers(size, labels, 1, 2);
      PamrProblem problem;
      problem.height = size.height;
      problem.width = size.width;
      problem.labels = labels;
      problem.image = image.data();
      problem.maps = maps.data();
      problem.iterations = count % 4;
      problem.dilations = dilations[static_cast<size_t>(count) % dilations.size()];
      const std::string name = "PAMR of " + std::to_string(size.height) + " x " + std::to_string(size.width) + ", " +
                               std::to_string(labels) + " labels, case " + std::to_string(count);
      std::vector<float> expected(maps.size(), NAN);
      require(semples::pamr_cpu::pamr(problem, execution(1), expected.data()), name + ": interrupted by nobody");
      const std::vector<float> first = on_device(problem, 1, semples::pamr_cuda::kMaxWeightBytes);
      compare(first, expected, labels, name);
      // In bands, for want of memory for all weights.
      for (const int64_t bytes : {int64_t{1}, int64_t{20000}})
        require(on_device(problem, 2, bytes) == first, name + ": bands change the result");
      for (int order = 3; order < orders + 2; ++order)
        require(on_device(problem, static_cast<unsigned>(order), semples::pamr_cuda::kMaxWeightBytes) == first,
                name + ": the order changes the result");
      ++count;
    }
  }
  return count;
}

}  // namespace emulated
