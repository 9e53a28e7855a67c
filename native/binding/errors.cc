#include "binding/errors.h"

#include <c10/util/Exception.h>

#include "core/error.h"

namespace semples {

namespace {

Napi::Error make(Napi::Env env, const std::string& code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  return error;
}

bool looks_like_memory(const std::string& text) {
  return text.find("can't allocate memory") != std::string::npos || text.find("out of memory") != std::string::npos;
}

Napi::Error out_of_memory(Napi::Env env, const std::string& message) {
  Napi::Error error = make(env, "SEMPLES_OUT_OF_MEMORY", message);
  error.Set("hint", Napi::String::New(env, "Use a smaller batch or a smaller picture."));
  return error;
}

}  // namespace

Napi::Error to_js_error(Napi::Env env, const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& e) {
    Napi::Error error = make(env, e.code, e.what());
    for (const auto& [name, text] : {std::pair<const char*, const std::string&>{"field", e.details.field},
                                     {"value", e.details.received},
                                     {"expected", e.details.expected},
                                     {"hint", e.details.hint},
                                     {"file", e.details.file}})
      if (!text.empty()) error.Set(name, Napi::String::New(env, text));
    return error;
  } catch (const c10::OutOfMemoryError& e) {
    return out_of_memory(env, e.what_without_backtrace());
  } catch (const c10::Error& e) {
    const std::string text = e.what_without_backtrace();
    return looks_like_memory(text) ? out_of_memory(env, text) : make(env, "SEMPLES_NATIVE", text);
  } catch (const std::bad_alloc&) {
    return out_of_memory(env, "There is not enough memory");
  } catch (const std::exception& e) {
    return looks_like_memory(e.what()) ? out_of_memory(env, e.what()) : make(env, "SEMPLES_NATIVE", e.what());
  } catch (...) {
    return make(env, "SEMPLES_NATIVE", "An unknown native error occurred");
  }
}

}  // namespace semples
