#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "derwent/v1/witness.pb.h"
#include "trust/note/checkpoint.h"
#include "trust/note/log_keys.h"

namespace derwent::cli {

// What this client verified of the ledger's standing under its own policy of witnesses (a C2SP tlog-policy's text).
// Nothing of it rests on the broker's word: that its policy is ours, that its newest cosigned checkpoint (none:
// nullopt) has the quorum, and that where it says `witnessed` there is one. Error: kDataLoss.
absl::StatusOr<std::optional<trust::Checkpoint>> CheckQuorum(const v1::GetQuorumResponse& quorum,
                                                             absl::string_view own_policy,
                                                             const trust::LogKeys& log_keys);

}  // namespace derwent::cli
