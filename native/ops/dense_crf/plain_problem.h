// From tensors to the plain memory that kernels know.
#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

#include "ops/dense_crf/dense_crf.h"
#include "ops/dense_crf/plain/problem.h"

namespace semples {

struct PlainDenseCrf {
  dense_crf_plain::MeanFieldProblem problem;
  at::Tensor unary;              // [labels, height, width] as `problem` has it
  std::vector<at::Tensor> held;  // the rest of what it points to
};

// Checked arguments. What is read for each pixel stays on its device; deviations and matrices are read on the
// processor.
PlainDenseCrf plain_problem(const DenseCrfArguments& arguments);

// A row of deviations: [2] along x and y, or [5] with those of the colours.
dense_crf_plain::GaussianKernel gaussian_kernel(const at::Tensor& row);

dense_crf_plain::Normalization normalization_named(const std::string& name);

at::Tensor plain(const at::Tensor& tensor, at::ScalarType type);

// Notes what a kernel did where that is wanted.
void note_profile(const dense_crf_plain::Profile& profile, int64_t result_bytes);

}  // namespace semples
