#pragma once

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace derwent {

// Takes one code point off `rest`, which is not empty. nullopt, taking one octet, when `rest` does not begin with
// well-formed UTF-8 (Unicode table 3-7: nothing overlong, no surrogate, nothing over U+10FFFF).
std::optional<uint32_t> TakeCodePoint(absl::string_view& rest);

// Whether all of `text` is well-formed; empty text is.
bool IsUtf8(absl::string_view text);

}  // namespace derwent
