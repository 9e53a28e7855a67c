// Arguments and options of native calls, each with its default; `prefix` is where the object stands, for errors. A
// wrong one is an error that names its field and what was seen. No code of the caller runs for the message.
#pragma once
#include <napi.h>
#include <torch/types.h>

#include <limits>
#include <optional>
#include <string>

namespace semples {

// In the order of napi_typedarray_type.
inline constexpr const char* kArrayNames[] = {"Int8Array",    "Uint8Array",    "Uint8ClampedArray", "Int16Array",
                                              "Uint16Array",  "Int32Array",    "Uint32Array",       "Float32Array",
                                              "Float64Array", "BigInt64Array", "BigUint64Array"};

[[noreturn]] void wrong_type(const std::string& field, const std::string& expected, const Napi::Value& value);

Napi::Object object_argument(const Napi::CallbackInfo& info, size_t index, const char* name);
int64_t whole_number(const Napi::Value& value, const std::string& field);

inline constexpr double kMaxNumber = std::numeric_limits<double>::max();
int64_t integer_option(const Napi::Object& object, const char* name, int64_t fallback, const std::string& prefix = "");
// 1 to `limit`; a fallback of 0 makes it required.
int64_t size_option(const Napi::Object& object, const char* name, int64_t fallback, int64_t limit,
                    const std::string& prefix = "");
// Finite, `low` to `high`; required without a fallback.
double number_option(const Napi::Object& object, const char* name, std::optional<double> fallback, double low = 0,
                     double high = kMaxNumber, const std::string& prefix = "");
// 0 up to, but not, 1.
double fraction_option(const Napi::Object& object, const char* name, double fallback);
bool flag_option(const Napi::Object& object, const char* name, bool fallback, const std::string& prefix = "");
std::string text_option(const Napi::Object& object, const char* name, const std::string& fallback,
                        const std::string& prefix = "");

// "cpu", "cuda", "cuda:1"; a device that is not there is an error.
at::Device device_option(const Napi::Object& object);
// The same in two steps: what the text says (default "cpu"), and the device where it is there.
at::Device device_named(const Napi::Object& object);
at::Device require_device(at::Device device);

}  // namespace semples
