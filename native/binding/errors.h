// C++ errors -> JavaScript errors with a code, and never with a C++ backtrace.
#pragma once
#include <napi.h>

#include <exception>
#include <utility>

namespace semples {

// An Error object with `code` and, where known, `field`, `value`, `expected`, `hint`, `file`.
Napi::Error to_js_error(Napi::Env env, const std::exception_ptr& error);

// Runs `body`; whatever it throws becomes a pending JavaScript error. Every exported function goes through this.
template <class Body>
auto guarded(Napi::Env env, Body&& body) -> decltype(body()) {
  try {
    return std::forward<Body>(body)();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw to_js_error(env, std::current_exception());
  }
}

}  // namespace semples
