#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace derwent::connectors {

// The text of octets in Windows-1252 (WHATWG Encoding's table, without its guesses), as UTF-8. Error: kInvalidArgument
// one of the five octets that mean nothing.
absl::StatusOr<std::string> FromWindows1252(absl::string_view octets);

}  // namespace derwent::connectors
