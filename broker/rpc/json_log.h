#pragma once

#include <cstdio>
#include <initializer_list>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

#include "trust/base/clock.h"
#include "trust/base/mutex.h"

namespace derwent::rpc {

// Structured log: one JSON object a line, flushed. Fields hold codes, ids and numbers; never personal data.
// Thread-safe.
class JsonLog {
 public:
  using Field = std::pair<absl::string_view, std::string>;
  // `out` is borrowed.
  JsonLog(std::FILE* out, const Clock& clock, std::string service, std::string version)
      : out_(out), clock_(clock), service_(std::move(service)), version_(std::move(version)) {}

  // `level`: info, warning, error. Empty fields are left out.
  void Write(absl::string_view level, absl::string_view message, std::initializer_list<Field> fields);

 private:
  std::FILE* const out_;
  const Clock& clock_;
  const std::string service_;
  const std::string version_;
  Mutex mutex_;
};

}  // namespace derwent::rpc
