#include "binding/tensors.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "binding/options.h"
#include "core/error.h"

namespace semples {

namespace {

struct DtypeName {
  const char* name;
  at::ScalarType type;
  napi_typedarray_type array;
};

constexpr double kMaxBytes = 1e12;
constexpr uint32_t kMaxDimensions = 8;
// What is copied on the JavaScript thread in one go; larger results are filled on the job thread.
constexpr size_t kMaxBytesAtOnce = size_t(8) << 20;

constexpr DtypeName kDtypes[] = {
    {"float32", at::kFloat, napi_float32_array}, {"float64", at::kDouble, napi_float64_array},
    {"float16", at::kHalf, napi_uint16_array},   {"bfloat16", at::kBFloat16, napi_uint16_array},
    {"int64", at::kLong, napi_bigint64_array},   {"int32", at::kInt, napi_int32_array},
    {"uint8", at::kByte, napi_uint8_array},      {"bool", at::kBool, napi_uint8_array},
};

// Where the bytes lie, also of a SharedArrayBuffer and of a buffer that was shrunk or transferred (then: none).
const void* bytes_of(const Napi::TypedArray& array) {
  void* data = nullptr;
  if (napi_get_typedarray_info(array.Env(), array, nullptr, nullptr, &data, nullptr, nullptr) != napi_ok)
    throw Error("SEMPLES_NATIVE", "A typed array could not be read");
  return data;
}

// Copies exactly the bytes that `shape` asks for; a transferred buffer has none left and is refused here.
at::Tensor copy_bytes(const Napi::Value& value, at::ScalarType type, napi_typedarray_type array_type,
                      const std::vector<int64_t>& shape, const std::string& field) {
  const std::string expected = kArrayNames[array_type];
  if (!value.IsTypedArray()) wrong_type(field, expected, value);
  const Napi::TypedArray array = value.As<Napi::TypedArray>();
  if (array.TypedArrayType() != array_type &&
      !(array_type == napi_uint8_array && array.TypedArrayType() == napi_uint8_clamped_array))
    wrong_type(field, expected, value);
  double wanted = double(c10::elementSize(type));
  for (const int64_t size : shape) wanted *= double(size);
  const size_t bytes = array.ByteLength();
  if (double(bytes) != wanted)
    throw refusal(
        field,
        std::to_string(std::llround(std::min(wanted, kMaxBytes))) + " bytes, as shape " + shape_text(shape) + " says,",
        std::to_string(bytes) + " bytes")
        .hint(bytes == 0 ? "Was the buffer transferred to another thread?" : "");
  const at::Tensor tensor = torch::empty(shape, type);
  if (bytes == 0) return tensor;
  std::memcpy(tensor.data_ptr(), bytes_of(array), bytes);
  if (type == at::kBool) {  // any byte but 0 and 1 is no bool to C++
    uint8_t* flags = static_cast<uint8_t*>(tensor.data_ptr());
    std::transform(flags, flags + bytes, flags, [](uint8_t flag) { return uint8_t(flag != 0); });
  }
  return tensor;
}

std::vector<int64_t> read_shape(const Napi::Value& value, const std::string& field) {
  if (!value.IsArray() || value.As<Napi::Array>().Length() > kMaxDimensions)
    wrong_type(field, "an array of at most " + std::to_string(kMaxDimensions) + " sizes", value);
  const Napi::Array sizes = value.As<Napi::Array>();
  const uint32_t count = sizes.Length();
  std::vector<int64_t> shape;
  for (uint32_t i = 0; i < count; ++i) {
    const Napi::Value size = sizes[i];
    shape.push_back(whole_number(size, field));
    if (shape.back() < 0) wrong_type(field, "sizes of 0 or more", size);
  }
  return shape;
}

const DtypeName* dtype_of(const at::Tensor& tensor) {
  return std::find_if(std::begin(kDtypes), std::end(kDtypes),
                      [&](const DtypeName& dtype) { return dtype.type == tensor.scalar_type(); });
}

Napi::Value write_array(Napi::Env env, const at::Tensor& tensor, napi_typedarray_type type, bool later) {
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, tensor.nbytes());
  if (tensor.nbytes() > 0) {
    const auto fill = [tensor, bytes = buffer.Data()] { std::memcpy(bytes, tensor.data_ptr(), tensor.nbytes()); };
    if (later)
      JobQueue::of(env).finish_later(fill);
    else
      fill();
  }
  napi_value data = nullptr;
  if (napi_create_typedarray(env, type, tensor.numel(), buffer, 0, &data) != napi_ok)
    throw Error("SEMPLES_NATIVE", "A result array could not be made");
  return {env, data};
}

Napi::Object write_tensor(Napi::Env env, const at::Tensor& tensor, bool later) {
  Napi::Array shape = Napi::Array::New(env, tensor.dim());
  for (int64_t i = 0; i < tensor.dim(); ++i) shape.Set(uint32_t(i), Napi::Number::New(env, double(tensor.size(i))));
  Napi::Object object = Napi::Object::New(env);
  object.Set("dtype", dtype_of(tensor)->name);
  object.Set("shape", shape);
  object.Set("data", write_array(env, tensor, dtype_of(tensor)->array, later));
  return object;
}

}  // namespace

