#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/timestamp.pb.h"

namespace derwent::cli {

// Text of others made safe for a terminal and for one line: control characters (C0, DEL, C1) and characters that turn
// the direction of writing become `?`, so do octets that are not UTF-8. Everything else stays.
std::string SafeText(absl::string_view text);

// Columns that safe text takes: one a code point.
size_t Width(absl::string_view safe);

// A JSON string, quotes included.
std::string JsonText(absl::string_view text);

// `milliseconds since 1970` as `2026-11-24T16:02:11.123Z`; anything else comes back as it is.
std::string TimeText(absl::string_view milliseconds);

// To the second, as `2026-11-24T16:02:11Z`; empty when it is not set.
std::string TimeText(const google::protobuf::Timestamp& time);

// Printable ASCII as it is, other octets as lowercase hex.
std::string OctetsText(absl::string_view octets);

}  // namespace derwent::cli
