#include "binding/convert.h"

#include <torch/torch.h>

#include <cmath>
#include <cstring>

#include "core/error.h"
#include "core/images.h"

namespace semples {

namespace {

struct DtypeName {
  const char* name;
  at::ScalarType type;
  napi_typedarray_type array;
};

constexpr DtypeName kDtypes[] = {
    {"float32", at::kFloat, napi_float32_array}, {"float64", at::kDouble, napi_float64_array},
    {"float16", at::kHalf, napi_uint16_array},   {"bfloat16", at::kBFloat16, napi_uint16_array},
    {"int64", at::kLong, napi_bigint64_array},   {"int32", at::kInt, napi_int32_array},
    {"uint8", at::kByte, napi_uint8_array},      {"bool", at::kBool, napi_uint8_array},
};

[[noreturn]] void wrong_type(const std::string& field, const std::string& expected, const Napi::Value& value) {
  throw Error("SEMPLES_ARGUMENT_INVALID", "An argument of the native call is wrong")
      .in_field(field)
      .wanted(expected)
      .saw(value.ToString().Utf8Value());
}

const uint8_t* bytes_of(const Napi::TypedArray& array) {
  return static_cast<const uint8_t*>(array.ArrayBuffer().Data()) + array.ByteOffset();
}

// Copies exactly `expected` bytes; a transferred buffer has none left and is refused here.
at::Tensor copy_bytes(const Napi::Value& value, at::ScalarType type, napi_typedarray_type array_type,
                      const std::vector<int64_t>& shape, const std::string& field) {
  if (!value.IsTypedArray()) wrong_type(field, "a typed array", value);
  const Napi::TypedArray array = value.As<Napi::TypedArray>();
  if (array.TypedArrayType() != array_type &&
      !(array_type == napi_uint8_array && array.TypedArrayType() == napi_uint8_clamped_array))
    wrong_type(field, "a typed array of " + std::string(c10::toString(type)) + " elements",
               Napi::String::New(value.Env(), "another kind"));
  at::Tensor tensor = torch::empty(shape, type);
  if (array.ByteLength() != size_t(tensor.nbytes()))
    throw Error("SEMPLES_ARGUMENT_INVALID", "A buffer does not have the size that its shape says")
        .in_field(field)
        .wanted(std::to_string(tensor.nbytes()) + " bytes for shape " + shape_text(shape))
        .saw(std::to_string(array.ByteLength()) + " bytes")
        .advise(array.ByteLength() == 0 ? "Was the buffer transferred to another thread?" : "");
  if (tensor.nbytes() > 0) std::memcpy(tensor.data_ptr(), bytes_of(array), tensor.nbytes());
  return tensor;
}

int64_t whole_number(const Napi::Value& value, const std::string& field) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
  if (!(std::floor(number) == number) || std::abs(number) > 9007199254740991.0) wrong_type(field, "an integer", value);
  return int64_t(number);
}

}  // namespace

at::Tensor read_tensor(const Napi::Value& value, const std::string& field) {
  if (!value.IsObject()) wrong_type(field, "{ dtype, shape, data }", value);
  const Napi::Object object = value.As<Napi::Object>();
  const std::string name = object.Get("dtype").ToString().Utf8Value();
  for (const DtypeName& dtype : kDtypes) {
    if (name != dtype.name) continue;
    const Napi::Value sizes = object.Get("shape");
    if (!sizes.IsArray()) wrong_type(field + ".shape", "an array of sizes", sizes);
    std::vector<int64_t> shape;
    double elements = 1;
    for (uint32_t i = 0; i < sizes.As<Napi::Array>().Length(); ++i) {
      shape.push_back(whole_number(sizes.As<Napi::Array>()[i], field + ".shape"));
      elements *= double(shape.back());
      if (shape.back() < 0 || elements > 1e12) wrong_type(field + ".shape", "sizes of 0 or more", sizes);
    }
    return copy_bytes(object.Get("data"), dtype.type, dtype.array, shape, field + ".data");
  }
  wrong_type(field + ".dtype", "float32, float64, float16, bfloat16, int64, int32, uint8 or bool", object.Get("dtype"));
}

Napi::Object write_tensor(Napi::Env env, const at::Tensor& given) {
  at::Tensor tensor = given.detach().to(at::kCPU).contiguous();
  const DtypeName* dtype = std::find_if(std::begin(kDtypes), std::end(kDtypes),
                                        [&](const DtypeName& d) { return d.type == tensor.scalar_type(); });
  if (dtype == std::end(kDtypes)) {
    tensor = tensor.to(at::kFloat);
    dtype = &kDtypes[0];
  }
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, tensor.nbytes());
  if (tensor.nbytes() > 0) std::memcpy(buffer.Data(), tensor.data_ptr(), tensor.nbytes());
  napi_value data = nullptr;
  if (napi_create_typedarray(env, dtype->array, tensor.numel(), buffer, 0, &data) != napi_ok)
    throw Error("SEMPLES_NATIVE", "A result array could not be made");
  Napi::Array shape = Napi::Array::New(env, tensor.dim());
  for (int64_t i = 0; i < tensor.dim(); ++i) shape.Set(uint32_t(i), Napi::Number::New(env, double(tensor.size(i))));
  Napi::Object object = Napi::Object::New(env);
  object.Set("dtype", dtype->name);
  object.Set("shape", shape);
  object.Set("data", Napi::Value(env, data));
  return object;
}

NamedTensors read_tensors(const Napi::Value& value, const std::string& field) {
  if (!value.IsObject()) wrong_type(field, "tensors by name", value);
  const Napi::Object object = value.As<Napi::Object>();
  const Napi::Array names = object.GetPropertyNames();
  NamedTensors tensors;
  for (uint32_t i = 0; i < names.Length(); ++i) {
    const std::string name = names.Get(i).ToString().Utf8Value();
    tensors.emplace_back(name, read_tensor(object.Get(name), field + "." + name));
  }
  return tensors;
}

