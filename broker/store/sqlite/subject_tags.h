#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "broker/store/rows.h"

namespace derwent::store {

// The tags of a part as one column: subject as u32be and the 32 octets of its tag, one after the other.
std::string EncodeSubjectTags(absl::Span<const SubjectTag> tags);
// Error: kDataLoss unless the octets are whole pairs.
absl::StatusOr<std::vector<SubjectTag>> DecodeSubjectTags(absl::string_view octets);

}  // namespace derwent::store
