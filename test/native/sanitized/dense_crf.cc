#include <atomic>
#include <cmath>

#include "cases.h"
#include "ops/common/cpu/buffer.h"
#include "ops/dense_crf/cpu/mean_field.h"
#include "ops/dense_crf/cpu/normalized_lattice.h"

namespace cases {

namespace {

using namespace semples::dense_crf_cpu;
using semples::KernelExecution;
using semples::KernelMemoryLimit;
using semples::release_kept_blocks;

GaussianKernel gaussian(float deviation, float potts) {
  GaussianKernel kernel;
  kernel.position_deviation = {deviation, deviation};
  kernel.potts = potts;
  return kernel;
}

GaussianKernel bilateral(float deviation, float color_deviation, float potts) {
  GaussianKernel kernel = gaussian(deviation, potts);
  kernel.colors = true;
  kernel.color_deviation = {color_deviation, color_deviation, color_deviation};
  return kernel;
}

// Runs it whole, interrupted and with too little memory. True where it refused deviations that are too small.
bool run(const MeanFieldProblem& problem, int threads, const std::string& name) {
  KernelExecution how = execution(threads);
  std::vector<float> marginals(static_cast<size_t>(problem.height * problem.width * problem.labels), NAN);
  Profile profile;
  try {
    require(mean_field(problem, how, marginals.data(), &profile), name + ": interrupted by nobody");
  } catch (const std::length_error&) {
    return true;
  }
  require(profile.bytes <= mean_field_bytes(problem, threads), name + ": took more memory than announced");
  for (int64_t p = 0; p < problem.height * problem.width; ++p)
    require(std::abs(sum_over_labels(marginals, problem.labels, p) - 1) < 1e-4, name + ": Q does not sum to 1");

  // Several threads may ask while a lattice is built.
  std::atomic<int> asked = 0;
  how.interrupted = [&] { return ++asked >= 2; };
  if (problem.iterations > 0) require(!mean_field(problem, how, marginals.data()), name + ": not interrupted");
  how.interrupted = nullptr;
  how.memory_limit = 10;
  try {
    mean_field(problem, how, marginals.data());
  } catch (const KernelMemoryLimit& e) {
    require(e.needed > 10, name + ": needs nothing");
    return false;
  }
  throw std::logic_error(name + ": ignored the memory limit");
}

}  // namespace

int dense_crf(bool threaded) {
  int count = 0, refused = 0;
  const std::vector<int> thread_counts = threaded ? std::vector<int>{3} : std::vector<int>{1, 3};
  const auto each = [&](Size size, int labels, Picture kind, float scale, const std::vector<GaussianKernel>& kernels,
                        int iterations, bool starts = false) {
    const std::vector<uint8_t> image = picture(size, kind, 1);
    const std::vector<float> unary = numbers(size, labels, scale, 2);
    std::vector<float> start(unary.size(), 1.0f / static_cast<float>(labels));
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
    const std::string name = std::to_string(size.height) + " x " + std::to_string(size.width) + ", " +
                             std::to_string(labels) + " labels, case " + std::to_string(count);
    bool small = false;
    for (const int threads : thread_counts) small = run(problem, threads, name);
    refused += small;
    if (!kernels.empty() && !small) {
      std::vector<float> filtered(unary.size());
      for (const bool reversed : {false, true})
        filter(kernels.front(), image.data(), size.height, size.width, labels, unary.data(), Normalization::kAfter,
               reversed, execution(thread_counts.back()), filtered.data());
    }
    ++count;
  };

  const std::vector<GaussianKernel> usual = {gaussian(3, 3), bilateral(50, 5, 10)};
  const std::vector<Size> sizes = {{1, 1}, {1, 2}, {1, 97}, {83, 1}, {3, 5}, {33, 31}};
  for (const Size size : sizes)
    for (const int labels : {1, 2, 4, 5, 9, 21, 33, 70, 300})
      if (labels < (threaded ? 20 : 70) || size.height * size.width < 100)
        each(size, labels, Picture::kNoise, 5, usual, 2);
  each({9, 7}, 511, Picture::kHalves, 5, usual, 1);
  for (const Picture kind : {Picture::kConstant, Picture::kHalves, Picture::kNoise})
    for (const float scale : {0.0f, 1e-30f, 1e4f, 3e38f}) each({24, 40}, 3, kind, scale, usual, 3);
  for (const int iterations : {0, 1, 10}) each({20, 30}, 6, Picture::kHalves, 5, usual, iterations, iterations == 10);
  each({20, 30}, 3, Picture::kNoise, 5, {}, 2);
  each({20, 30}, 3, Picture::kNoise, 5, {gaussian(3, 0)}, 2);
  // Many kernels, one of which has a matrix.
  std::vector<float> matrix(21 * 21);
  for (size_t i = 0; i < matrix.size(); ++i) matrix[i] = static_cast<float>(i % 7) - 3;
  std::vector<GaussianKernel> many;
  for (int k = 0; k < 9; ++k)
    many.push_back(k % 2 == 0 ? gaussian(0.5f + static_cast<float>(k), 1)
                              : bilateral(10, 3 + static_cast<float>(k), 2));
  many[3].matrix = matrix.data();
  each({31, 29}, 21, Picture::kNoise, 5, many, 2);
  for (const float huge : {1e3f, 1e8f, 1e30f}) each({20, 30}, 3, Picture::kNoise, 5, {bilateral(huge, huge, 10)}, 2);
  require(refused == 0, "refused deviations that are large enough");
  for (const float tiny : {0.4f, 0.01f}) each({20, 30}, 3, Picture::kNoise, 5, {bilateral(50, tiny, 10)}, 2);
  if (!threaded) each({130, 141}, 3, Picture::kNoise, 5, usual, 2);
  for (const float least : {1e-6f, 1e-20f, 1e-38f}) {
    const int before = refused;
    each({20, 30}, 3, Picture::kNoise, 5, {bilateral(least, least, 10)}, 2);
    require(refused > before, "accepted deviations that are too small");
  }
  release_lattices();
  release_kept_blocks();
  return count;
}

}  // namespace cases
