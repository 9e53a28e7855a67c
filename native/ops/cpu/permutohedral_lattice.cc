#include "ops/cpu/permutohedral_lattice.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>

#include "ops/cpu/mean_field_passes.h"

namespace semples::crf {

namespace {

// All d + 1 coordinates of a lattice point leave the same remainder when divided by d + 1, and they sum to 0. So a key
// holds the remainder in its three lowest bits and, above, the first d quotients, biased to be positive: no key is 0.
struct KeyLayout {
  int bits = 3, dimensions = 0;
  std::array<int, 5> shift{};
  std::array<int32_t, 5> bias{};
  std::array<float, 5> scale{};  // of features
  uint64_t carry = 0;            // 1 in every quotient

  KeyLayout(int d, const std::array<float, 5>& deviation, const std::array<float, 5>& extent) : dimensions(d) {
    std::array<double, 5> reach{};
    for (int i = 0; i < d; ++i) {
      scale[i] = static_cast<float>(std::sqrt(2.0 / 3.0) * (d + 1) / std::sqrt((i + 1.0) * (i + 2.0)) / deviation[i]);
      reach[i] = static_cast<double>(scale[i]) * extent[i];
    }
    constexpr int margin = 4;  // vertices of a simplex and their neighbours
    for (int i = 0; i < d; ++i) {
      double above = 0;
      for (int j = i; j < d; ++j) above += reach[j];
      const double below = i == 0 ? 0 : i * reach[i - 1];
      const double quotients = (above + below) / (d + 1) + 2 * margin + 1;
      if (!(quotients < 1 << 20)) too_fine();
      bias[i] = static_cast<int32_t>(std::ceil(below / (d + 1))) + margin;
      shift[i] = bits;
      carry |= uint64_t{1} << bits;
      bits += std::bit_width(static_cast<uint32_t>(quotients) + 1);
      if (bits > 60) too_fine();
    }
  }

  [[noreturn]] static void too_fine() {
    throw std::length_error("the standard deviations are too small for this picture: lattice keys exceed 60 bits");
  }

  // What a step along axis j adds: every coordinate 1, coordinate j less d + 1.
  uint64_t unit(int j) const { return j < dimensions ? uint64_t{1} << shift[j] : 0; }
  uint64_t next(uint64_t key, int j) const {
    const bool wraps = (key & 7) == static_cast<uint64_t>(dimensions);
    return key + 1 - unit(j) + (wraps ? carry - static_cast<uint64_t>(dimensions + 1) : 0);
  }
};

// Open addressing. A slot is one word, key above index, where both fit; an empty slot is 0.

class PointTable {
 public:
  PointTable(int key_bits, int64_t expected) : key_bits_(key_bits) {
    resize(std::max(10, static_cast<int>(std::bit_width(static_cast<uint64_t>(expected))) + 1));
  }

  uint64_t hash(uint64_t key) const { return (key * 0x9E3779B97F4A7C15u) >> hash_shift_; }
  void prefetch(uint64_t hash) const { __builtin_prefetch(slots_.data() + hash); }
  const std::vector<uint64_t>& keys() const { return keys_; }
  int64_t size() const { return static_cast<int64_t>(keys_.size()); }

  // -1 where there is no such point.
  int32_t find(uint64_t key, uint64_t hash) const {
    for (uint64_t at = hash;; at = (at + 1) & mask_) {
      const uint64_t slot = slots_[static_cast<int64_t>(at)];
      if (slot == 0) return -1;
      if (slot >> index_bits_ == key) return static_cast<int32_t>(slot & index_mask_);
    }
  }
  int32_t insert(uint64_t key, uint64_t hash) {
    for (uint64_t at = hash;; at = (at + 1) & mask_) {
      const uint64_t slot = slots_[static_cast<int64_t>(at)];
      if (slot >> index_bits_ == key) return static_cast<int32_t>(slot & index_mask_);
      if (slot == 0) {
        const auto index = static_cast<int32_t>(keys_.size());
        slots_[static_cast<int64_t>(at)] = key << index_bits_ | static_cast<uint64_t>(index);
        keys_.push_back(key);
        return index;
      }
    }
  }
  // Call before up to `more` insertions; hashes computed earlier are void when it returns true.
  bool reserve(int64_t more) {
    if ((size() + more) * 2 <= slots_.size()) return false;
    int bits = hash_bits_;
    while ((size() + more) * 2 > int64_t{1} << bits) ++bits;
    resize(bits);
    return true;
  }

