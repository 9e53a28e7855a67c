#include "ops/dense_crf/cpu/permutohedral_lattice.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "ops/dense_crf/cpu/passes.h"
#include "ops/dense_crf/cpu/point_table.h"
#include "ops/dense_crf/plain/lattice_keys.h"

namespace semples::dense_crf_cpu {

namespace {

using dense_crf_plain::KeyLayout;

template <int D, bool wide>
class Builder {
  using Table = PointTable<wide>;
  using View = TableView<wide>;

 public:
  Builder(const LatticeFeatures& features, const Buffer<int32_t>& order, const KeyLayout& layout, const BuildPlan& plan)
      : features_(features), order_(order), layout_(layout), plan_(plan) {
    lattice.dimensions = D;
    lattice.pixels = order.size();
    lattice.index = Buffer<int32_t>(order.size() * (D + 1));
    lattice.weight = Buffer<float>(order.size() * (D + 1));
  }

  void build() {
    const int64_t pixels = lattice.pixels;
    const auto bands = static_cast<int>(std::clamp<int64_t>(plan_.bands, 1, std::max<int64_t>(1, pixels / 4096)));
    tables_.reserve(bands);
    for (int b = 0; b < bands; ++b) {
      Band band{};
      band.first_pixel = pixels * b / bands / 2 * 2;
      band.last_pixel = b + 1 == bands ? pixels : pixels * (b + 1) / bands / 2 * 2;
      lattice.bands.push_back(band);
      tables_.emplace_back(layout_.bits, b == 0 ? pixels : pixels / bands);
    }
    plan_.parallel_for(bands, [&](int64_t b) { embed_band(lattice.bands[b], tables_[b]); });
    merge();
    watch(lattice.pixels, lattice.points);
    find_neighbours();
    watch(lattice.pixels, lattice.points);
    tables_.clear();
  }

  PermutohedralLattice lattice;

 private:
  void watch(int64_t pixels, int64_t points) const {
    if (plan_.monitor) plan_.monitor(pixels, points);
  }

  void embed_band(const Band& band, Table& table) {
    alignas(64) float feature[D * kEmbedBlock], fraction[(D + 1) * kEmbedBlock];
    alignas(64) int32_t remainder[(D + 1) * kEmbedBlock], rank[(D + 1) * kEmbedBlock];
    uint64_t keys[(D + 1) * kEmbedBlock], hashes[(D + 1) * kEmbedBlock];
    std::fill(std::begin(feature), std::end(feature), 0.0f);
    const KeyLayout layout = layout_;  // a copy that no store can touch
    uint64_t units[D + 1];
    uint64_t origin = 0;
    for (int i = 0; i <= D; ++i) units[i] = layout.unit(i);
    for (int i = 0; i < D; ++i) origin += static_cast<uint64_t>(layout.bias[i]) * units[i];
    const auto width = static_cast<int32_t>(features_.width);
    for (int64_t start = band.first_pixel; start < band.last_pixel; start += kEmbedBlock) {
      const int count = static_cast<int>(std::min<int64_t>(kEmbedBlock, band.last_pixel - start));
      for (int p = 0; p < count; ++p) {
        const int32_t pixel = order_[start + p], y = pixel / width, x = pixel - y * width;
        feature[p] = layout.feature(0, static_cast<float>(x));
        feature[kEmbedBlock + p] = layout.feature(1, static_cast<float>(y));
        if constexpr (D == 5) {
          const uint8_t* color = features_.colors + int64_t{3} * pixel;
          for (int c = 0; c < 3; ++c)
            feature[(c + 2) * kEmbedBlock + p] = layout.feature(c + 2, static_cast<float>(color[c]));
        }
      }
      if (start > band.first_pixel && (start - band.first_pixel) % (64 * kEmbedBlock) == 0)
        watch(start - band.first_pixel, table.size());
      passes().embed(D, feature, remainder, rank, fraction);
      table.reserve((D + 1) * kEmbedBlock);
      const View view = table.view();
      for (int p = 0; p < count; ++p) {
        uint64_t key = origin, steps[D + 1];
        float sorted[D + 1];
        for (int i = 0; i <= D; ++i) {
          const int r = rank[i * kEmbedBlock + p];
          sorted[r] = fraction[i * kEmbedBlock + p];
          steps[r] = units[i];
          key += static_cast<uint64_t>(int64_t{remainder[i * kEmbedBlock + p]}) * units[i];
        }
        float* weight = lattice.weight.data() + (start + p) * (D + 1);
        weight[0] = 1.0f + sorted[D] - sorted[0];
        for (int k = 0; k <= D; ++k) {
          if (k > 0) {
            key += 1 - steps[D + 1 - k];
            weight[k] = sorted[D - k] - sorted[D + 1 - k];
          }
          keys[p * (D + 1) + k] = key;
          hashes[p * (D + 1) + k] = view.hash(key);
          view.prefetch(hashes[p * (D + 1) + k]);
        }
      }
      int32_t* index = lattice.index.data() + start * (D + 1);
      for (int v = 0; v < count * (D + 1); ++v) {
        const uint64_t slot = view.slots[hashes[v]];
        index[v] = view.holds(slot, keys[v]) ? view.index(slot) : table.insert(keys[v], hashes[v]);
      }
    }
  }

