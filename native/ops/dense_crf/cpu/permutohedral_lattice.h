// The permutohedral lattice of a picture (Adams, Baek and Davis 2010): which lattice points enclose each pixel in
// feature space, with which barycentric weights, and which points are neighbours along each blur axis.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "ops/common/cpu/buffer.h"
#include "ops/common/cpu/kernel_execution.h"
#include "ops/dense_crf/cpu/chains.h"

namespace semples::dense_crf_cpu {

// A part of the pixels, in the order of `order`, that one thread treats alone.
struct Band {
  int64_t first_pixel, last_pixel;  // [first, last)
  int64_t first_point, last_point;  // points that no earlier band touches
  int64_t first_copy, last_copy;    // private copies of points that belong to an earlier band
};

struct PermutohedralLattice {
  int dimensions = 0;              // d; a pixel touches d + 1 points
  int64_t pixels = 0, points = 0;  // rows of values needed: points + copies
  int64_t rows() const { return points + static_cast<int64_t>(copy_of.size()); }
  Buffer<int32_t> index;     // [pixels, d + 1] rows
  Buffer<float> weight;      // [pixels, d + 1] barycentric weights, which sum to 1
  std::vector<Chains> axes;  // d + 1
  std::vector<Band> bands;
  Buffer<int32_t> copy_of;  // the point whose copy row points + i is

  // What blurring and slicing multiplies a constant by in unbounded space: divided out again.
  float gain() const { return 1.0f / (1.0f + 1.0f / static_cast<float>(1 << dimensions)); }
  size_t bytes() const;
};

struct LatticeFeatures {
  int64_t height = 0, width = 0;
  const uint8_t* colors = nullptr;            // [height, width, 3], or null for positions alone
  std::array<float, 2> position_deviation{};  // along x and y, pixels
  std::array<float, 3> color_deviation{};     // of the three channels
};

// How a lattice is built.
struct BuildPlan {
  int bands = 1;  // parts of the pixels, each treated by one thread
  ParallelFor parallel_for;
  // Told how many lattice points so many pixels made, by every thread every few thousand pixels. What it throws ends
  // the building. May be null.
  std::function<void(int64_t pixels, int64_t points)> monitor;
};

// Bytes that building a lattice of so many points takes at most besides the lattice: the table of keys, at most half
// full, and the neighbours along every axis.
size_t building_bytes(int64_t points, int dimensions);

// order: the pixels (y * width + x) in the order in which they are treated, for locality; see tile_order.
// Throws std::length_error where the deviations are so small that lattice coordinates cannot be told apart.
PermutohedralLattice build_lattice(const LatticeFeatures& features, const Buffer<int32_t>& order,
                                   const BuildPlan& plan);

// Pixels tile by tile: neighbours in a tile share lattice points, which then stay in the first cache.
Buffer<int32_t> tile_order(int64_t height, int64_t width);

}  // namespace semples::dense_crf_cpu
