// From tensors to the plain memory that kernels know.
#pragma once
#include "ops/pamr/pamr.h"
#include "ops/pamr/plain/problem.h"

namespace semples {

// Of contiguous tensors, whose memory it points to.
inline pamr_plain::PamrProblem plain_problem(const PamrArguments& a) {
  pamr_plain::PamrProblem problem;
  problem.labels = static_cast<int>(a.maps.size(0));
  problem.height = a.maps.size(1);
  problem.width = a.maps.size(2);
  problem.image = a.image.const_data_ptr<uint8_t>();
  problem.maps = a.maps.const_data_ptr<float>();
  problem.iterations = static_cast<int>(a.iterations);
  problem.dilations = a.dilations;
  return problem;
}

}  // namespace semples