  // Points of all bands in one numbering: those of the first band, then what each later one adds. A band's copies come
  // in the order of their points.
  void merge() {
    const auto bands = static_cast<int64_t>(tables_.size());
    Table& all = tables_[0];
    lattice.bands[0].last_point = all.size();
    std::vector<std::vector<int32_t>> row(bands);  // of each point of a band
    int64_t copies = 0;
    constexpr int64_t ahead = 16;
    for (int64_t b = 1; b < bands; ++b) {
      const std::vector<uint64_t>& keys = tables_[b].keys();
      const auto count = static_cast<int64_t>(keys.size());
      Band& band = lattice.bands[b];
      band.first_point = all.size();
      band.first_copy = copies;
      all.reserve(count);
      const View view = all.view();
      row[b].resize(keys.size());
      for (int64_t i = 0; i < count; ++i) {
        if (i + ahead < count) view.prefetch(view.hash(keys[i + ahead]));
        row[b][i] = all.insert(keys[i], view.hash(keys[i]));
        copies += row[b][i] < band.first_point;
      }
      band.last_point = all.size();
      band.last_copy = copies;
    }
    lattice.points = all.size();
    if (lattice.rows() + copies > INT32_MAX / 2) throw std::length_error("the picture has too many lattice points");
    lattice.copy_of = Buffer<int32_t>(copies);
    plan_.parallel_for(bands, [&](int64_t b) {
      if (b == 0) return;
      const Band& band = lattice.bands[b];
      std::vector<std::pair<int32_t, int32_t>> shared;  // point, its number in the band
      for (size_t i = 0; i < row[b].size(); ++i)
        if (row[b][i] < band.first_point) shared.emplace_back(row[b][i], static_cast<int32_t>(i));
      std::sort(shared.begin(), shared.end());
      for (size_t c = 0; c < shared.size(); ++c) {
        const int64_t copy = band.first_copy + static_cast<int64_t>(c);
        lattice.copy_of[copy] = shared[c].first;
        row[b][shared[c].second] = static_cast<int32_t>(lattice.points + copy);
      }
      for (int64_t i = band.first_pixel * (D + 1); i < band.last_pixel * (D + 1); ++i)
        lattice.index[i] = row[b][lattice.index[i]];
    });
  }

