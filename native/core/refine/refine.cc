#include "core/refine/refine.h"

#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/torch.h>

#include <functional>
#include <initializer_list>
#include <stdexcept>
#include <utility>

#include "core/error.h"
#include "ops/common/execution.h"
#include "ops/common/operator.h"
#include "ops/dense_crf/dense_crf.h"
#include "ops/pamr/pamr.h"
#include "ops/register.h"

namespace semples {

namespace {

void require_ops() {
  try {
    register_ops();
  } catch (const c10::Error&) {
    throw Error("SEMPLES_TWO_COPIES", "Another copy of semples in this process has registered its operators")
        .hint("Install one copy of semples: `npm ls semples` lists them, `npm dedupe` may merge them.");
  }
}

// The memory limit is one of the whole refinement: what `held` tensors take is not there for `operation`.
at::Tensor with_reserved_memory(std::initializer_list<at::Tensor> held, const std::function<at::Tensor()>& operation) {
  const ExecutionSettings& settings = execution();
  int64_t bytes = 0;
  for (const at::Tensor& tensor : held) bytes += static_cast<int64_t>(tensor.nbytes());
  require_memory(bytes + 1);
  ExecutionSettings rest = settings;
  rest.threads = 0;
  if (rest.memory_limit > 0) rest.memory_limit -= bytes;
  const ExecutionScope scope(std::move(rest));
  try {
    at::Tensor scores = operation();
    if (settings.profile != nullptr && settings.profile->contains("bytes"))
      settings.profile->at("bytes") += double(bytes);
    return scores;
  } catch (const MemoryLimitExceeded& e) {
    throw MemoryLimitExceeded(e.needed + bytes, e.limit + bytes);
  }
}

at::Tensor scores_of(Refinement& r, const DenseCrfMethod& method) {
  const at::Tensor unary = unary_energies(std::move(r.source), r.image.size(0), r.image.size(1), r.device);
  return with_reserved_memory({r.image, unary}, [&] {
    return dense_crf({r.image, unary, method.gaussian, method.bilateral, method.compatibility, method.iterations,
                      method.normalization, std::nullopt});
  });
}

at::Tensor scores_of(Refinement& r, const PamrMethod& method) {
  const at::Tensor maps = probability_maps(std::move(r.source), r.image.size(0), r.image.size(1), r.device);
  return with_reserved_memory({r.image, maps},
                              [&] { return pamr({r.image, maps, method.iterations, method.dilations}); });
}

at::Tensor scores_of(Refinement& r) {
  require_ops();
  r.image = r.image.to(r.device);
  return std::visit([&](const auto& method) { return scores_of(r, method); }, r.method);
}

// A stream of a GPU for this thread, which lives as long as calls come: refinements then run beside each other there
// too. Nothing on the processor.
c10::OptionalStreamGuard own_stream(at::Device device) {
  if (device.is_cpu()) return c10::OptionalStreamGuard();
  const c10::impl::VirtualGuardImpl backend(device.type());
  thread_local c10::Stream stream = backend.getStreamFromGlobalPool(device);
  if (stream.device() != device) stream = backend.getStreamFromGlobalPool(device);
  return c10::OptionalStreamGuard(stream);
}

const char* operator_of(const DenseCrfMethod&) { return "dense_crf"; }
const char* operator_of(const PamrMethod&) { return "pamr"; }

Error no_kernel(const NoKernel& e) {
  return Error("SEMPLES_DEVICE_UNAVAILABLE", "There is no kernel of " + e.op + " for this device")
      .in_field("device")
      .received(e.device.str())
      .expected("cpu")
      .hint("Leave out device, or give 'cpu'.");
}

}  // namespace

void check_device(const RefineMethod& method, at::Device device) {
  require_ops();
  try {
    require_kernel(std::visit([](const auto& m) { return operator_of(m); }, method), device);
  } catch (const NoKernel& e) {
    throw no_kernel(e);
  }
}

Refined refine(Refinement r) {
  try {
    throw_if_interrupted();
    check_scores(r.source);
    const c10::OptionalStreamGuard stream = own_stream(r.device);
    const bool single = label_count(r.source) == 1;
    const at::Tensor scores =
        single ? at::ones({1, r.image.size(0), r.image.size(1)}, at::kFloat) : scores_of(r).contiguous();
    return {highest_labels(scores, r.min_confidence).cpu(), scores};
  } catch (const NoKernel& e) {
    throw no_kernel(e);
  } catch (const Interrupted&) {
    throw Error("SEMPLES_INTERRUPTED", "The refinement was interrupted");
  } catch (const MemoryLimitExceeded& e) {
    throw Error("SEMPLES_MEMORY_LIMIT", "The refinement of this picture needs more memory than it may have")
        .in_field("memoryLimit")
        .received(std::to_string(e.needed) + " bytes needed")
        .expected("at most " + std::to_string(e.limit) + " bytes")
        .hint("Raise the limit, refine fewer pictures at once, or give smaller pictures or fewer labels.");
  } catch (const std::length_error& e) {
    throw Error("SEMPLES_ARGUMENT_INVALID", std::string("This picture cannot be refined so: ") + e.what())
        .in_field("method")
        .hint("Use larger standard deviations, or a smaller picture.");
  }
}

}  // namespace semples
