// Uninitialised arrays of plain numbers that get large pages where the system has them: kernels such as a dense CRF
// jump about in tens of megabytes, and with small pages much of their time goes to address translation.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

namespace semples {

// 64-byte aligned. Throws std::bad_alloc.
void* allocate_block(size_t bytes);
void release_block(void* memory, size_t bytes) noexcept;
// Large blocks that were released are kept for later ones, up to 512 MB in all. This gives them back to the system.
void release_kept_blocks() noexcept;

template <class T>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Buffer() = default;
  explicit Buffer(int64_t size)
      : size_(size), capacity_(size), data_(static_cast<T*>(allocate_block(capacity_bytes()))) {}
  Buffer(Buffer&& other) noexcept
      : size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)),
        data_(std::exchange(other.data_, nullptr)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    std::swap(data_, other.data_);
    return *this;
  }
  ~Buffer() { release_block(data_, capacity_bytes()); }

  T* data() { return data_; }
  const T* data() const { return data_; }
  int64_t size() const { return size_; }
  size_t bytes() const { return static_cast<size_t>(size_) * sizeof(T); }  // in use
  T& operator[](int64_t i) { return data_[i]; }
  const T& operator[](int64_t i) const { return data_[i]; }
  // Forgets the elements from `size` on; their memory stays.
  void shrink(int64_t size) { size_ = size; }
  void zero() {
    if (size_ > 0) std::memset(data_, 0, bytes());
  }

 private:
  size_t capacity_bytes() const { return static_cast<size_t>(capacity_) * sizeof(T); }

  int64_t size_ = 0, capacity_ = 0;
  T* data_ = nullptr;
};

}  // namespace semples
