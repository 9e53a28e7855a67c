// The kernels of a GPU, run on the processor in random orders, against the processor's own.
#include "cases.h"
#include "ops/dense_crf/cpu/mean_field.h"
#include "ops/dense_crf/cuda/mean_field.h"

namespace emulated {

namespace {

using namespace cases;

using namespace semples::dense_crf_plain;

std::vector<std::vector<float>> on_device(const std::vector<MeanFieldProblem>& pictures, unsigned order) {
  std::vector<std::vector<float>> results;
  std::vector<float*> pointers;
  for (const MeanFieldProblem& picture : pictures)
    results.emplace_back(static_cast<size_t>(picture.pixels() * picture.labels), NAN);
  for (std::vector<float>& result : results) pointers.push_back(result.data());
  Device device(order);
  semples::dense_crf_cuda::MeanField(device, pictures).run(pointers);
  return results;
}

std::vector<float> on_processor(const MeanFieldProblem& problem) {
  std::vector<float> result(static_cast<size_t>(problem.pixels() * problem.labels), NAN);
  require(semples::dense_crf_cpu::mean_field(problem, execution(1), result.data()), "interrupted by nobody");
  return result;
}

GaussianKernel kernel_of(float deviation, float colors, float potts) {
  GaussianKernel kernel;
  kernel.position_deviation = {deviation, deviation};
  kernel.color_deviation = {colors, colors, colors};
  kernel.colors = colors > 0;
  kernel.potts = potts;
  return kernel;
}

// Compared with the processor in one order of the calls, then with itself in the others.
void run(const MeanFieldProblem& problem, int orders, const std::string& name) {
  const std::vector<float> first = on_device({problem}, 1)[0];
  compare(first, on_processor(problem), problem.labels, name);
  // A smaller picture beside it, with fewer labels where there is no matrix of them, changes nothing.
  MeanFieldProblem other = problem;
  other.height = std::max<int64_t>(1, problem.height / 2);
  const bool any_matrix = std::any_of(problem.kernels.begin(), problem.kernels.end(),
                                      [](const GaussianKernel& kernel) { return kernel.matrix != nullptr; });
  if (!any_matrix) other.labels = std::max(1, problem.labels / 2);
  const auto both = on_device({problem, other}, 2);
  require(both[0] == first, name + ": a second picture changes the first");
  compare(both[1], on_processor(other), other.labels, name + ", the second picture");
  for (int order = 3; order < orders + 2; ++order)
    require(on_device({problem}, static_cast<unsigned>(order))[0] == first, name + ": the order changes Q");
}

}  // namespace

int dense_crf(int orders) {
  int count = 0;
  const auto each = [&](Size size, int labels, Picture kind, float scale, const std::vector<GaussianKernel>& kernels,
                        int iterations, bool starts = false) {
    const std::vector<uint8_t> image = picture(size, kind, 1);
    const std::vector<float> unary = numbers(size, labels, scale, 2), start = numbers(size, labels, 1, 3);
    MeanFieldProblem problem;
    problem.height = size.height;
    problem.width = size.width;
    problem.labels = labels;
    problem.image = image.data();
    problem.unary = unary.data();
    problem.start = starts ? start.data() : nullptr;
    problem.kernels = kernels;
    problem.iterations = iterations;
    problem.normalization = static_cast<Normalization>(count % 4);
    run(problem, orders,
        std::to_string(size.height) + " x " + std::to_string(size.width) + ", " + std::to_string(labels) +
            " labels, case " + std::to_string(count));
    ++count;
  };

  const std::vector<GaussianKernel> usual = {kernel_of(3, 0, 3), kernel_of(50, 5, 10)};
  const std::vector<Size> sizes = {{1, 1}, {1, 2}, {1, 97}, {83, 1}, {3, 5}, {33, 31}};
  for (const Size size : sizes)
    for (const int labels : {1, 2, 4, 5, 9, 21, 33, 70, 300})
      if (labels < 70 || size.height * size.width < 100) each(size, labels, Picture::kNoise, 5, usual, 2);
  each({9, 7}, 511, Picture::kHalves, 5, usual, 1);
  for (const Picture kind : {Picture::kConstant, Picture::kHalves, Picture::kNoise})
    for (const float scale : {0.0f, 1e-30f, 10.0f, 1e4f}) each({24, 40}, 3, kind, scale, usual, 3);
  for (const int iterations : {0, 1, 10}) each({20, 30}, 6, Picture::kHalves, 5, usual, iterations, iterations == 10);
  each({20, 30}, 3, Picture::kNoise, 5, {}, 2);
  each({70, 90}, 3, Picture::kConstant, 5, {kernel_of(80, 13, 4)}, 2);
  std::vector<float> matrix(21 * 21);
  for (size_t i = 0; i < matrix.size(); ++i) matrix[i] = static_cast<float>(i % 7) - 3;
  std::vector<GaussianKernel> many;
  for (int k = 0; k < 9; ++k) many.push_back(kernel_of(0.5f + static_cast<float>(k), k % 2 * (3.0f + k), 1));
  many[3].matrix = matrix.data();
  each({31, 29}, 21, Picture::kNoise, 5, many, 2);
  return count;
}

}  // namespace emulated
