#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "agents/daemon/context/context.h"
#include "agents/sdk/package.h"
#include "derwent/v1/referral.pb.h"

namespace derwent::agents {

// Seals one recipient's part to its newest key that can be traced. Errors: kFailedPrecondition `KEY_NOT_CERTIFIED`; of
// SealPackage.
absl::StatusOr<v1::Submission> SealFor(const ShareHead& head, const PackageRecipient& recipient,
                                       const AgentContext& context);

// Keeps the digest of a sealed part's manifest: before it is sent, because an acknowledgement may overtake the broker's
// answer.
absl::Status KeepSent(const std::string& share_id, const std::string& recipient, absl::string_view manifest,
                      Changes& changes);
// The digest of what was sealed for that recipient; empty: nothing was.
absl::StatusOr<std::string> SentTo(const std::string& share_id, const std::string& recipient, State& state);

// Whether the broker refused a sealed share only because policy or a key changed since: nothing of it took effect, and
// it may be made afresh.
bool TookNoEffect(absl::string_view reason);

}  // namespace derwent::agents
