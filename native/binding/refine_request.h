// What a call of `refine` asks for.
#pragma once
#include <napi.h>

#include "binding/option_reader.h"
#include "core/refine/refine.h"
#include "ops/dense_crf/dense_crf.h"

namespace semples {

struct RefineRequest {
  Refinement refinement;
  bool scores = false, profile = false;
  int threads = 1;
  int64_t memory_limit = 0;  // bytes; 0: none
};

// Copies the buffers. What takes a look at every pixel is left to `refine`.
RefineRequest read_refine_request(const Napi::Object& object);

// [2] { sxy } or [5] { sxy, srgb }.
at::Tensor read_deviations(const Napi::Object& kernel, bool colors, const std::string& field);
std::string read_normalization(OptionReader& options);

struct DenseCrfSize {
  int64_t height, width, labels, gaussian, bilateral, threads;
};
DenseCrfSize read_dense_crf_size(const Napi::Object& object);

}  // namespace semples
