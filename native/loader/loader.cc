// Opens LibTorch by absolute path before the addon that needs it is required: no LD_LIBRARY_PATH, no rpath.
// Written against the C interface of Node-API and linked with nothing but libdl. Failures come back as
// values. What the loss terms are is told here too, so that a configuration can be checked without LibTorch.
#include <dlfcn.h>
#include <node_api.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/losses/terms.h"

namespace {

constexpr const char* kAbiSymbol = "aoti_torch_abi_version";

napi_value Undefined(napi_env env) {
  napi_value value = nullptr;
  napi_get_undefined(env, &value);
  return value;
}

napi_value Text(napi_env env, const std::string& text) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, text.data(), text.size(), &value);
  return value;
}

bool ReadText(napi_env env, napi_value value, std::string* text) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return false;
  text->resize(length + 1);
  if (napi_get_value_string_utf8(env, value, text->data(), text->size(), &length) != napi_ok) return false;
  text->resize(length);
  return true;
}

napi_value TypeError(napi_env env, const char* message) {
  napi_throw_type_error(env, "SEMPLES_ARGUMENT_INVALID", message);
  return nullptr;
}

bool ReadPaths(napi_env env, napi_value list, std::vector<std::string>* paths) {
  uint32_t count = 0;
  if (napi_get_array_length(env, list, &count) != napi_ok) return false;
  for (uint32_t i = 0; i < count; ++i) {
    napi_value element = nullptr;
    std::string path;
    if (napi_get_element(env, list, i, &element) != napi_ok || !ReadText(env, element, &path)) return false;
    paths->push_back(path);
  }
  return true;
}

// Takes what is written to standard error while libraries are opened. OpenMP runtimes complain of their environment
// there and nowhere else.
class StandardError {
 public:
  StandardError() : file_(std::tmpfile()), before_(file_ == nullptr ? -1 : dup(STDERR_FILENO)) {
    if (before_ >= 0 && dup2(fileno(file_), STDERR_FILENO) < 0) Restore();
  }
  ~StandardError() {
    Restore();
    if (file_ != nullptr) std::fclose(file_);
  }
  StandardError(const StandardError&) = delete;
  StandardError& operator=(const StandardError&) = delete;

  // The lines of OpenMP runtimes. What other threads wrote meanwhile goes where it was meant to.
  std::vector<std::string> Take() {
    std::vector<std::string> taken;
    if (before_ < 0) return taken;
    Restore();
    std::rewind(file_);
    std::string line;
    for (int sign = std::fgetc(file_); sign != EOF; sign = std::fgetc(file_)) {
      if (sign != '\n')
        line += char(sign);
      else
        SortLine(std::exchange(line, {}), &taken);
    }
    if (!line.empty()) SortLine(line, &taken);
    return taken;
  }

 private:
  static void SortLine(const std::string& line, std::vector<std::string>* taken) {
    for (const char* start : {"libgomp: ", "OMP: "})
      if (line.rfind(start, 0) == 0) return taken->push_back(line);
    if (!line.empty()) std::fprintf(stderr, "%s\n", line.c_str());
  }
  void Restore() {
    std::fflush(stderr);
    if (before_ >= 0) {
      dup2(before_, STDERR_FILENO);
      close(before_);
    }
    before_ = -1;
  }
  std::FILE* file_;
  int before_;
};

napi_value Failure(napi_env env, const std::string& path, const char* reason) {
  napi_value failure = nullptr;
  napi_create_object(env, &failure);
  napi_set_named_property(env, failure, "path", Text(env, path));
  napi_set_named_property(env, failure, "reason", Text(env, reason == nullptr ? "unknown error" : reason));
  return failure;
}