Napi::Object write_tensors(Napi::Env env, const NamedTensors& tensors) {
  Napi::Object object = Napi::Object::New(env);
  for (const auto& [name, tensor] : tensors) object.Set(name, write_tensor(env, tensor));
  return object;
}

PendingImages read_images(const Napi::Object& batch) {
  PendingImages pending;
  pending.seed = uint64_t(integer_option(batch, "seed", 0));
  const Napi::Value images = batch.Get("images");
  if (!images.IsUndefined()) {
    pending.images = read_tensor(images, "images");
    if (pending.images.dim() != 4 || pending.images.size(1) != 3 || pending.images.scalar_type() != at::kFloat)
      throw Error("SEMPLES_ARGUMENT_INVALID", "Pictures have the wrong shape")
          .in_field("images")
          .saw(shape_text(pending.images.sizes()))
          .wanted("float32 [pictures, 3, height, width]");
  } else {
    const int64_t count = integer_option(batch, "count", 0), height = integer_option(batch, "height", 0),
                  width = integer_option(batch, "width", 0);
    if (count < 1 || height < 1 || width < 1 || count > 1 << 20 || height > 1 << 20 || width > 1 << 20)
      throw Error("SEMPLES_ARGUMENT_INVALID", "A batch has no pictures or no pixels")
          .in_field("count, height, width")
          .saw(shape_text({count, height, width}))
          .wanted("numbers from 1");
    pending.pixels = copy_bytes(batch.Get("pixels"), at::kByte, napi_uint8_array, {count, height, width, 3}, "pixels");
  }
  const at::Tensor& given = pending.images.defined() ? pending.images : pending.pixels;
  if (!batch.Get("erase").IsUndefined()) {
    pending.erase = copy_bytes(batch.Get("erase"), at::kInt, napi_int32_array, {given.size(0), 4}, "erase");
    const int64_t height = pending.images.defined() ? given.size(2) : given.size(1),
                  width = given.size(pending.images.defined() ? 3 : 2);
    const auto box = pending.erase.accessor<int32_t, 2>();
    for (int64_t i = 0; i < given.size(0); ++i)
      if (box[i][0] < 0 || box[i][1] < 0 || box[i][0] + std::max(0, box[i][2]) > height ||
          box[i][1] + std::max(0, box[i][3]) > width)
        throw Error("SEMPLES_ARGUMENT_INVALID", "An erasing box lies outside the picture").in_field("erase");
  }
  return pending;
}

at::Tensor PendingImages::to_images(at::Device device) const {
  at::Tensor result = images.defined() ? images.to(device) : normalize(pixels.to(device), kImageNet);
  if (erase.defined()) erase_boxes(result, erase, seed);
  return result;
}

at::Tensor read_labels(const Napi::Object& batch, int64_t pictures, int64_t classes) {
  return copy_bytes(batch.Get("labels"), at::kByte, napi_uint8_array, {pictures, classes}, "labels");
}

int64_t integer_option(const Napi::Object& object, const char* name, int64_t fallback) {
  const Napi::Value value = object.Get(name);
  return value.IsUndefined() ? fallback : whole_number(value, name);
}

double number_option(const Napi::Object& object, const char* name, double fallback) {
  const Napi::Value value = object.Get(name);
  if (value.IsUndefined()) return fallback;
  if (!value.IsNumber()) wrong_type(name, "a number", value);
  return value.As<Napi::Number>().DoubleValue();
}

bool flag_option(const Napi::Object& object, const char* name, bool fallback) {
  const Napi::Value value = object.Get(name);
  if (value.IsUndefined()) return fallback;
  if (!value.IsBoolean()) wrong_type(name, "true or false", value);
  return value.As<Napi::Boolean>().Value();
}

std::string text_option(const Napi::Object& object, const char* name, const std::string& fallback) {
  const Napi::Value value = object.Get(name);
  if (value.IsUndefined()) return fallback;
  if (!value.IsString()) wrong_type(name, "a string", value);
  return value.As<Napi::String>().Utf8Value();
}

Napi::Object object_argument(const Napi::CallbackInfo& info, size_t index, const char* name) {
  if (index >= info.Length() || !info[index].IsObject())
    throw Error("SEMPLES_ARGUMENT_INVALID", "An argument of the native call is missing")
        .in_field(name)
        .wanted("an object");
  return info[index].As<Napi::Object>();
}

at::Device device_option(const Napi::Object& object) {
  const std::string text = text_option(object, "device", "cpu");
  at::Device device(at::kCPU);
  try {
    device = at::Device(text);
  } catch (const c10::Error&) {
    throw Error("SEMPLES_DEVICE_UNKNOWN", "There is no such device")
        .in_field("device")
        .saw(text)
        .wanted("cpu, cuda or cuda:N");
  }
  if (device.is_cpu()) return at::kCPU;
  const int64_t count = device.is_cuda() && torch::cuda::is_available() ? int64_t(torch::cuda::device_count()) : 0;
  const int64_t index = device.has_index() ? device.index() : 0;
  if (index >= count)
    throw Error("SEMPLES_DEVICE_UNAVAILABLE",
                "The requested device is not there: this LibTorch sees " + std::to_string(count) + " CUDA devices")
        .in_field("device")
        .saw(text)
        .advise("Use device 'cpu', or 'auto' to take what is there; `npx semples doctor` shows what was found.");
  return at::Device(at::kCUDA, at::DeviceIndex(index));
}

}  // namespace semples
