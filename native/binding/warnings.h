// What LibTorch warns of, kept until JavaScript takes it instead of being printed.
#pragma once
#include <c10/util/Exception.h>

#include <mutex>
#include <string>
#include <vector>

namespace semples {

class WarningLog : public c10::WarningHandler {
 public:
  // From any thread.
  void process(const c10::Warning& warning) override;
  // The warnings since the last call.
  std::vector<std::string> take();
  // Receives the warnings of the calling thread from now on; LibTorch keeps one handler for each.
  void attach() { c10::WarningUtils::set_warning_handler(this); }
  static void detach() { c10::WarningUtils::set_warning_handler(nullptr); }

 private:
  static constexpr size_t kMost = 100;  // until they are taken: one that repeats a million times says no more
  std::mutex mutex_;
  std::vector<std::string> messages_;
};

// LibTorch's other lines (LOG) go to standard error and nowhere else: they are turned off, unless the user chose a
// level.
void silence_log_lines();

}  // namespace semples
