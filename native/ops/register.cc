#include "ops/register.h"

#include <torch/library.h>

#include <memory>
#include <mutex>
#include <vector>

#include "ops/schemas.h"

namespace semples {

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
  define_dense_crf(schemas);
  define_pamr(schemas);
  torch::Library& cpu = library(torch::Library::IMPL, c10::DispatchKey::CPU);
  implement_dense_crf_cpu(cpu);
  implement_pamr_cpu(cpu);
  libraries = std::move(registered);
}

}  // namespace semples
