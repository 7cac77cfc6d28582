#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "broker/exchange/command/batch.h"
#include "broker/exchange/share/package_check.h"
#include "broker/store/store.h"
#include "derwent/v1/referral.pb.h"

// The way of a referral: planned, submitted, seen by its parties. Each fills the response; a receipt in it carries its
// index only, the proof is added after the commit. A refusal by policy is a response; a Status says why nothing could
// be decided (refusal.h), and its owner undoes what the command wrote.

namespace derwent::exchange {

absl::Status PlanReferral(const Caller& caller, const v1::PlanReferralRequest& request,
                          v1::PlanReferralResponse& response, Batch& batch);
absl::Status SubmitReferral(const Caller& caller, const v1::SubmitReferralRequest& request, const CheckedShare& share,
                            v1::SubmitReferralResponse& response, Batch& batch);
absl::StatusOr<v1::Referral> GetReferral(const Caller& caller, const v1::GetReferralRequest& request,
                                         store::Reader& reader);
absl::StatusOr<v1::ListReferralsResponse> ListReferrals(const Caller& caller, const v1::ListReferralsRequest& request,
                                                        store::Reader& reader);

}  // namespace derwent::exchange
