#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include <algorithm>

#include "core/checkpoint/state.h"
#include "core/clip/layouts.h"
#include "core/error.h"

namespace semples {

namespace {

constexpr int64_t kAny = -1, kMaxSize = 1 << 16;

class ScriptClip : public Clip {
 public:
  ScriptClip(torch::jit::Module module, const ClipOptions& options) : module_(std::move(module)) {
    device_ = options.device;
    precision_ = options.precision;
    info_.layout = "interface";
    info_.image_size = integer("image_size");
    info_.context_length = integer("context_length");
    for (const auto& [name, value] :
         {std::pair{"image_size", info_.image_size}, {"context_length", info_.context_length}})
      if (value < 1 || value > kMaxSize)
        throw Error("SEMPLES_CLIP_INVALID", std::string("This CLIP archive's attribute ") + name + " is out of range")
            .in_field(name)
            .received(std::to_string(value));
    if (module_.hasattr("patch_size")) info_.patch_size = std::max<int64_t>(0, integer("patch_size"));
    info_.insides = module_.find_method("encode_blocks") && module_.find_method("finish_block");
    read_statistics("mean", info_.statistics.mean);
    read_statistics("std", info_.statistics.deviation);
    module_.eval();
    for (at::Tensor parameter : module_.parameters()) parameter.set_requires_grad(false);

    torch::NoGradGuard no_grad;
    const at::Tensor ids =
        torch::zeros({1, info_.context_length}, torch::TensorOptions().dtype(torch::kInt64).device(device_));
    info_.text_width = call("embed_tokens", {ids}, {1, info_.context_length, kAny}).size(2);
    info_.feature_width = call("encode_text", {ids}, {1, kAny}).size(1);
  }

  at::Tensor image(const at::Tensor& images) const override {
    return call("encode_image", {images}, {images.size(0), info_.feature_width});
  }
  at::Tensor patches(const at::Tensor& images) const override {
    require("encode_patches", "features of single patches");
    return call("encode_patches", {images}, {images.size(0), kAny, info_.feature_width});
  }
  at::Tensor text(const at::Tensor& ids) const override {
    return call("encode_text", {ids}, {ids.size(0), info_.feature_width});
  }
  at::Tensor embeddings(const at::Tensor& ids) const override {
    return call("embed_tokens", {ids}, {ids.size(0), ids.size(1), info_.text_width});
  }
  at::Tensor embedded(const at::Tensor& embeddings, int64_t end) const override {
    const at::Tensor ends = at::full({embeddings.size(0)}, end, embeddings.options().dtype(at::kLong));
    return call("encode_embeddings", {embeddings, ends}, {embeddings.size(0), info_.feature_width});
  }
  ClipBlocks blocks(const at::Tensor& images) const override {
    require("encode_blocks", kInsides);
    const int64_t batch = images.size(0);
    const auto [tokens, attention] =
        call_pair("encode_blocks", {images}, {kAny, batch, kAny, kAny}, {kAny, batch, kAny, kAny});
    if (attention.size(0) != tokens.size(0) || attention.size(2) != tokens.size(2) ||
        attention.size(3) != tokens.size(2))
      wrong_result("encode_blocks", shape_text(tokens.sizes()) + " and " + shape_text(attention.sizes()),
                   "tokens [L, B, 1 + P, W] and attention [L, B, 1 + P, 1 + P]");
    return {tokens, attention};
  }
  FinishedBlock finished(const at::Tensor& tokens) const override {
    require("finish_block", kInsides);
    const auto [normed, features] = call_pair("finish_block", {tokens}, tokens.sizes().vec(),
                                              {tokens.size(0), tokens.size(1), info_.feature_width});
    return {normed, features};
  }

 private:
  static constexpr const char* kInsides = "what lies inside its image tower";

  void require(const char* method, const char* what) const {
    if (module_.find_method(method)) return;
    throw Error("SEMPLES_CLIP_INVALID",
                std::string("This CLIP archive does not give ") + what + ": it has no method " + method)
        .in_field(method)
        .hint("Write it again with scripts/clip/export.py, or give weights with OpenAI's names.");
  }

  at::Tensor call(const std::string& method, std::vector<c10::IValue> arguments,
                  const std::vector<int64_t>& shape) const {
    return checked(method, run(method, std::move(arguments)), shape);
  }

