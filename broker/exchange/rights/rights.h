#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "broker/exchange/command/batch.h"
#include "broker/exchange/rights/rights_check.h"

// Rights events beyond one agency: told to every recipient, answered, and asked again (UK GDPR Articles 16 to 19).

namespace derwent::exchange {

// How long a recipient has to answer before it is asked again.
inline constexpr absl::Duration kAnswerRightsWithin = absl::Hours(24 * 7);

// Tells every recipient, or nobody: decided for each recipient and subject, entered, put into their mailboxes. A denial
// by policy is a response whose decisions are entered.
absl::Status NotifyRights(const Caller& caller, const v1::NotifyRightsRequest& request, const CheckedNotices& checked,
                          v1::NotifyRightsResponse& response, Batch& batch);
// One recipient's answer to one notice; final.
absl::Status AnswerRights(const Caller& caller, const v1::AnswerRightsRequest& request,
                          const CheckedRights<v1::RightsAnswer>& checked, v1::AnswerRightsResponse& response,
                          Batch& batch);
// Enters which notices were not answered in time and tells both sides, at most 64 a call; again every
// kAnswerRightsWithin.
absl::Status ChaseRights(Batch& batch);

}  // namespace derwent::exchange