 private:

  void resize(int hash_bits) {
    hash_bits_ = hash_bits;
    hash_shift_ = 64 - hash_bits;
    mask_ = (uint64_t{1} << hash_bits) - 1;
    index_bits_ = std::min(31, 64 - key_bits_);
    index_mask_ = (uint64_t{1} << index_bits_) - 1;
    if (hash_bits - 1 > index_bits_) throw std::length_error("too many lattice points for this picture's keys");
    slots_ = Buffer<uint64_t>(int64_t{1} << hash_bits);
    slots_.zero();
    for (size_t i = 0; i < keys_.size(); ++i) {
      uint64_t at = hash(keys_[i]);
      while (slots_[static_cast<int64_t>(at)] != 0) at = (at + 1) & mask_;
      slots_[static_cast<int64_t>(at)] = keys_[i] << index_bits_ | i;
    }
  }

  int key_bits_, hash_bits_ = 0, hash_shift_ = 0, index_bits_ = 0;
  uint64_t mask_ = 0, index_mask_ = 0;
  Buffer<uint64_t> slots_;
  std::vector<uint64_t> keys_;
};

template <int D>
class Builder {
 public:
  Builder(const LatticeFeatures& features, const Buffer<int32_t>& order)
      : features_(features), order_(order), layout_(D, deviations(features), extents(features)) {
    lattice.dimensions = D;
    lattice.pixels = order.size();
    lattice.index = Buffer<int32_t>(order.size() * (D + 1));
    lattice.weight = Buffer<float>(order.size() * (D + 1));
  }

  void build(int bands, const ParallelFor& parallel_for) {
    const int64_t pixels = lattice.pixels;
    bands = static_cast<int>(std::clamp<int64_t>(bands, 1, std::max<int64_t>(1, pixels / 4096)));
    tables_.reserve(bands);
    for (int b = 0; b < bands; ++b) {
      Band band{};
      band.first_pixel = pixels * b / bands / 2 * 2;
      band.last_pixel = b + 1 == bands ? pixels : pixels * (b + 1) / bands / 2 * 2;
      lattice.bands.push_back(band);
      tables_.emplace_back(layout_.bits, b == 0 ? pixels : pixels / bands);
    }
    parallel_for(bands, [&](int64_t b) { embed_band(lattice.bands[b], tables_[b]); });
    merge(parallel_for);
    find_neighbours(parallel_for);
    tables_.clear();
  }

  PermutohedralLattice lattice;

 private:
  static std::array<float, 5> deviations(const LatticeFeatures& f) {
    return {f.position_deviation[0], f.position_deviation[1], f.color_deviation[0], f.color_deviation[1],
            f.color_deviation[2]};
  }
  static std::array<float, 5> extents(const LatticeFeatures& f) {
    return {static_cast<float>(f.width), static_cast<float>(f.height), 255, 255, 255};
  }

