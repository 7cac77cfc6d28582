#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace derwent::policy {

// `from` becomes `to` where it first stands in `path`; the error is on the line that `at` is first on then, or on none
// (empty).
struct Refused {
  const char* name;
  const char* path;
  const char* from;
  const char* to;
  const char* at;
  const char* message;
};

// The bundle so changed does not compile, and says so with file, line, message, rule and what to do.
void ExpectRefused(const Refused& refused);

// The line, from 1, on which `part` first stands.
int LineOf(const std::string& text, absl::string_view part);

}  // namespace derwent::policy