  void find_neighbours() {
    const int64_t points = lattice.points;
    const auto parts = static_cast<int64_t>(lattice.bands.size());
    Buffer<int32_t> next(points * (D + 1));
    plan_.parallel_for(parts, [&](int64_t part) {
      constexpr int64_t block = 64;
      struct Candidate {
        uint64_t key, hash;
        int64_t place;
      };
      const View table = tables_[0].view();
      const KeyLayout layout = layout_;
      uint64_t units[D + 1];
      for (int i = 0; i <= D; ++i) units[i] = layout.unit(i);
      const uint64_t* point_keys = tables_[0].keys().data();
      int32_t* neighbours = next.data();
      Candidate candidates[2][block * (D + 1) + 1];
      int counts[2] = {};
      const int64_t first = points * part / parts, last = points * (part + 1) / parts;
      int half = 0;
      // Each block is looked up after the next one has been prepared: its slots have arrived by then.
      for (int64_t start = first; start < last + block; start += block, half ^= 1) {
        int count = 0;
        for (int64_t i = start; i < std::min(start + block, last); ++i) {
          const uint64_t key = point_keys[i], following = layout.following(key);
          for (int j = 0; j <= D; ++j) {
            const uint64_t neighbour = following - units[j], mixed = View::mix(neighbour);
            neighbours[j * points + i] = -1;
            candidates[half][count] = {neighbour, mixed >> table.hash_shift, j * points + i};
            count += table.may_have(mixed);
          }
        }
        for (int c = 0; c < count; ++c) table.prefetch(candidates[half][c].hash);
        counts[half] = count;
        for (int c = 0; c < counts[half ^ 1]; ++c) {
          const Candidate& candidate = candidates[half ^ 1][c];
          neighbours[candidate.place] = table.find(candidate.key, candidate.hash);
        }
      }
    });
    lattice.axes.resize(D + 1);
    plan_.parallel_for(D + 1, [&](int64_t j) { lattice.axes[j] = chains_of(next.data() + j * points, points); });
  }

  const LatticeFeatures& features_;
  const Buffer<int32_t>& order_;
  const KeyLayout layout_;
  const BuildPlan& plan_;
  std::vector<Table> tables_;
};

template <int D, bool wide>
PermutohedralLattice build(const LatticeFeatures& features, const Buffer<int32_t>& order, const KeyLayout& layout,
                           const BuildPlan& plan) {
  Builder<D, wide> builder(features, order, layout, plan);
  builder.build();
  return std::move(builder.lattice);
}

template <int D>
PermutohedralLattice build(const LatticeFeatures& f, const Buffer<int32_t>& order, const BuildPlan& plan) {
  const KeyLayout layout(D,
                         {f.position_deviation[0], f.position_deviation[1], f.color_deviation[0], f.color_deviation[1],
                          f.color_deviation[2]},
                         {static_cast<float>(f.width), static_cast<float>(f.height), 255, 255, 255});
  // Every pixel may have points of its own.
  const int index_bits = std::bit_width(static_cast<uint64_t>(order.size()) * (D + 1));
  return layout.bits + index_bits > 64 ? build<D, true>(f, order, layout, plan)
                                       : build<D, false>(f, order, layout, plan);
}

}  // namespace

size_t PermutohedralLattice::bytes() const {
  size_t total = index.bytes() + weight.bytes() + copy_of.bytes();
  for (const Chains& chains : axes) total += chains.bytes();
  return total;
}

size_t building_bytes(int64_t points, int dimensions) {
  const auto count = static_cast<size_t>(points), vertices = static_cast<size_t>(dimensions) + 1;
  return count * (7 * sizeof(uint64_t) + (vertices + 8) * sizeof(int32_t));
}

PermutohedralLattice build_lattice(const LatticeFeatures& features, const Buffer<int32_t>& order,
                                   const BuildPlan& plan) {
  return features.colors == nullptr ? build<2>(features, order, plan) : build<5>(features, order, plan);
}

Buffer<int32_t> tile_order(int64_t height, int64_t width) {
  constexpr int64_t tile = 32;
  Buffer<int32_t> order(height * width);
  int64_t next = 0;
  for (int64_t top = 0; top < height; top += tile)
    for (int64_t left = 0; left < width; left += tile)
      for (int64_t y = top; y < std::min(top + tile, height); ++y)
        for (int64_t x = left; x < std::min(left + tile, width); ++x)
          order[next++] = static_cast<int32_t>(y * width + x);
  return order;
}

}  // namespace semples::dense_crf_cpu
