#include "binding/convert.h"

#include <torch/torch.h>

#include <algorithm>

#include "core/device.h"
#include "core/error.h"
#include "core/images.h"

namespace semples {

namespace {

at::Tensor read_normalized(const Napi::Value& value) {
  const at::Tensor images = read_tensor(value, "images");
  if (images.dim() != 4 || images.size(0) < 1 || images.size(1) != 3 || images.scalar_type() != at::kFloat)
    throw refusal("images", "float32 [pictures, 3, height, width]",
                  std::string(dtype_name(images)) + " " + shape_text(images.sizes()));
  return images;
}

// int32 [pictures, 4], each box within its picture.
at::Tensor read_boxes(const Napi::Value& value, int64_t pictures, int64_t height, int64_t width) {
  const at::Tensor boxes = read_int32(value, {pictures, 4}, "erase");
  const auto box = boxes.accessor<int32_t, 2>();
  for (int64_t i = 0; i < pictures; ++i) {
    const int64_t top = box[i][0], left = box[i][1], box_height = box[i][2], box_width = box[i][3];
    if (top < 0 || left < 0 || top + std::max<int64_t>(0, box_height) > height ||
        left + std::max<int64_t>(0, box_width) > width)
      throw refusal("erase",
                    "boxes [top, left, height, width] within the picture's " + std::to_string(height) + "x" +
                        std::to_string(width) + " pixels",
                    shape_text({top, left, box_height, box_width}));
  }
  return boxes;
}

}  // namespace

at::Tensor read_pixels(const Napi::Object& picture, const char* data, int64_t count, const std::string& prefix) {
  const int64_t height = size_option(picture, "height", 0, kMaxPixels, prefix),
                width = size_option(picture, "width", 0, kMaxPixels, prefix);
  return read_bytes(picture.Get(data), {count, height, width, 3}, prefix + data);
}

PendingImages read_images(const Napi::Object& batch) {
  PendingImages pending;
  pending.seed = uint64_t(integer_option(batch, "seed", 0));
  const Napi::Value images = batch.Get("images");
  if (!images.IsUndefined())
    pending.images = read_normalized(images);
  else
    pending.pixels = read_pixels(batch, "pixels", size_option(batch, "count", 0, kMaxPixels));
  const at::Tensor& given = pending.images.defined() ? pending.images : pending.pixels;
  const Napi::Value erase = batch.Get("erase");
  if (!erase.IsUndefined())
    pending.erase = read_boxes(erase, given.size(0), given.size(pending.images.defined() ? 2 : 1),
                               given.size(pending.images.defined() ? 3 : 2));
  return pending;
}

at::Tensor PendingImages::to_images(at::Device device) const {
  at::Tensor result = images.defined() ? send(images, device) : normalize(send(pixels, device), kImageNet);
  if (erase.defined()) erase_boxes(result, erase, seed);
  return result;
}

at::Tensor read_labels(const Napi::Object& batch, int64_t pictures, int64_t classes) {
  const at::Tensor labels = read_bytes(batch.Get("labels"), {pictures, classes}, "labels");
  const uint8_t* bytes = labels.data_ptr<uint8_t>();
  const uint8_t* first_bad = std::find_if(bytes, bytes + labels.numel(), [](uint8_t label) { return label > 1; });
  if (first_bad != bytes + labels.numel())
    throw refusal("labels", "0 or 1", std::to_string(*first_bad) + " at " + std::to_string(first_bad - bytes));
  return labels;
}

std::vector<at::Tensor> read_scales(const Napi::Object& request, const std::string& prefix) {
  const Napi::Value list = request.Get("scales");
  if (!list.IsArray() || list.As<Napi::Array>().Length() == 0)
    wrong_type(prefix + "scales", "the picture at one scale at least", list);
  std::vector<at::Tensor> scales;
  for (uint32_t i = 0; i < list.As<Napi::Array>().Length(); ++i) {
    const std::string place = prefix + "scales." + std::to_string(i);
    const Napi::Value picture = list.As<Napi::Array>()[i];
    if (!picture.IsObject()) wrong_type(place, "{ data, height, width }", picture);
    scales.push_back(read_pixels(picture.As<Napi::Object>(), "data", 1, place + ".")[0]);
  }
  return scales;
}

}  // namespace semples
