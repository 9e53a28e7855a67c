// The permutohedral lattice of pictures (Adams, Baek and Davis 2010) on a GPU: which points enclose each pixel in
// feature space, which pixels lie around each point, and which points are neighbours along each blur axis.
//
// Points are found by sorting the keys of all vertices of all pixels, not in a hash table. Sorting costs a few passes
// over the keys once a picture, and gives what a table does not: points in an order that does not depend on chance; for
// each point the list of its pixels, so that splatting sums instead of adding atomically, without contention where a
// region of one colour shares few points; and neighbours by binary search. Keys of several pictures are told apart by
// their highest bits, so pictures of different sizes make one lattice.
#pragma once
#include <bit>
#include <cstdint>
#include <vector>

#include "ops/common/plain/device.h"
#include "ops/dense_crf/plain/lattice_keys.h"
#include "ops/dense_crf/plain/problem.h"

namespace semples::dense_crf_cuda {

using dense_crf_plain::GaussianKernel;
using dense_crf_plain::KeyLayout;
using dense_crf_plain::MeanFieldProblem;
using device::Array;

// A vertex of a pixel is "entry" pixel * (d + 1) + vertex. Sums over the entries of a point are made in portions, sums
// of portions likewise, until each point has one: how they are grouped depends on the point alone.
inline constexpr int kPortion = 64;

// Portion i is the items begin[i] to begin[i + 1]: entries of points, or portions of the level before.
struct Level {
  Array<int32_t> begin;
  int64_t portions() const { return begin.size() - 1; }
};

struct Lattice {
  int dimensions = 0;
  int64_t pixels = 0, points = 0;
  Array<int32_t> index;  // [pixels, d + 1] points
  Array<float> weight;   // [pixels, d + 1] barycentric weights, for slicing
  // In the order of the points.
  Array<uint32_t> place;      // entries
  Array<int32_t> pixel;       // of each entry
  Array<float> splat_weight;  // of each entry
  std::vector<Level> levels;
  // [d + 1, points] the next and the previous point along each axis, or -1.
  Array<int32_t> next, previous;

  int vertices() const { return dimensions + 1; }
  // What blurring and slicing multiplies a constant by in unbounded space: divided out again.
  float gain() const { return 1.0f / (1.0f + 1.0f / static_cast<float>(1 << dimensions)); }
};

// Of a pixel: the nearest lattice point of remainder 0, the order of the differences to it, and these differences over
// d + 1 (Adams et al. 2010, section 3), rounded as in cpu/loops/embed.h. Then keys and weights of the d + 1 points.
template <int D>
struct Embed {
  KeyLayout layout;
  const uint8_t* colors;  // [pixels, 3]
  int32_t width;
  uint64_t picture;  // the highest bits of its keys
  int64_t first;     // pixel among those of all pictures
  uint64_t* keys;
  uint32_t* places;
  float* weights;

  SEMPLES_DEVICE void operator()(int64_t pixel, int) const {
    float elevated[D + 1], difference[D + 1];
    elevate(pixel, elevated);
    constexpr float kRounder = 12582912.0f;
    int whole[D + 1], rank[D + 1], sum = 0;
    SEMPLES_UNROLL
    for (int i = 0; i <= D; ++i) {
      const float nearest = (elevated[i] * (1.0f / (D + 1)) + kRounder) - kRounder;
      whole[i] = static_cast<int>(nearest);
      sum += whole[i];
      difference[i] = elevated[i] - nearest * static_cast<float>(D + 1);
      rank[i] = 0;
    }
    SEMPLES_UNROLL
    for (int i = 0; i < D; ++i) {
      SEMPLES_UNROLL
      for (int j = i + 1; j <= D; ++j) {
        const int less = difference[i] < difference[j];
        rank[i] += less;
        rank[j] += 1 - less;
      }
    }
    uint64_t key = picture, steps[D + 1];
    float sorted[D + 1];
    for (int i = 0; i <= D; ++i) {
      rank[i] += sum;
      const int step = (rank[i] < 0) - (rank[i] > D);
      rank[i] += step * (D + 1);
      whole[i] += step;
      sorted[rank[i]] = (elevated[i] - static_cast<float>(whole[i] * (D + 1))) * (1.0f / (D + 1));
      steps[rank[i]] = layout.unit(i);
      if (i < D) key += static_cast<uint64_t>(int64_t{whole[i]} + layout.bias[i]) << layout.shift[i];
    }
    const int64_t entry = (first + pixel) * (D + 1);
    write(entry, key, 1.0f + sorted[D] - sorted[0]);
    for (int k = 1; k <= D; ++k) {
      key += 1 - steps[D + 1 - k];
      write(entry + k, key, sorted[D - k] - sorted[D + 1 - k]);
    }
  }

