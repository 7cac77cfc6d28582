#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "trust/base/digest.h"
#include "trust/note/lines.h"

namespace derwent::trust {

// What the texts around a checkpoint share: `<word> <decimal>` and the hashes of a proof. `what` names the text in the
// errors, which are kInvalidArgument with the line and the rule.

// The number on `line`, which `lines` gave: strictly `<word> <decimal up to 2^63 - 1>`.
absl::StatusOr<uint64_t> NumberLine(const Lines& lines, absl::string_view line, absl::string_view word,
                                    absl::string_view what);
// Up to 63 hashes, one a line in canonical base64, and the blank line that ends them.
absl::StatusOr<std::vector<Sha256Digest>> HashLines(Lines& lines, absl::string_view what);

}  // namespace derwent::trust
