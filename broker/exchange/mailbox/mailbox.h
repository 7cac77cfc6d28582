#pragma once

#include "absl/status/status.h"

#include "broker/exchange/command/batch.h"
#include "derwent/v1/mailbox.pb.h"
#include "derwent/v1/referral.pb.h"

// What waits for an agency, and what parties say of it: each step decided afresh and entered.

namespace derwent::exchange {

// Leaves the response empty when nothing waits.
absl::Status Collect(const Caller& caller, int max_deliveries, v1::CollectResponse& response, Batch& batch);
absl::Status Acknowledge(const Caller& caller, const v1::AcknowledgeRequest& request, v1::AcknowledgeResponse& response,
                         Batch& batch);
absl::Status ReportProgress(const Caller& caller, const v1::ReportProgressRequest& request,
                            v1::ReportProgressResponse& response, Batch& batch);
absl::Status WithdrawReferral(const Caller& caller, const v1::WithdrawReferralRequest& request,
                              v1::WithdrawReferralResponse& response, Batch& batch);
absl::Status SendNotice(const Caller& caller, const v1::SendNoticeRequest& request, v1::SendNoticeResponse& response,
                        Batch& batch);

}  // namespace derwent::exchange