const char* dtype_name(const at::Tensor& tensor) { return dtype_of(tensor)->name; }

at::Tensor read_bytes(const Napi::Value& value, const std::vector<int64_t>& shape, const std::string& field) {
  return copy_bytes(value, at::kByte, napi_uint8_array, shape, field);
}

at::Tensor read_uint16(const Napi::Value& value, const std::vector<int64_t>& shape, const std::string& field) {
  return copy_bytes(value, at::kUInt16, napi_uint16_array, shape, field);
}

at::Tensor read_float32(const Napi::Value& value, const std::vector<int64_t>& shape, const std::string& field) {
  return copy_bytes(value, at::kFloat, napi_float32_array, shape, field);
}

at::Tensor read_int32(const Napi::Value& value, const std::vector<int64_t>& shape, const std::string& field) {
  return copy_bytes(value, at::kInt, napi_int32_array, shape, field);
}

at::Tensor read_tensor(const Napi::Value& value, const std::string& field) {
  if (!value.IsObject()) wrong_type(field, "{ dtype, shape, data }", value);
  const Napi::Object object = value.As<Napi::Object>();
  const Napi::Value dtype = object.Get("dtype");
  const std::string name = dtype.IsString() ? dtype.As<Napi::String>().Utf8Value() : "";
  const DtypeName* found =
      std::find_if(std::begin(kDtypes), std::end(kDtypes), [&](const DtypeName& each) { return name == each.name; });
  if (found == std::end(kDtypes))
    wrong_type(field + ".dtype", "float32, float64, float16, bfloat16, int64, int32, uint8 or bool", dtype);
  const std::vector<int64_t> shape = read_shape(object.Get("shape"), field + ".shape");
  return copy_bytes(object.Get("data"), found->type, found->array, shape, field + ".data");
}

at::Tensor to_host(at::Tensor tensor) {
  tensor = tensor.detach().to(at::kCPU).contiguous();
  if (dtype_of(tensor) == std::end(kDtypes)) tensor = tensor.to(at::kFloat);
  return tensor.storage().use_count() > 1 ? tensor.clone() : tensor;
}

NamedTensors to_host(NamedTensors tensors) {
  for (auto& entry : tensors) entry.second = to_host(std::move(entry.second));
  return tensors;
}

Napi::Object write_tensor(Napi::Env env, const at::Tensor& tensor) {
  return write_tensor(env, tensor, tensor.nbytes() > kMaxBytesAtOnce);
}

Napi::Value write_uint16(Napi::Env env, const at::Tensor& tensor) {
  return write_array(env, tensor, napi_uint16_array, tensor.nbytes() > kMaxBytesAtOnce);
}

NamedTensors read_tensors(const Napi::Value& value, const std::string& field) {
  if (!value.IsObject() || value.IsArray() || value.IsTypedArray() || value.IsArrayBuffer())
    wrong_type(field, "tensors by name", value);
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
  size_t bytes = 0;
  for (const auto& entry : tensors) bytes += entry.second.nbytes();
  Napi::Object object = Napi::Object::New(env);
  for (const auto& [name, tensor] : tensors) object.Set(name, write_tensor(env, tensor, bytes > kMaxBytesAtOnce));
  return object;
}

at::Tensor read_integers(const Napi::Value& value, const std::string& field) {
  const at::Tensor tensor = read_tensor(value, field);
  if (tensor.scalar_type() != at::kLong && tensor.scalar_type() != at::kInt)
    throw refusal(field + ".dtype", "int64 or int32", dtype_name(tensor));
  return tensor.to(at::kLong);
}

}  // namespace semples
