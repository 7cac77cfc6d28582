#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace derwent::policy {

// Files of a bundle: path relative to it, `/` separated, to exact octets.
using Files = std::map<std::string, std::string>;

enum class Severity { kError, kWarning, kUnconfirmed };

// Something wrong with the bundle's text: where, which rule, what to do.
struct Problem {
  Severity severity = Severity::kError;
  std::string file;
  int line = 0;  // From 1; 0: the whole file.
  std::string rule;
  std::string message;
  std::string advice;

  // `file:line: error: message [rule]; advice`.
  std::string ToString() const;
};

// Collects problems and finds the line that a name stands on.
class Problems {
 public:
  explicit Problems(const Files& files) : files_(files) {}

  void Error(absl::string_view file, absl::string_view near, absl::string_view rule, std::string message, std::string advice = "");
  void Warn(Severity severity, absl::string_view file, absl::string_view near, absl::string_view rule, std::string message, std::string advice = "");
  void At(Problem problem) { list_.push_back(std::move(problem)); }

  const std::vector<Problem>& list() const { return list_; }
  bool any_error() const;

 private:
  const Files& files_;
  std::vector<Problem> list_;
};

// The known name closest to `name` when it is close enough, else empty: "did you mean".
std::string Closest(absl::string_view name, const std::vector<std::string>& known);

}  // namespace derwent::policy
