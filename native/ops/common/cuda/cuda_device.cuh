// The device of ops/common/plain/device.h on a GPU. Sorting and prefix sums are CUB's.
#pragma once
#include <cuda_runtime.h>

#include <algorithm>
#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_scan.cuh>
#include <stdexcept>
#include <string>

#include "ops/common/cuda/cuda_execution.h"
#include "ops/common/plain/device.h"

namespace semples::device {

inline void require_success(cudaError_t status) {
  if (status != cudaSuccess) throw std::runtime_error(std::string("CUDA: ") + cudaGetErrorString(status));
}

inline constexpr int kThreads = 256;

template <class Index, class Kernel>
__global__ void __launch_bounds__(kThreads) run_kernel(Index total, Index columns, Kernel kernel) {
  const Index stride = static_cast<Index>(gridDim.x) * kThreads;
  for (Index i = static_cast<Index>(blockIdx.x) * kThreads + threadIdx.x; i < total; i += stride) {
    const Index row = columns == 1 ? i : i / columns;
    kernel(static_cast<int64_t>(row), static_cast<int>(i - row * columns));
  }
}

class CudaDevice {
 public:
  explicit CudaDevice(const CudaExecution& execution)
      : execution_(execution), stream_(static_cast<cudaStream_t>(execution.stream)) {}

  template <class T>
  Array<T> array(int64_t count) {
    return {block(static_cast<size_t>(count) * sizeof(T)), count};
  }

  template <class T>
  Array<T> upload(const T* values, int64_t count) {
    Array<T> copy = array<T>(count);
    require_success(
        cudaMemcpyAsync(copy.data(), values, static_cast<size_t>(count) * sizeof(T), cudaMemcpyHostToDevice, stream_));
    return copy;
  }

  template <class Kernel>
  void for_each(int64_t rows, int columns, const Kernel& kernel) {
    const int64_t total = rows * columns;
    if (total == 0) return;
    // Enough blocks to fill any GPU; each then takes several portions.
    const auto blocks = static_cast<unsigned>(std::min<int64_t>((total + kThreads - 1) / kThreads, int64_t{1} << 16));
    if (total <= INT32_MAX) {
      run_kernel<<<blocks, kThreads, 0, stream_>>>(static_cast<uint32_t>(total), static_cast<uint32_t>(columns),
                                                   kernel);
    } else {
      run_kernel<<<blocks, kThreads, 0, stream_>>>(static_cast<uint64_t>(total), static_cast<uint64_t>(columns),
                                                   kernel);
    }
    require_success(cudaGetLastError());
  }

  void sort(Array<uint64_t>& keys, Array<uint32_t>& values, int bits) {
    Array<uint64_t> other_keys = array<uint64_t>(keys.size());
    Array<uint32_t> other_values = array<uint32_t>(values.size());
    cub::DoubleBuffer<uint64_t> key_buffers(keys.data(), other_keys.data());
    cub::DoubleBuffer<uint32_t> value_buffers(values.data(), other_values.data());
    with_workspace([&](void* workspace, size_t& bytes) {
      return cub::DeviceRadixSort::SortPairs(workspace, bytes, key_buffers, value_buffers, keys.size(), 0, bits,
                                             stream_);
    });
    if (key_buffers.Current() != keys.data()) std::swap(keys, other_keys);
    if (value_buffers.Current() != values.data()) std::swap(values, other_values);
  }

  void sums_before(const int32_t* counts, int32_t* sums, int64_t count) {
    with_workspace([&](void* workspace, size_t& bytes) {
      return cub::DeviceScan::ExclusiveSum(workspace, bytes, counts, sums, count, stream_);
    });
  }

  template <class T>
  T read(const T* number) {
    T value;
    require_success(cudaMemcpyAsync(&value, number, sizeof(T), cudaMemcpyDeviceToHost, stream_));
    require_success(cudaStreamSynchronize(stream_));
    return value;
  }

  void stop_if_interrupted() const {
    if (execution_.interrupted && execution_.interrupted()) throw Stopped();
  }

 private:
  std::shared_ptr<void> block(size_t bytes) { return execution_.allocate(std::max<size_t>(bytes, 1)); }

  // CUB's operations are called twice: how much they need, and then.
  template <class Operation>
  void with_workspace(const Operation& operation) {
    size_t bytes = 0;
    require_success(operation(nullptr, bytes));
    const std::shared_ptr<void> workspace = block(bytes);
    require_success(operation(workspace.get(), bytes));
  }

  const CudaExecution& execution_;
  const cudaStream_t stream_;
};

}  // namespace semples::device
