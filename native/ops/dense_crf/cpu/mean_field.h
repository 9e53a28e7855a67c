// Mean-field inference in a fully connected CRF (Kraehenbuehl and Koltun 2011), on plain memory: knows no tensors.
#pragma once
#include <cstdint>

#include "ops/common/cpu/kernel_execution.h"
#include "ops/dense_crf/plain/problem.h"

namespace semples::dense_crf_cpu {

using dense_crf_plain::GaussianKernel;
using dense_crf_plain::kMaxLabels;
using dense_crf_plain::MeanFieldProblem;
using dense_crf_plain::Normalization;
using dense_crf_plain::Profile;

// Floats of a row of so many labels.
int padded_lanes(int labels);

// Q [labels, height, width] into `marginals`, which may not overlap the inputs. False where it was interrupted, of
// which it asks before each iteration and while lattices are built. Throws KernelMemoryLimit while lattices are built
// (its need is an estimate then) and before the values are allocated, the largest part.
bool mean_field(const MeanFieldProblem& problem, const KernelExecution& execution, float* marginals,
                Profile* profile = nullptr);

// Applies one kernel to `values` [channels, height, width]; `reversed` blurs along the axes in reverse order, which is
// the transposed operator.
void filter(const GaussianKernel& kernel, const uint8_t* image, int64_t height, int64_t width, int channels,
            const float* values, Normalization normalization, bool reversed, const KernelExecution& execution,
            float* result);

// Bytes that mean_field allocates at most, result not included: as if no two pixels shared a lattice point. Photographs
// need about a fifth of it; memory_limit is compared with what a picture really needs.
size_t mean_field_bytes(const MeanFieldProblem& problem, int threads);

}  // namespace semples::dense_crf_cpu
