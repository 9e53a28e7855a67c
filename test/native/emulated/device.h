// The device of ops/common/plain/device.h on the processor: kernels run one call after another in a random order, and
// memory is what the sanitizers know, with nothing good in it.
#pragma once
#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>
#include <random>
#include <vector>

#include "ops/common/plain/device.h"

namespace emulated {

using semples::device::Array;

class Device {
 public:
  explicit Device(unsigned seed) : random_(seed) {}

  template <class T>
  Array<T> array(int64_t count) {
    auto* memory = new T[static_cast<size_t>(count)];
    std::memset(static_cast<void*>(memory), 0xcd, static_cast<size_t>(count) * sizeof(T));
    return {std::shared_ptr<void>(memory, [](void* block) { delete[] static_cast<T*>(block); }), count};
  }

  template <class T>
  Array<T> upload(const T* values, int64_t count) {
    Array<T> copy = array<T>(count);
    std::copy_n(values, count, copy.data());
    return copy;
  }

  template <class Kernel>
  void for_each(int64_t rows, int columns, const Kernel& kernel) {
    std::vector<int64_t> order(static_cast<size_t>(rows * columns));
    std::iota(order.begin(), order.end(), int64_t{0});
    std::shuffle(order.begin(), order.end(), random_);
    for (const int64_t i : order) kernel(i / columns, static_cast<int>(i % columns));
    calls_ += rows * columns;
  }

  void sort(Array<uint64_t>& keys, Array<uint32_t>& values, int bits) {
    const uint64_t mask = bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
    std::vector<std::pair<uint64_t, uint32_t>> pairs;
    for (int64_t i = 0; i < keys.size(); ++i) pairs.emplace_back(keys.data()[i], values.data()[i]);
    std::stable_sort(pairs.begin(), pairs.end(),
                     [&](const auto& a, const auto& b) { return (a.first & mask) < (b.first & mask); });
    for (size_t i = 0; i < pairs.size(); ++i) {
      keys.data()[i] = pairs[i].first;
      values.data()[i] = pairs[i].second;
    }
  }

  void sums_before(const int32_t* counts, int32_t* sums, int64_t count) {
    std::exclusive_scan(counts, counts + count, sums, 0);
  }

  template <class T>
  T read(const T* number) {
    return *number;
  }

  void stop_if_interrupted() const {
    if (interrupted && interrupted()) throw semples::device::Stopped();
  }

  int64_t calls() const { return calls_; }

  std::function<bool()> interrupted;

 private:
  std::mt19937 random_;
  int64_t calls_ = 0;
};

}  // namespace emulated
