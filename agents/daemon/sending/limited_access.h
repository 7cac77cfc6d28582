#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "agents/daemon/context/context.h"
#include "agents/daemon/context/entitlement.h"
#include "agents/sdk/draft.h"
#include "derwent/v1/record_access.pb.h"

namespace derwent::agents {

// Who of this agency may see what a limited-access record says (`restricted_to`, `excluded_from`): asked when it is
// pushed, of what was sent as long as it is kept, and of whoever is to agree to an answer.

// Of all records of a referral: each of its shares is about all of them. Empty: no record limits anybody.
v1::RecordAccess AccessTo(const ReferralDraft& draft);
// Of one record.
v1::RecordAccess AccessTo(const v1::CaseRecord& record);
bool Allows(const v1::RecordAccess& access, absl::string_view person);

// Keeps it sealed under the share's id, durable before the share itself is; nothing when nobody is kept out.
absl::Status KeepAccess(const v1::RecordAccess& access, const std::string& share_id, const AgentContext& context);
// Whether a person may know of a share that was sent, or of a request that waits for agreement: whom its records do not
// keep out. Error: kDataLoss what was kept
// does not open, so nobody may.
absl::StatusOr<bool> MaySeeSent(absl::string_view person, const std::string& share_id, const AgentContext& context);
// Likewise of a caller; a console may, for the agency's own system.
absl::StatusOr<bool> MaySeeSent(const LocalCaller& caller, const std::string& share_id, const AgentContext& context);

}  // namespace derwent::agents
