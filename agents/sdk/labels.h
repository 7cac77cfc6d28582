#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "derwent/v1/package.pb.h"
#include "derwent/v1/record.pb.h"

namespace derwent::agents {

// The label check (architecture 5): a unit holds nothing outside its label's category and nothing richer than its form.
// The sender runs it before sealing, the recipient before handing on. Facts are projected again and must not change;
// the other forms may hold only their own message, within its bounds. The neutral text counts for any label where
// `neutral_of` names the holder (existence-sensitive answers). Error: kFailedPrecondition `MISLABELLED`, naming the
// label and never the content.
absl::Status CheckLabel(const v1::UnitContent& content, absl::string_view category, absl::string_view form,
                        absl::string_view neutral_of);

// Longest gist, in octets (record.proto).
inline constexpr size_t kMaxSummary = 16 * 1024;

}  // namespace derwent::agents
