// What pixel-adaptive refinement is given, on plain memory: knows no tensors. Of the processor or of a GPU.
#pragma once
#include <cstdint>
#include <vector>

namespace semples::pamr_plain {

struct PamrProblem {
  int64_t height = 0, width = 0;
  int labels = 0;
  const uint8_t* image = nullptr;  // [height, width, 3]
  const float* maps = nullptr;     // [labels, height, width]
  int iterations = 10;
  std::vector<int64_t> dilations;  // 1 to 16 of them, each 1 or more
};

}  // namespace semples::pamr_plain
