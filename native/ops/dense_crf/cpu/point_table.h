// From keys of lattice points to their numbers.
#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "ops/common/cpu/buffer.h"

namespace semples::dense_crf_cpu {

// What a look-up in a PointTable reads: held by value in loops, where members would be read again after every store.
// A slot holds a key above the index of its point; or, where both do not fit into a word (wide), the index plus 1, and
// the key is with the point. An empty slot is 0.
template <bool wide>
struct TableView {
  const uint64_t* slots;
  const uint64_t* keys;  // of the points
  const uint64_t*
      present;  // four bits a slot, set where a key of this longer hash is: small enough for the second cache
  uint64_t mask, index_mask;
  int hash_shift, index_bits;

  static uint64_t mix(uint64_t key) { return key * 0x9E3779B97F4A7C15u; }
  uint64_t hash(uint64_t key) const { return mix(key) >> hash_shift; }
  // False where there is no point of this key, nearly always true only where there is one.
  bool may_have(uint64_t mixed) const {
    const uint64_t bit = mixed >> (hash_shift - 2);
    return (present[bit >> 6] >> (bit & 63)) & 1;
  }
  void prefetch(uint64_t hash) const { __builtin_prefetch(slots + hash); }
  bool holds(uint64_t slot, uint64_t key) const {
    if constexpr (wide) return slot != 0 && keys[slot - 1] == key;
    return slot >> index_bits == key;
  }
  int32_t index(uint64_t slot) const {
    if constexpr (wide) return static_cast<int32_t>(slot - 1);
    return static_cast<int32_t>(slot & index_mask);
  }
  uint64_t slot_of(uint64_t key, uint64_t index) const {
    if constexpr (wide) return index + 1;
    return key << index_bits | index;
  }
  // -1 where there is no such point. Whether there is one cannot be predicted: without a branch for the usual cases.
  int32_t find(uint64_t key, uint64_t hash) const {
    const uint64_t first = slots[hash], second = slots[(hash + 1) & mask];
    const bool is_first = holds(first, key), is_second = holds(second, key);
    const int32_t found = is_first | is_second ? index(is_first ? first : second) : -1;
    if (is_first | is_second | (first == 0) | (second == 0)) [[likely]]
      return found;
    for (uint64_t at = (hash + 2) & mask;; at = (at + 1) & mask) {
      if (slots[at] == 0) return -1;
      if (holds(slots[at], key)) return index(slots[at]);
    }
  }
};

// Open addressing, at most half full.
template <bool wide>
class PointTable {
 public:
  using View = TableView<wide>;

  PointTable(int key_bits, int64_t expected) : key_bits_(key_bits) {
    resize(std::max(10, static_cast<int>(std::bit_width(static_cast<uint64_t>(expected))) + 1));
  }

  const View& view() const { return view_; }
  const std::vector<uint64_t>& keys() const { return keys_; }
  int64_t size() const { return static_cast<int64_t>(keys_.size()); }

  int32_t insert(uint64_t key, uint64_t hash) {
    for (uint64_t at = hash;; at = (at + 1) & view_.mask) {
      uint64_t& slot = slots_[static_cast<int64_t>(at)];
      if (view_.holds(slot, key)) return view_.index(slot);
      if (slot == 0) {
        const auto index = static_cast<int32_t>(keys_.size());
        slot = view_.slot_of(key, keys_.size());
        keys_.push_back(key);
        mark(key);
        return index;
      }
    }
  }
  // Call before up to `more` insertions, and take views and hashes after it.
  void reserve(int64_t more) {
    int bits = 64 - view_.hash_shift;
    while ((size() + more) * 2 > int64_t{1} << bits) ++bits;
    if (bits != 64 - view_.hash_shift) resize(bits);
  }

 private:
  void resize(int hash_bits) {
    view_.hash_shift = 64 - hash_bits;
    view_.mask = (uint64_t{1} << hash_bits) - 1;
    view_.index_bits = std::min(31, 64 - key_bits_);
    view_.index_mask = (uint64_t{1} << view_.index_bits) - 1;
    if (hash_bits > 31) throw std::length_error("the picture has too many lattice points");
    slots_ = Buffer<uint64_t>(int64_t{1} << hash_bits);
    slots_.zero();
    view_.slots = slots_.data();
    present_ = Buffer<uint64_t>(int64_t{1} << (hash_bits - 4));
    present_.zero();
    view_.present = present_.data();
    keys_.reserve(size_t{1} << (hash_bits - 1));  // insertions move no keys
    view_.keys = keys_.data();
    for (size_t i = 0; i < keys_.size(); ++i) {
      mark(keys_[i]);
      uint64_t at = view_.hash(keys_[i]);
      while (slots_[static_cast<int64_t>(at)] != 0) at = (at + 1) & view_.mask;
      slots_[static_cast<int64_t>(at)] = view_.slot_of(keys_[i], i);
    }
  }

  void mark(uint64_t key) {
    const uint64_t bit = View::mix(key) >> (view_.hash_shift - 2);
    present_[static_cast<int64_t>(bit >> 6)] |= uint64_t{1} << (bit & 63);
  }

  int key_bits_;
  View view_{};
  Buffer<uint64_t> slots_, present_;
  std::vector<uint64_t> keys_;
};

}  // namespace semples::dense_crf_cpu
