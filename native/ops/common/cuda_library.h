// The kernels of GPUs are in a shared library of their own, which knows CUDA's runtime and nothing of LibTorch, and is
// opened where LibTorch is one of CUDA: so one addon serves both, and one library every LibTorch of its CUDA version.
#pragma once
#include <string>

namespace semples {

// Opens it, resolving every symbol. CUDA's runtime is then the one that LibTorch has brought. Once a process; later
// calls change nothing. Throws std::runtime_error with the linker's words.
void open_cuda_library(const std::string& path);

// Of the library; null where it is not open, or has none of this name.
void* cuda_symbol(const char* name);

template <class Function>
Function* cuda_function(const char* name) {
  return reinterpret_cast<Function*>(cuda_symbol(name));
}

}  // namespace semples
