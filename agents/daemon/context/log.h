#pragma once

#include <initializer_list>
#include <ostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "trust/base/clock.h"
#include "trust/base/mutex.h"

namespace derwent::agents {

// One JSON object a line (api.md section 4). Values are ids, codes and counts: never personal data. Thread-safe.
class Log {
 public:
  using Fields = std::initializer_list<std::pair<absl::string_view, absl::string_view>>;

  // Borrows both.
  Log(std::ostream& out, const Clock& clock, std::string agency)
      : out_(out), clock_(clock), agency_(std::move(agency)) {}

  void Write(absl::string_view level, absl::string_view message, Fields fields = {});
  // `error` with the status code and its text, which by house rule holds no personal data.
  void Failure(absl::string_view message, const absl::Status& status, Fields fields = {});

 private:
  // A line but for its end.
  std::string Head(absl::string_view level, absl::string_view message, Fields fields) const;
  void Put(std::string line);

  std::ostream& out_;
  const Clock& clock_;
  const std::string agency_;
  Mutex mutex_;
};

}  // namespace derwent::agents
