#include "binding/clip.h"

#include <torch/torch.h>

#include <algorithm>

#include "binding/convert.h"
#include "binding/exports.h"
#include "binding/option_reader.h"

namespace semples {

namespace {

Napi::Value open_clip(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    OptionReader reader(object_argument(info, 0, "options"));
    const Napi::Value given = reader.value("path"), weights = reader.value("weights");
    const std::string path = given.IsString() ? given.As<Napi::String>().Utf8Value() : "";
    if (path.empty() && !weights.IsObject()) wrong_type("path", "the path of a TorchScript archive, or weights", given);
    if (!path.empty() && !weights.IsUndefined()) wrong_type("weights", "nothing beside a path", weights);
    ClipOptions options;
    options.visit(reader);
    reader.refuse_others();
    const NamedTensors tensors = path.empty() ? read_tensors(weights, "weights") : NamedTensors();
    return JobQueue::of(info.Env())
        .submit(
            info.Env(),
            [=] {
              return std::shared_ptr<Clip>(path.empty() ? Clip::of_weights(tensors, options)
                                                        : Clip::open(path, options));
            },
            [](Napi::Env env, const std::shared_ptr<Clip>& clip) { return ClipHandle::make(env, clip, 0); });
  });
}

at::Tensor read_clip_images(const Napi::Value& value, const Clip& clip) {
  const at::Tensor images = read_tensor(value, "images");
  const int64_t size = clip.info().image_size;
  if (images.dim() != 4 || images.size(0) < 1 || images.size(1) != 3 || images.size(2) != size ||
      images.size(3) != size || images.scalar_type() != at::kFloat)
    throw refusal("images", "float32 [pictures, 3, " + std::to_string(size) + ", " + std::to_string(size) + "]",
                  std::string(dtype_name(images)) + " " + shape_text(images.sizes()));
  return images;
}

// Pictures of any size: whole patches where the CLIP tells how large they are.
at::Tensor read_block_images(const Napi::Value& value, const Clip& clip) {
  const at::Tensor images = read_tensor(value, "images");
  const int64_t patch = std::max<int64_t>(1, clip.info().patch_size);
  if (images.dim() != 4 || images.size(0) < 1 || images.size(1) != 3 || images.size(2) < 1 || images.size(3) < 1 ||
      images.size(2) % patch != 0 || images.size(3) % patch != 0 || images.scalar_type() != at::kFloat)
    throw refusal("images", "float32 [pictures, 3, height, width] with sides in multiples of " + std::to_string(patch),
                  std::string(dtype_name(images)) + " " + shape_text(images.sizes()));
  return images;
}

at::Tensor read_ids(const Napi::Value& value, const Clip& clip) {
  const at::Tensor ids = read_integers(value, "ids");
  check_token_ids(clip.info(), ids, "ids");
  return ids;
}

at::Tensor read_tokens(const Napi::Value& value) {
  const at::Tensor tokens = read_tensor(value, "tokens");
  if (tokens.dim() != 3 || tokens.numel() == 0 || tokens.scalar_type() != at::kFloat)
    throw refusal("tokens", "float32 [pictures, 1 + patches, width]",
                  std::string(dtype_name(tokens)) + " " + shape_text(tokens.sizes()));
  return tokens;
}

template <class Encode>
Napi::Value encode(const Napi::CallbackInfo& info, const std::shared_ptr<Clip>& clip, const at::Tensor& input,
                   Encode run) {
  return submit_tensor(info.Env(), [clip, input, run] {
    torch::NoGradGuard no_grad;
    return run(*clip, input.to(clip->device()));
  });
}

}  // namespace

Napi::Value ClipHandle::info(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const ClipInfo facts = core()->info();
    Napi::Object result = Napi::Object::New(info.Env());
    result.Set("layout", facts.layout);
    result.Set("imageSize", double(facts.image_size));
    result.Set("contextLength", double(facts.context_length));
    result.Set("textWidth", double(facts.text_width));
    result.Set("featureWidth", double(facts.feature_width));
    result.Set("patchSize", facts.patch_size > 0 ? Napi::Value(Napi::Number::New(info.Env(), double(facts.patch_size)))
                                                 : info.Env().Null());
    result.Set("insides", facts.insides);
    for (const auto& [name, values] :
         {std::pair{"mean", facts.statistics.mean}, std::pair{"std", facts.statistics.deviation}}) {
      Napi::Array array = Napi::Array::New(info.Env(), 3);
      for (uint32_t i = 0; i < 3; ++i) array.Set(i, values[i]);
      result.Set(name, array);
    }
    return result;
  });
}

Napi::Value ClipHandle::encode_image(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return encode(info, core(), read_clip_images(info[0], *core()),
                  [](const Clip& c, const at::Tensor& x) { return c.encode_image(x); });
  });
}

Napi::Value ClipHandle::encode_patches(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return encode(info, core(), read_clip_images(info[0], *core()),
                  [](const Clip& c, const at::Tensor& x) { return c.encode_patches(x); });
  });
}

Napi::Value ClipHandle::encode_text(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return encode(info, core(), read_ids(info[0], *core()),
                  [](const Clip& c, const at::Tensor& x) { return c.encode_text(x); });
  });
}

Napi::Value ClipHandle::embed_tokens(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return encode(info, core(), read_ids(info[0], *core()),
                  [](const Clip& c, const at::Tensor& x) { return c.embed_tokens(x); });
  });
}

Napi::Value ClipHandle::encode_blocks(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto clip = core();
    const at::Tensor images = read_block_images(info[0], *clip);
    return submit_tensors(info.Env(), [clip, images] {
      torch::NoGradGuard no_grad;
      ClipBlocks blocks = clip->encode_blocks(images.to(clip->device()));
      return NamedTensors{{"tokens", std::move(blocks.tokens)}, {"attention", std::move(blocks.attention)}};
    });
  });
}

Napi::Value ClipHandle::finish_block(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto clip = core();
    const at::Tensor tokens = read_tokens(info[0]);
    return submit_tensors(info.Env(), [clip, tokens] {
      torch::NoGradGuard no_grad;
      FinishedBlock block = clip->finish_block(tokens.to(clip->device()));
      return NamedTensors{{"normed", std::move(block.normed)}, {"features", std::move(block.features)}};
    });
  });
}

void export_clip(Napi::Env env, Napi::Object exports) {
  ClipHandle::define(env, {
                              ClipHandle::InstanceAccessor("info", &ClipHandle::info, nullptr),
                              ClipHandle::InstanceMethod("encodeImage", &ClipHandle::encode_image),
                              ClipHandle::InstanceMethod("encodePatches", &ClipHandle::encode_patches),
                              ClipHandle::InstanceMethod("encodeText", &ClipHandle::encode_text),
                              ClipHandle::InstanceMethod("embedTokens", &ClipHandle::embed_tokens),
                              ClipHandle::InstanceMethod("encodeBlocks", &ClipHandle::encode_blocks),
                              ClipHandle::InstanceMethod("finishBlock", &ClipHandle::finish_block),
                          });
  exports.Set("openClip", Napi::Function::New(env, open_clip, "openClip"));
}

}  // namespace semples