// open(paths: string[]): { failure: { path, reason } of the first library that failed, or undefined, said: string[] }
// The libraries stay open for the life of the process: LibTorch cannot be unloaded.
napi_value Open(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value list = nullptr;
  std::vector<std::string> paths;
  napi_get_cb_info(env, info, &count, &list, nullptr, nullptr);
  if (count < 1 || !ReadPaths(env, list, &paths)) return TypeError(env, "open expects an array of paths");
  for (const std::string& path : paths) {
    if (path.empty() || path[0] != '/') return TypeError(env, "open expects absolute paths");
  }
  napi_value failure = Undefined(env);
  StandardError standard_error;
  for (const std::string& path : paths) {
    if (dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr) continue;
    failure = Failure(env, path, dlerror());
    break;
  }
  napi_value result = nullptr, said = nullptr;
  napi_create_object(env, &result);
  napi_create_array(env, &said);
  uint32_t count_said = 0;
  for (const std::string& line : standard_error.Take()) napi_set_element(env, said, count_said++, Text(env, line));
  napi_set_named_property(env, result, "failure", failure);
  napi_set_named_property(env, result, "said", said);
  return result;
}

// abiVersion(): the version of the LibTorch that is open, 0xMMmmpp0000000000 as a bigint, or undefined.
napi_value AbiVersion(napi_env env, napi_callback_info) {
  void* symbol = dlsym(RTLD_DEFAULT, kAbiSymbol);
  if (symbol == nullptr) return Undefined(env);
  const uint64_t version = reinterpret_cast<uint64_t (*)()>(symbol)();
  napi_value value = nullptr;
  napi_create_bigint_uint64(env, version, &value);
  return value;
}

// mapped(): absolute paths of the shared libraries in this process, each once, sorted; empty where /proc is
// missing.
napi_value Mapped(napi_env env, napi_callback_info) {
  std::set<std::string> libraries;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const size_t start = line.find('/');
    if (start == std::string::npos) continue;
    const std::string path = line.substr(start);
    if (path.find(".so") != std::string::npos || path.find(".node") != std::string::npos) libraries.insert(path);
  }
  napi_value list = nullptr;
  napi_create_array_with_length(env, libraries.size(), &list);
  uint32_t index = 0;
  for (const std::string& path : libraries) napi_set_element(env, list, index++, Text(env, path));
  return list;
}

// driverVersion(): the CUDA version that the installed NVIDIA driver supports (13000 is 13.0); 0 where there
// is none.
napi_value DriverVersion(napi_env env, napi_callback_info) {
  int version = 0;
  if (void* driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL); driver != nullptr) {
    using Query = int (*)(int*);
    if (auto query = reinterpret_cast<Query>(dlsym(driver, "cuDriverGetVersion")); query != nullptr) query(&version);
    dlclose(driver);
  }
  napi_value value = nullptr;
  napi_create_int32(env, version, &value);
  return value;
}

napi_value TermObject(napi_env env, const semples::TermInfo& term) {
  napi_value object = nullptr, needs = nullptr;
  napi_create_object(env, &object);
  napi_create_array(env, &needs);
  uint32_t count = 0;
  for (const semples::NeedName& need : semples::kNeedNames)
    if ((term.needs & need.need) != 0) napi_set_element(env, needs, count++, Text(env, need.name));
  napi_set_named_property(env, object, "name", Text(env, term.name));
  napi_set_named_property(env, object, "needs", needs);
  napi_set_named_property(env, object, "formula", Text(env, term.formula));
  napi_set_named_property(env, object, "source", Text(env, term.source));
  return object;
}

// lossTerms: { name, needs, formula, source }[]
template <class... Terms>
napi_value TermObjects(napi_env env, semples::TermList<Terms...>) {
  napi_value list = nullptr;
  napi_create_array(env, &list);
  uint32_t count = 0;
  (napi_set_element(env, list, count++, TermObject(env, Terms::info)), ...);
  return list;
}

}  // namespace

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      {"open", nullptr, Open, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"abiVersion", nullptr, AbiVersion, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"mapped", nullptr, Mapped, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"driverVersion", nullptr, DriverVersion, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  napi_set_named_property(env, exports, "lossTerms", TermObjects(env, semples::AllTerms()));
  napi_define_properties(env, exports, sizeof(functions) / sizeof(functions[0]), functions);
  return exports;
}