  void embed_band(const Band& band, PointTable& table) {
    alignas(64) float feature[D * kEmbedBlock], fraction[(D + 1) * kEmbedBlock];
    alignas(64) int32_t remainder[(D + 1) * kEmbedBlock], rank[(D + 1) * kEmbedBlock];
    uint64_t keys[(D + 1) * kEmbedBlock], hashes[(D + 1) * kEmbedBlock];
    std::fill(std::begin(feature), std::end(feature), 0.0f);
    const auto width = static_cast<int32_t>(features_.width);
    for (int64_t start = band.first_pixel; start < band.last_pixel; start += kEmbedBlock) {
      const int count = static_cast<int>(std::min<int64_t>(kEmbedBlock, band.last_pixel - start));
      for (int p = 0; p < count; ++p) {
        const int32_t pixel = order_[start + p], y = pixel / width, x = pixel - y * width;
        feature[p] = static_cast<float>(x) * layout_.scale[0];
        feature[kEmbedBlock + p] = static_cast<float>(y) * layout_.scale[1];
        if constexpr (D == 5) {
          const uint8_t* color = features_.colors + int64_t{3} * pixel;
          for (int c = 0; c < 3; ++c)
            feature[(c + 2) * kEmbedBlock + p] = static_cast<float>(color[c]) * layout_.scale[c + 2];
        }
      }
      passes().embed(D, feature, remainder, rank, fraction);
      table.reserve((D + 1) * kEmbedBlock);
      for (int p = 0; p < count; ++p) {
        uint64_t key = 0, steps[D + 1];
        float sorted[D + 1];
        for (int i = 0; i <= D; ++i) {
          const int r = rank[i * kEmbedBlock + p];
          sorted[r] = fraction[i * kEmbedBlock + p];
          steps[r] = layout_.unit(i);
          if (i < D)
            key += static_cast<uint64_t>(static_cast<uint32_t>(remainder[i * kEmbedBlock + p] + layout_.bias[i]))
                   << layout_.shift[i];
        }
        float* weight = lattice.weight.data() + (start + p) * (D + 1);
        weight[0] = 1.0f + sorted[D] - sorted[0];
        for (int k = 0; k <= D; ++k) {
          if (k > 0) {
            key += 1 - steps[D + 1 - k];
            weight[k] = sorted[D - k] - sorted[D + 1 - k];
          }
          keys[p * (D + 1) + k] = key;
          hashes[p * (D + 1) + k] = table.hash(key);
          table.prefetch(hashes[p * (D + 1) + k]);
        }
      }
      int32_t* index = lattice.index.data() + start * (D + 1);
      for (int v = 0; v < count * (D + 1); ++v) index[v] = table.insert(keys[v], hashes[v]);
    }
  }

  // Points of all bands in one numbering: those of the first band, then what each later one adds.
  void merge(const ParallelFor& parallel_for) {
    const auto bands = static_cast<int64_t>(tables_.size());
    PointTable& all = tables_[0];
    lattice.bands[0].last_point = all.size();
    std::vector<std::vector<int32_t>> row(bands);  // of each point of a band; copies still counted from 0, as ~copy
    std::vector<int32_t> copy_of;
    constexpr int64_t ahead = 16;
    for (int64_t b = 1; b < bands; ++b) {
      const std::vector<uint64_t>& keys = tables_[b].keys();
      const auto count = static_cast<int64_t>(keys.size());
      Band& band = lattice.bands[b];
      band.first_point = all.size();
      band.first_copy = static_cast<int64_t>(copy_of.size());
      all.reserve(count);
      row[b].resize(keys.size());
      for (int64_t i = 0; i < count; ++i) {
        if (i + ahead < count) all.prefetch(all.hash(keys[i + ahead]));
        const int32_t point = all.insert(keys[i], all.hash(keys[i]));
        if (point < band.first_point) {
          row[b][i] = ~static_cast<int32_t>(copy_of.size());
          copy_of.push_back(point);
        } else {
          row[b][i] = point;
        }
      }
      band.last_point = all.size();
      band.last_copy = static_cast<int64_t>(copy_of.size());
    }
    lattice.points = all.size();
    lattice.copy_of = Buffer<int32_t>(static_cast<int64_t>(copy_of.size()));
    std::copy(copy_of.begin(), copy_of.end(), lattice.copy_of.data());
    const auto points = static_cast<int32_t>(lattice.points);
    parallel_for(bands, [&](int64_t b) {
      if (b == 0) return;
      for (int32_t& r : row[b])
        if (r < 0) r = points + ~r;
      const Band& band = lattice.bands[b];
      for (int64_t i = band.first_pixel * (D + 1); i < band.last_pixel * (D + 1); ++i)
        lattice.index[i] = row[b][lattice.index[i]];
    });
  }

