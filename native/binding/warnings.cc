#include "binding/warnings.h"

#include <c10/util/Flags.h>
#include <c10/util/Logging.h>

#include <cstdlib>
#include <utility>

C10_DECLARE_int(caffe2_log_level);

namespace semples {

void WarningLog::process(const c10::Warning& warning) {
  const std::lock_guard lock(mutex_);
  if (messages_.size() < kMost) messages_.push_back(warning.msg());
}

std::vector<std::string> WarningLog::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(messages_, {});
}

void silence_log_lines() {
  if (std::getenv("TORCH_CPP_LOG_LEVEL") == nullptr) FLAGS_caffe2_log_level = c10::GLOG_ERROR;
}

}  // namespace semples
