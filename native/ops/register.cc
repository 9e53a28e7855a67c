#include "ops/register.h"

#include <torch/library.h>

#include <memory>
#include <mutex>
#include <vector>

#include "ops/common/cpu/buffer.h"
#include "ops/common/operator.h"
#include "ops/dense_crf/dense_crf.h"
#include "ops/pamr/pamr.h"

namespace semples {

namespace {

// The list of all operators.
constexpr const Operator& (*kOperators[])() = {dense_crf_operator, pamr_operator};

}  // namespace

void register_ops() {
  static std::mutex mutex;
  static std::vector<std::unique_ptr<torch::Library>> libraries;
  const std::lock_guard<std::mutex> lock(mutex);
  if (!libraries.empty()) return;
  std::vector<std::unique_ptr<torch::Library>> registered;
  const auto library = [&](torch::Library::Kind kind, std::optional<c10::DispatchKey> key) -> torch::Library& {
    registered.push_back(std::make_unique<torch::Library>(kind, "semples", key, __FILE__, __LINE__));
    return *registered.back();
  };
  torch::Library& schemas = library(torch::Library::DEF, std::nullopt);
  for (const auto op : kOperators) {
    schemas.def(op().schema);
    for (const OperatorKernel& kernel : op().kernels) {
      if (kernel.available == nullptr || kernel.available()) kernel.add(library(torch::Library::IMPL, kernel.device));
    }
  }
  libraries = std::move(registered);
}

void release_operator_memory() noexcept {
  for (const auto op : kOperators)
    if (op().release_memory != nullptr) op().release_memory();
  release_kept_blocks();
}

}  // namespace semples
