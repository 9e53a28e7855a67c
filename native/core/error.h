// The one error of native/core: what a SemplesError in JavaScript is made of.
#pragma once
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

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

// The one shape of refusals: what was expected, for which field, what was received.
inline Error refusal(const std::string& field, const std::string& expected, const std::string& received,
                     const std::string& code = "SEMPLES_ARGUMENT_INVALID") {
  return Error(code, "Expected " + expected + " for " + field + " but received " + received)
      .in_field(field)
      .expected(expected)
      .received(received);
}

// "max, mean or none"
inline std::string one_of(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) text += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
  return text;
}

}  // namespace semples
