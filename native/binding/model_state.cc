#include "binding/model_state.h"

#include <torch/torch.h>

#include "binding/jobs.h"
#include "binding/option_reader.h"
#include "binding/tensors.h"

namespace semples {

namespace {

std::vector<std::string> read_names(const Napi::Value& value, const char* field) {
  std::vector<std::string> names;
  if (value.IsUndefined()) return names;
  if (!value.IsArray()) wrong_type(field, "an array of names", value);
  for (uint32_t i = 0; i < value.As<Napi::Array>().Length(); ++i) {
    const Napi::Value name = value.As<Napi::Array>()[i];
    if (!name.IsString()) wrong_type(field, "an array of names", name);
    names.push_back(name.As<Napi::String>().Utf8Value());
  }
  return names;
}

Napi::Array write_names(Napi::Env env, const std::vector<std::string>& names) {
  Napi::Array array = Napi::Array::New(env, names.size());
  for (size_t i = 0; i < names.size(); ++i) array.Set(uint32_t(i), names[i]);
  return array;
}

}  // namespace

int64_t bytes_of(const NamedTensors& tensors) {
  int64_t bytes = 0;
  for (const auto& entry : tensors) bytes += int64_t(entry.second.nbytes());
  return bytes;
}

Napi::Value submit_load(const Napi::CallbackInfo& info, std::function<NamedTensors()> state) {
  const NamedTensors tensors = read_tensors(info[0], "tensors");
  OptionReader options(object_argument(info, 1, "options"));
  LoadRules rules;
  options.flag("strict", rules.strict);
  rules.required = read_names(options.value("required"), "required");
  options.refuse_others();
  return JobQueue::of(info.Env())
      .submit(
          info.Env(), [state, tensors, rules] { return load_named(tensors, state(), rules); },
          [](Napi::Env env, const LoadReport& report) {
            Napi::Object result = Napi::Object::New(env);
            result.Set("missing", write_names(env, report.missing));
            result.Set("unexpected", write_names(env, report.unexpected));
            result.Set("mismatched", write_names(env, report.mismatched));
            return result;
          });
}

Napi::Array write_parameters(Napi::Env env, const NamedTensors& state, size_t trained, const char* flag,
                             const std::function<bool(const std::string&)>& is_flagged) {
  Napi::Array result = Napi::Array::New(env);
  for (const auto& [name, tensor] : state) {
    Napi::Object entry = Napi::Object::New(env);
    Napi::Array shape = Napi::Array::New(env, tensor.dim());
    for (int64_t i = 0; i < tensor.dim(); ++i) shape.Set(uint32_t(i), double(tensor.size(i)));
    entry.Set("name", name);
    entry.Set("shape", shape);
    entry.Set(flag, is_flagged(name));
    entry.Set("buffer", result.Length() >= trained);
    result.Set(result.Length(), entry);
  }
  return result;
}

}  // namespace semples
