// What kernels for a GPU are written against, in headers that know neither CUDA nor tensors. A kernel is a struct with
// operator()(row, column); a device runs it for every row and column, in any order and many at once. No kernel here
// uses an atomic operation or a shuffle: no two calls write the same number, and none reads what another one writes.
// So results do not depend on the order, bit for bit.
//
// A device is a class with
//   Array<T> array<T>(int64_t count)                         memory, with anything in it
//   Array<T> upload(const T* values, int64_t count)          a copy of the caller's numbers
//   void for_each(int64_t rows, int columns, const Kernel&)  calls come after those of earlier for_each
//   void sort(Array<uint64_t>& keys, Array<uint32_t>& values, int bits)  by the lowest bits; equal keys keep their
//   order void sums_before(const int32_t* counts, int32_t* sums, int64_t count)  sums[i] = counts[0] + ... + counts[i -
//   1] T read(const T* number)                                  waits for it void stop_if_interrupted() throws Stopped
// ops/common/cuda/cuda_device.cuh is the one of CUDA; tests have one that runs calls in random order on the processor.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>

#ifdef __CUDACC__
#define SEMPLES_DEVICE __host__ __device__ __forceinline__
#define SEMPLES_UNROLL _Pragma("unroll")
#else
#define SEMPLES_DEVICE inline
#define SEMPLES_UNROLL
#endif

namespace semples::device {

// Memory of a device, given back with the last copy.
template <class T>
class Array {
 public:
  Array() = default;
  Array(std::shared_ptr<void> block, int64_t size) : block_(std::move(block)), size_(size) {}
  T* data() const { return static_cast<T*>(block_.get()); }
  int64_t size() const { return size_; }

 private:
  std::shared_ptr<void> block_;
  int64_t size_ = 0;
};

struct Stopped : std::runtime_error {
  Stopped() : std::runtime_error("interrupted") {}
};

// Four floats that are read and written at once.
struct alignas(16) Quad {
  float lane[4];

  SEMPLES_DEVICE void add(const Quad& other, float factor);
};

// a + b * c, rounded once, as the processor's kernels do where they have the instruction.
SEMPLES_DEVICE float fused(float a, float b, float c) { return __builtin_fmaf(b, c, a); }

SEMPLES_DEVICE void Quad::add(const Quad& other, float factor) {
  SEMPLES_UNROLL
  for (int l = 0; l < 4; ++l) lane[l] = fused(lane[l], other.lane[l], factor);
}

// e^x for x <= 0 as the processor's kernels have it (ops/common/cpu/vectors.h): relative error below 3e-7, 0 below -60.
SEMPLES_DEVICE float exponential(float x) {
  if (!(x >= -60.0f)) return 0;
  constexpr float kRounder = 12582912.0f;
  const float n = fused(kRounder, x, 1.44269504088896341f) - kRounder;
  const float r = fused(x, n, -0.693147180559945309f);
  float p = fused(4.1897975710e-2f, 8.2903054747e-3f, r);
  p = fused(1.6667636593e-1f, p, r);
  p = fused(4.9999149189e-1f, p, r);
  p = fused(9.9999970701e-1f, p, r);
  p = fused(1.0f, p, r);
  return __builtin_ldexpf(p, static_cast<int>(n));
}

// Writes one number everywhere.
template <class T>
struct Fill {
  T* target;
  T value;
  SEMPLES_DEVICE void operator()(int64_t row, int) const { target[row] = value; }
};

template <class Device, class T>
void fill(Device& device, const Array<T>& target, T value) {
  device.for_each(target.size(), 1, Fill<T>{target.data(), value});
}

}  // namespace semples::device