  std::pair<at::Tensor, at::Tensor> call_pair(const std::string& method, std::vector<c10::IValue> arguments,
                                              const std::vector<int64_t>& first,
                                              const std::vector<int64_t>& second) const {
    const c10::IValue result = run(method, std::move(arguments));
    if (!result.isTuple() || result.toTupleRef().elements().size() != 2)
      wrong_result(method, result.tagKind(), "a tuple of two tensors");
    const auto& elements = result.toTupleRef().elements();
    return {checked(method, elements[0], first), checked(method, elements[1], second)};
  }

  // Whatever the archive's own code does wrong is an error that names the method.
  c10::IValue run(const std::string& method, std::vector<c10::IValue> arguments) const {
    try {
      // The profiling executor copies weights while it specialises graphs: memory for no gain at a few large products.
      const torch::jit::GraphOptimizerEnabledGuard plain(false);
      return module_.get_method(method)(std::move(arguments));
    } catch (const std::exception& error) {
      const std::string text = error.what();
      if (text.find("allocate memory") != std::string::npos || text.find("out of memory") != std::string::npos) throw;
      throw Error("SEMPLES_CLIP_INVALID", "This CLIP archive failed in " + method + ": " + reason(text))
          .in_field(method);
    }
  }

  static at::Tensor checked(const std::string& method, const c10::IValue& result, const std::vector<int64_t>& shape) {
    const at::Tensor tensor = result.isTensor() ? result.toTensor() : at::Tensor();
    const bool fits = tensor.defined() && at::isFloatingType(tensor.scalar_type()) &&
                      std::equal(shape.begin(), shape.end(), tensor.sizes().begin(), tensor.sizes().end(),
                                 [](int64_t wanted, int64_t size) { return wanted == kAny || wanted == size; });
    if (fits) return tensor;
    wrong_result(method,
                 tensor.defined() ? c10::toString(tensor.scalar_type()) + std::string(" ") + shape_text(tensor.sizes())
                                  : result.tagKind(),
                 "numbers of shape " + shape_text(shape) + ", where -1 is any size");
  }

  [[noreturn]] static void wrong_result(const std::string& method, const std::string& received,
                                        const std::string& expected) {
    throw Error("SEMPLES_CLIP_INVALID", "The method " + method + " of this CLIP archive gives a wrong result")
        .in_field(method)
        .received(received)
        .expected(expected);
  }

  // The last line that says something: before it the interpreter prints the archive's code.
  static std::string reason(const std::string& text) {
    const size_t end = text.find_last_not_of(" \n");
    if (end == std::string::npos) return "no reason given";
    const size_t start = text.rfind('\n', end);
    return text.substr(start == std::string::npos ? 0 : start + 1, end - (start == std::string::npos ? -1 : start))
        .substr(0, 300);
  }

  int64_t integer(const char* name) const {
    if (!module_.hasattr(name) || !module_.attr(name).isInt())
      throw Error("SEMPLES_CLIP_INVALID", std::string("This CLIP archive has no integer attribute ") + name)
          .in_field(name)
          .hint("Write it with scripts/clip/export.py.");
    return module_.attr(name).toInt();
  }

  void read_statistics(const char* name, std::array<double, 3>& target) const {
    if (!module_.hasattr(name)) return;
    const c10::IValue value = module_.attr(name);
    std::vector<double> numbers;
    if (value.isDoubleList()) numbers = value.toDoubleVector();
    if (value.isTensor()) {
      const at::Tensor flat = value.toTensor().to(torch::kCPU, torch::kFloat64).flatten().contiguous();
      numbers.assign(flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel());
    }
    if (value.isTuple())
      for (const c10::IValue& element : value.toTupleRef().elements()) numbers.push_back(element.toDouble());
    if (numbers.size() != 3)
      throw Error("SEMPLES_CLIP_INVALID",
                  std::string("This CLIP archive's attribute ") + name + " is not three numbers")
          .in_field(name);
    std::copy(numbers.begin(), numbers.end(), target.begin());
  }

  torch::jit::Module module_;
};

}  // namespace

std::unique_ptr<Clip> open_script_clip(torch::jit::Module module, const ClipOptions& options) {
  return std::make_unique<ScriptClip>(std::move(module), options);
}

}  // namespace semples
