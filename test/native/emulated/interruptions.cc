// Interruption, and deviations that are too small.
#include "cases.h"
#include "ops/dense_crf/cuda/mean_field.h"
#include "ops/pamr/cuda/refine.h"

namespace emulated {

namespace {

using namespace cases;
using semples::device::Stopped;

// True where `work` was interrupted when it asked for the `at`-th time.
template <class Work>
bool stops(int at, const Work& work) {
  Device device(1);
  int asked = 0;
  device.interrupted = [&] { return ++asked >= at; };
  try {
    work(device);
  } catch (const Stopped&) {
    require(asked == at, "it went on after an interruption");
    return true;
  }
  return false;
}

}  // namespace

int interruptions() {
  const Size size = {12, 10};
  const std::vector<uint8_t> image = picture(size, Picture::kNoise, 1);
  const std::vector<float> maps = numbers(size, 2, 1, 2);
  std::vector<float> result(maps.size());
  semples::dense_crf_plain::MeanFieldProblem problem;
  problem.height = size.height;
  problem.width = size.width;
  problem.labels = 2;
  problem.image = image.data();
  problem.unary = maps.data();
  problem.iterations = 3;
  problem.kernels.resize(1);
  problem.kernels[0].colors = true;
  problem.kernels[0].position_deviation = {50, 50};
  problem.kernels[0].color_deviation = {5, 5, 5};
  const auto crf = [&](Device& device) {
    semples::dense_crf_cuda::MeanField(device, {problem}).run({result.data()});
  };
  // Twice while the lattice is built, then before each iteration.
  for (int at = 1; at <= 5; ++at) require(stops(at, crf), "inference went on");
  require(!stops(6, crf), "inference was interrupted by nobody");

  semples::pamr_plain::PamrProblem refinement;
  refinement.height = size.height;
  refinement.width = size.width;
  refinement.labels = 2;
  refinement.image = image.data();
  refinement.maps = maps.data();
  refinement.iterations = 2;
  refinement.dilations = {1, 2};
  const auto pamr = [&](Device& device) { semples::pamr_cuda::refine(device, refinement, result.data()); };
  for (int at = 1; at <= 2; ++at) require(stops(at, pamr), "refinement went on");
  require(!stops(3, pamr), "refinement was interrupted by nobody");

  problem.kernels[0].color_deviation = {1e-20f, 1e-20f, 1e-20f};
  try {
    Device device(1);
    crf(device);
  } catch (const std::length_error&) {
    return 10;
  }
  throw std::logic_error("deviations that are too small were not refused");
}

}  // namespace emulated
