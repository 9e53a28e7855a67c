#include "core/precision.h"

#include <ATen/autocast_mode.h>
#include <torch/torch.h>

#include "core/error.h"

namespace semples {

namespace {

thread_local WeightCopies* copies_in_force = nullptr;
thread_local int scopes_in_force = 0;

bool low(at::DeviceType device) {
  return at::autocast::is_autocast_enabled(device) && at::autocast::get_autocast_dtype(device) == at::kBFloat16;
}

// Of the whole process, and so of backward passes too, which other threads compute. LibTorch's default differs between
// convolutions and other products. All models of a run have one precision, so the outermost scope puts nothing back.
void set_tf32(bool allowed) {
  at::Context& context = at::globalContext();
  if (context.allowTF32CuBLAS() != allowed) context.setAllowTF32CuBLAS(allowed);
  if (context.allowTF32CuDNN() != allowed) context.setAllowTF32CuDNN(allowed);
}

}  // namespace

void visit_precision(OptionVisitor& options, Precision& precision) {
  options.choice("precision", precision,
                 {{"float32", Precision::kFloat32}, {"tf32", Precision::kTf32}, {"bfloat16", Precision::kBfloat16}});
}

void check_precision(Precision precision, at::Device device) {
  if (precision == Precision::kTf32 && !device.is_cuda())
    throw refusal("precision", "float32 or bfloat16 for the device " + device.str() + " (tf32 is for CUDA)", "tf32",
                  "SEMPLES_CONFIG_INVALID");
}

at::Tensor WeightCopies::of(const at::Tensor& weight) {
  Copy& own = copies_[weight.unsafeGetTensorImpl()];
  if (!own.copy.defined() || own.version != weight._version() || own.copy.device() != weight.device()) {
    torch::NoGradGuard no_grad;
    own = {weight, weight.to(at::kBFloat16), uint32_t(weight._version())};
  }
  return own.copy;
}

// The cache of autocast is of no use: no weight is used twice in a pass, and those without gradients it would not keep.
PrecisionScope::PrecisionScope(Precision precision, at::Device device, WeightCopies* copies)
    : device_(device.type()),
      was_enabled_(at::autocast::is_autocast_enabled(device_)),
      was_cached_(at::autocast::is_autocast_cache_enabled()),
      was_tf32_(device.is_cuda() && at::globalContext().allowTF32CuBLAS()),
      was_dtype_(at::autocast::get_autocast_dtype(device_)),
      outer_copies_(copies_in_force) {
  if (device.is_cuda()) set_tf32(precision == Precision::kTf32);
  at::autocast::set_autocast_enabled(device_, precision == Precision::kBfloat16);
  at::autocast::set_autocast_dtype(device_, precision == Precision::kBfloat16 ? at::kBFloat16 : was_dtype_);
  at::autocast::set_autocast_cache_enabled(false);
  copies_in_force = copies;
  ++scopes_in_force;
}

PrecisionScope::~PrecisionScope() {
  if (--scopes_in_force > 0 && device_ == at::kCUDA) set_tf32(was_tf32_);
  at::autocast::set_autocast_enabled(device_, was_enabled_);
  at::autocast::set_autocast_dtype(device_, was_dtype_);
  at::autocast::set_autocast_cache_enabled(was_cached_);
  copies_in_force = outer_copies_;
}

at::Tensor weight_in_scope(const at::Tensor& weight) {
  const bool trained = at::GradMode::is_enabled() && weight.requires_grad();
  if (trained || copies_in_force == nullptr || !low(weight.device().type())) return weight;
  return copies_in_force->of(weight);
}

at::Tensor number_in_scope(const at::Tensor& numbers, at::Device device) {
  return low(device.type()) ? numbers.to(at::kBFloat16) : numbers;
}

}  // namespace semples
