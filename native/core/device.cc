#include "core/device.h"

#include <ATen/Functions.h>

namespace semples {

std::vector<double> host_numbers(const std::vector<at::Tensor>& numbers) {
  if (numbers.empty()) return {};
  std::vector<at::Tensor> scalars;
  for (const at::Tensor& number : numbers) scalars.push_back(number.reshape({}).to(at::kDouble));
  const at::Tensor values = at::stack(scalars).cpu();
  const auto* first = values.const_data_ptr<double>();
  return {first, first + values.numel()};
}

}  // namespace semples
