#pragma once

#include "absl/strings/string_view.h"

namespace derwent::connectors {

// Well-formed UTF-8, without overlong forms and surrogates.
bool IsUtf8(absl::string_view text);

}  // namespace derwent::connectors