  SEMPLES_DEVICE void elevate(int64_t pixel, float* elevated) const {
    float features[D];
    const auto place = static_cast<int32_t>(pixel);
    features[0] = layout.feature(0, static_cast<float>(place % width));
    features[1] = layout.feature(1, static_cast<float>(place / width));
    for (int c = 2; c < D; ++c) features[c] = layout.feature(c, static_cast<float>(colors[pixel * 3 + c - 2]));
    float total = 0;
    SEMPLES_UNROLL
    for (int i = D; i > 0; --i) {
      elevated[i] = total - static_cast<float>(i) * features[i - 1];
      total += features[i - 1];
    }
    elevated[0] = total;
  }

  SEMPLES_DEVICE void write(int64_t entry, uint64_t key, float weight) const {
    keys[entry] = key;
    places[entry] = static_cast<uint32_t>(entry);
    weights[entry] = weight;
  }
};

// 1 where a point begins among the sorted keys.
struct FindHeads {
  const uint64_t* keys;
  int32_t* heads;
  SEMPLES_DEVICE void operator()(int64_t i, int) const { heads[i] = i == 0 || keys[i] != keys[i - 1]; }
};

struct NumberPoints {
  const uint64_t* keys;
  const uint32_t* places;
  const int32_t *heads, *heads_before;
  int vertices;
  int32_t *index, *pixel, *begin;
  uint64_t* point_keys;
  SEMPLES_DEVICE void operator()(int64_t i, int) const {
    const int32_t point = heads_before[i] + heads[i] - 1;
    index[places[i]] = point;
    pixel[i] = static_cast<int32_t>(places[i] / static_cast<uint32_t>(vertices));
    if (heads[i] == 0) return;
    point_keys[point] = keys[i];
    begin[point] = static_cast<int32_t>(i);
  }
};

// The neighbour of each point along each axis by binary search; its own previous one is then this point.
struct FindNeighbours {
  KeyLayout layout;
  const uint64_t* keys;
  int64_t points;
  int32_t *next, *previous;
  SEMPLES_DEVICE void operator()(int64_t point, int axis) const {
    const uint64_t wanted = layout.following(keys[point]) - layout.unit(axis);
    int64_t low = 0, high = points;
    while (low < high) {
      const int64_t middle = (low + high) / 2;
      if (keys[middle] < wanted) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    const bool found = low < points && keys[low] == wanted;
    next[axis * points + point] = found ? static_cast<int32_t>(low) : -1;
    if (found) previous[axis * points + low] = static_cast<int32_t>(point);
  }
};

struct CountPortions {
  const int32_t* begin;
  int32_t* portions;
  SEMPLES_DEVICE void operator()(int64_t point, int) const {
    portions[point] = (begin[point + 1] - begin[point] + kPortion - 1) / kPortion;
  }
};

// Where each portion begins; `first` is the first portion of each point, `[points]` their number.
struct CutPortions {
  const int32_t *begin, *first;
  int32_t* cuts;
  SEMPLES_DEVICE void operator()(int64_t point, int) const {
    for (int32_t i = first[point]; i < first[point + 1]; ++i) cuts[i] = begin[point] + (i - first[point]) * kPortion;
  }
};

// The levels over items of which those of a point are begin[point] to begin[point + 1].
template <class Device>
std::vector<Level> portion_levels(Device& device, Array<int32_t> begin, int64_t points) {
  std::vector<Level> levels;
  for (;;) {
    const Array<int32_t> counts = device.template array<int32_t>(points + 1);
    const Array<int32_t> first = device.template array<int32_t>(points + 1);
    device.for_each(points, 1, CountPortions{begin.data(), counts.data()});
    // The last sum is their number; the count beside it is of nothing.
    device.for_each(1, 1, device::Fill<int32_t>{counts.data() + points, 0});
    device.sums_before(counts.data(), first.data(), points + 1);
    const int64_t portions = device.read(first.data() + points);
    const Array<int32_t> cuts = device.template array<int32_t>(portions + 1);
    device.for_each(points, 1, CutPortions{begin.data(), first.data(), cuts.data()});
    device.for_each(1, 1, device::Fill<int32_t>{cuts.data() + portions, device.read(begin.data() + points)});
    levels.push_back({cuts});
    if (portions == points) return levels;
    begin = first;
  }
}

inline KeyLayout layout_of(const GaussianKernel& kernel, const std::vector<MeanFieldProblem>& pictures) {
  float width = 0, height = 0;
  for (const MeanFieldProblem& picture : pictures) {
    width = width < static_cast<float>(picture.width) ? static_cast<float>(picture.width) : width;
    height = height < static_cast<float>(picture.height) ? static_cast<float>(picture.height) : height;
  }
  return {kernel.dimensions(),
          {kernel.position_deviation[0], kernel.position_deviation[1], kernel.color_deviation[0],
           kernel.color_deviation[1], kernel.color_deviation[2]},
          {width, height, 255, 255, 255}};
}

template <int D, class Device>
Lattice build_lattice(Device& device, const GaussianKernel& kernel, const std::vector<MeanFieldProblem>& pictures) {
  Lattice lattice;
  lattice.dimensions = D;
  for (const MeanFieldProblem& picture : pictures) lattice.pixels += picture.pixels();
  const int64_t entries = lattice.pixels * (D + 1);
  const KeyLayout layout = layout_of(kernel, pictures);
  const int picture_bits = std::bit_width(pictures.size() - 1);
  if (layout.bits + picture_bits > 64) KeyLayout::too_fine();
  if (entries > INT32_MAX / 2) throw std::length_error("the pictures have too many pixels together");

  Array<uint64_t> keys = device.template array<uint64_t>(entries);
  lattice.place = device.template array<uint32_t>(entries);
  lattice.weight = device.template array<float>(entries);
  int64_t first = 0;
  for (size_t p = 0; p < pictures.size(); ++p) {
    const MeanFieldProblem& picture = pictures[p];
    device.for_each(picture.pixels(), 1,
                    Embed<D>{layout, picture.image, static_cast<int32_t>(picture.width),
                             picture_bits == 0 ? 0 : uint64_t{p} << layout.bits, first, keys.data(),
                             lattice.place.data(), lattice.weight.data()});
    first += picture.pixels();
  }
  device.sort(keys, lattice.place, layout.bits + picture_bits);
  device.stop_if_interrupted();

  const Array<int32_t> heads = device.template array<int32_t>(entries);
  const Array<int32_t> heads_before = device.template array<int32_t>(entries);
  device.for_each(entries, 1, FindHeads{keys.data(), heads.data()});
  device.sums_before(heads.data(), heads_before.data(), entries);
  lattice.points = device.read(heads_before.data() + entries - 1) + device.read(heads.data() + entries - 1);
  lattice.index = device.template array<int32_t>(entries);
  lattice.pixel = device.template array<int32_t>(entries);
  const Array<int32_t> begin = device.template array<int32_t>(lattice.points + 1);
  const Array<uint64_t> point_keys = device.template array<uint64_t>(lattice.points);
  device.for_each(entries, 1,
                  NumberPoints{keys.data(), lattice.place.data(), heads.data(), heads_before.data(), D + 1,
                               lattice.index.data(), lattice.pixel.data(), begin.data(), point_keys.data()});
  device.for_each(1, 1, device::Fill<int32_t>{begin.data() + lattice.points, static_cast<int32_t>(entries)});
  lattice.levels = portion_levels(device, begin, lattice.points);
  lattice.next = device.template array<int32_t>(lattice.points * (D + 1));
  lattice.previous = device.template array<int32_t>(lattice.points * (D + 1));
  device::fill(device, lattice.previous, int32_t{-1});
  device.for_each(
      lattice.points, D + 1,
      FindNeighbours{layout, point_keys.data(), lattice.points, lattice.next.data(), lattice.previous.data()});
  device.stop_if_interrupted();
  return lattice;
}

}  // namespace semples::dense_crf_cuda