  void find_neighbours(const ParallelFor& parallel_for) {
    const PointTable& table = tables_[0];
    const int64_t points = lattice.points;
    const int64_t parts = std::clamp<int64_t>(static_cast<int64_t>(lattice.bands.size()), 1, std::max<int64_t>(1, points));
    Buffer<int32_t> next(points * (D + 1));
    Buffer<uint8_t> has_previous(points * (D + 1));
    parallel_for(parts, [&](int64_t part) {
      for (int j = 0; j <= D; ++j) {
        const int64_t first = points * part / parts, last = points * (part + 1) / parts;
        std::memset(has_previous.data() + j * points + first, 0, static_cast<size_t>(last - first));
      }
    });
    parallel_for(parts, [&](int64_t part) {
      constexpr int64_t block = 16;
      uint64_t keys[2][block * (D + 1)], hashes[2][block * (D + 1)];
      const int64_t first = points * part / parts, last = points * (part + 1) / parts;
      const auto prepare = [&](int64_t start, int half) {
        for (int64_t i = start; i < std::min(start + block, last); ++i) {
          const uint64_t key = table.keys()[i];
          for (int j = 0; j <= D; ++j) {
            const int64_t at = (i - start) * (D + 1) + j;
            keys[half][at] = layout_.next(key, j);
            hashes[half][at] = table.hash(keys[half][at]);
            table.prefetch(hashes[half][at]);
          }
        }
      };
      prepare(first, 0);
      int half = 0;
      for (int64_t start = first; start < last; start += block, half ^= 1) {
        if (start + block < last) prepare(start + block, half ^ 1);
        for (int64_t i = start; i < std::min(start + block, last); ++i) {
          for (int j = 0; j <= D; ++j) {
            const int64_t at = (i - start) * (D + 1) + j;
            const int32_t found = table.find(keys[half][at], hashes[half][at]);
            next[j * points + i] = found;
            // Every point has one predecessor at most: no two threads write the same byte.
            if (found >= 0) has_previous[j * points + found] = 1;
          }
        }
      }
    });
    lattice.axes.resize(D + 1);
    parallel_for(D + 1, [&](int64_t j) {
      lattice.axes[j] = chain(next.data() + j * points, has_previous.data() + j * points, points);
    });
  }

  static Chains chain(const int32_t* next, const uint8_t* has_previous, int64_t points) {
    std::vector<int32_t> lists[3], longer, begins;
    for (int64_t i = 0; i < points; ++i) {
      if (has_previous[i] || next[i] < 0) continue;
      int32_t run[4] = {static_cast<int32_t>(i)};
      int count = 1;
      int32_t point = next[i];
      for (; point >= 0 && count < 4; point = next[point]) run[count++] = point;
      if (point < 0) {
        lists[count - 2].insert(lists[count - 2].end(), run, run + count);
        continue;
      }
      begins.push_back(static_cast<int32_t>(longer.size()));
      longer.insert(longer.end(), run, run + 4);
      for (; point >= 0; point = next[point]) longer.push_back(point);
    }
    begins.push_back(static_cast<int32_t>(longer.size()));
    return {copy(lists[0]), copy(lists[1]), copy(lists[2]), copy(longer), copy(begins)};
  }

  static Buffer<int32_t> copy(const std::vector<int32_t>& list) {
    Buffer<int32_t> buffer(static_cast<int64_t>(list.size()));
    std::copy(list.begin(), list.end(), buffer.data());
    return buffer;
  }

  const LatticeFeatures& features_;
  const Buffer<int32_t>& order_;
  KeyLayout layout_;
  std::vector<PointTable> tables_;
};

template <int D>
PermutohedralLattice build(const LatticeFeatures& features, const Buffer<int32_t>& order, int bands,
                           const ParallelFor& parallel_for) {
  Builder<D> builder(features, order);
  builder.build(bands, parallel_for);
  return std::move(builder.lattice);
}

}  // namespace

size_t PermutohedralLattice::bytes() const {
  size_t total = index.bytes() + weight.bytes() + copy_of.bytes();
  for (const Chains& c : axes)
    total += c.pairs.bytes() + c.triples.bytes() + c.quads.bytes() + c.longer.bytes() + c.longer_begin.bytes();
  return total;
}

PermutohedralLattice build_lattice(const LatticeFeatures& features, const Buffer<int32_t>& order, int bands,
                                   const ParallelFor& parallel_for) {
  return features.colors == nullptr ? build<2>(features, order, bands, parallel_for)
                                    : build<5>(features, order, bands, parallel_for);
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

}  // namespace semples::crf
