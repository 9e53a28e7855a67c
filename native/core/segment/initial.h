// First numbers of segmentation models.
#pragma once
#include <ATen/core/Generator.h>

#include <string>

#include "core/checkpoint/state.h"

namespace semples {

// Truncated normal of deviation 0.02 for matrices and tables, as DeiT; biases and norms stay as they are.
void initialize_transformer(NamedTensors& parameters, at::Generator& generator);

// Normal of variance 2 / fan-out for convolutions (He et al., arXiv 1502.01852).
void initialize_convolutions(NamedTensors& parameters, at::Generator& generator);

// In place: the tensor objects that layers share with the list stay.
void move_to(NamedTensors& tensors, at::Device device);

}  // namespace semples
