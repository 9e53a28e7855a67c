// torch.classes.semples_check and torch.ops.semples_check for Python; torch.ops.semples after `start`.
#include "ops/register.h"

#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

#include "models.h"
#include "ops/common/cuda_library.h"

namespace semples {

namespace {

// Before anything else: opens the kernels for GPUs, unless the path is empty, and registers the operators.
void start(const std::string& cuda_library) {
  if (!cuda_library.empty()) open_cuda_library(cuda_library);
  register_ops();
}

// For tests: lets tensors say that they lie on a GPU where torch is a build for processors.
void pretend_gpu() {
  static c10::impl::NoOpDeviceGuardImpl<at::kCUDA> guard;
  if (!c10::impl::hasDeviceGuardImpl(at::kCUDA)) c10::impl::DeviceGuardImplRegistrar(at::kCUDA, &guard);
}

}  // namespace

TORCH_LIBRARY(semples_check, library) {
  library.class_<GeneratorObject>("Generator")
      .def(torch::init<const Options&>())
      .def("load", &GeneratorObject::load)
      .def("state", &GeneratorObject::state)
      .def("forward", &GeneratorObject::forward)
      .def("infer", &GeneratorObject::infer)
      .def("cams", &GeneratorObject::cams);
  library.class_<ClipObject>("Clip")
      .def(torch::init<const TensorDict&, const Options&>())
      .def("encode_image", &ClipObject::encode_image)
      .def("encode_patches", &ClipObject::encode_patches)
      .def("encode_text", &ClipObject::encode_text);
  library.class_<PromptsObject>("Prompts")
      .def(torch::init<const Options&>())
      .def("load", &PromptsObject::load)
      .def("state", &PromptsObject::state)
      .def("encode", &PromptsObject::encode);
  library.class_<TrainerObject>("Trainer")
      .def(torch::init<const Options&, const c10::intrusive_ptr<GeneratorObject>&,
                       const std::optional<c10::intrusive_ptr<ClipObject>>&,
                       const std::optional<c10::intrusive_ptr<PromptsObject>>&, const std::optional<at::Tensor>&>())
      .def("step", &TrainerObject::step);
  library.def("start", start);
  library.def("pretend_gpu", pretend_gpu);
  library.def("generator_gradients", generator_gradients);
  library.def("image_gradient", image_gradient);
  library.def("prompt_gradient", prompt_gradient);
  library.def("loss_terms", loss_terms);
  library.def("similarity_gradient", similarity_gradient);
}

}  // namespace semples
