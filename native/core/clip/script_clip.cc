#include <torch/script.h>

#include "core/clip/layouts.h"
#include "core/error.h"

namespace semples {

namespace {

class ScriptClip : public Clip {
 public:
  ScriptClip(torch::jit::Module module, const ClipOptions& options) : module_(std::move(module)) {
    device_ = options.device;
    info_.layout = "interface";
    info_.image_size = integer("image_size");
    info_.context_length = integer("context_length");
    read_statistics("mean", info_.statistics.mean);
    read_statistics("std", info_.statistics.deviation);
    module_.eval();
    module_.to(device_);
    for (at::Tensor parameter : module_.parameters()) parameter.set_requires_grad(false);

    torch::NoGradGuard no_grad;
    const at::Tensor ids =
        torch::zeros({1, info_.context_length}, torch::TensorOptions().dtype(torch::kInt64).device(device_));
    info_.text_width = embed_tokens(ids).size(-1);
    info_.feature_width = encode_text(ids).size(-1);
  }

  at::Tensor encode_image(const at::Tensor& images) const override { return call("encode_image", {images}); }
  at::Tensor encode_patches(const at::Tensor& images) const override {
    if (!module_.find_method("encode_patches"))
      throw Error("SEMPLES_CLIP_NO_PATCHES", "This CLIP archive gives no patch features")
          .advise("Write it again with scripts/clip/export.py, or use an OpenAI archive.");
    return call("encode_patches", {images});
  }
  at::Tensor encode_text(const at::Tensor& ids) const override { return call("encode_text", {ids}); }
  at::Tensor embed_tokens(const at::Tensor& ids) const override { return call("embed_tokens", {ids}); }
  at::Tensor encode_embeddings(const at::Tensor& embeddings, const at::Tensor& end) const override {
    return call("encode_embeddings", {embeddings, end});
  }

 private:
  at::Tensor call(const char* method, std::vector<c10::IValue> arguments) const {
    return module_.get_method(method)(std::move(arguments)).toTensor();
  }

  int64_t integer(const char* name) const {
    if (!module_.hasattr(name) || !module_.attr(name).isInt())
      throw Error("SEMPLES_CLIP_INVALID", std::string("This CLIP archive has no integer attribute ") + name)
          .in_field(name)
          .advise("Write it with scripts/clip/export.py.");
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
