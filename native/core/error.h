// The one error of native/core: what a SemplesError in JavaScript is made of.
#pragma once
#include <stdexcept>
#include <string>
#include <utility>

namespace semples {

class Error : public std::runtime_error {
 public:
  struct Details {
    std::string field, received, expected, hint, file;
  };

  Error(std::string code, const std::string& message) : std::runtime_error(message), code(std::move(code)) {}

  Error&& in_field(std::string name) && {
    details.field = std::move(name);
    return std::move(*this);
  }
  Error&& received(std::string text) && {
    details.received = std::move(text);
    return std::move(*this);
  }
  Error&& expected(std::string text) && {
    details.expected = std::move(text);
    return std::move(*this);
  }
  Error&& hint(std::string text) && {
    details.hint = std::move(text);
    return std::move(*this);
  }
  Error&& in_file(std::string path) && {
    details.file = std::move(path);
    return std::move(*this);
  }

  std::string code;
  Details details;
};

}  // namespace semples
