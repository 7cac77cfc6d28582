#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "agents/cli/session/client.h"
#include "agents/cli/terminal/output.h"
#include "derwent/v1/audit.pb.h"

namespace derwent::cli {

// The policy's text that came with a decision is the one its entry names: MANIFEST has the digest in the entry's field
// 14, and names each file with its digest. Signatures and notices are not in MANIFEST; they are shown, not vouched for.
// OK when no text came. Error: kDataLoss naming the file.
absl::Status CheckPolicyText(const v1::AuditedDecision& decision);

// Writes one decision whole: what was decided and why, the rules, gateways and bases of the broker's part decided
// again, and the text of profile, agreement and gateways as they were. `with_text`: else only their names.
void WriteDecision(const v1::AuditedDecision& decision, bool with_text, std::ostream& out);

// `derwent audit show`.
absl::StatusOr<int> ShowDecision(Client& client, uint64_t index, bool with_text, Format format);

}  // namespace derwent::cli
