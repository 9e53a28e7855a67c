// The one error of native/core: what a SemplesError in JavaScript is made of.
#pragma once
#include <stdexcept>
#include <string>
#include <utility>

namespace semples {

class Error : public std::runtime_error {
 public:
  Error(std::string code, const std::string& message) : std::runtime_error(message), code(std::move(code)) {}

  Error&& in_field(std::string name) && {
    field = std::move(name);
    return std::move(*this);
  }
  Error&& saw(std::string text) && {
    value = std::move(text);
    return std::move(*this);
  }
  Error&& wanted(std::string text) && {
    expected = std::move(text);
    return std::move(*this);
  }
  Error&& advise(std::string text) && {
    hint = std::move(text);
    return std::move(*this);
  }
  Error&& in_file(std::string path) && {
    file = std::move(path);
    return std::move(*this);
  }

  std::string code, field, value, expected, hint, file;
};

}  // namespace semples
