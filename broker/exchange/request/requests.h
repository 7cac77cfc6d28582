#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "broker/exchange/command/batch.h"
#include "broker/exchange/share/approval_check.h"
#include "broker/exchange/share/package_check.h"
#include "broker/store/store.h"
#include "derwent/v1/case_request.pb.h"

// The way of a case-data request, its answers and the approvals they wait for.

namespace derwent::exchange {

// Over the quota: kResourceExhausted `QUOTA_EXCEEDED`, after which AlarmQuota is due.
absl::Status PlanCaseRequest(const Caller& caller, const v1::PlanCaseRequestRequest& request,
                             v1::PlanCaseRequestResponse& response, Batch& batch);
// Adds to each question of the response what is permitted nearest to what it was refused. Advice, and slow: for
// workers, after the commit. Nothing when another policy has come into force since.
absl::Status AddNextSteps(const Caller& caller, const v1::PlanCaseRequestRequest& request, const World& world,
                          absl::Time now, store::Reader& reader, v1::PlanCaseRequestResponse& response);
// Likewise over the quota.
absl::Status SubmitCaseRequest(const Caller& caller, const v1::SubmitCaseRequestRequest& request,
                               const CheckedShare& share, v1::SubmitCaseRequestResponse& response, Batch& batch);
// As AddNextSteps of a plan.
absl::Status AddNextSteps(const CheckedShare& share, const World& world, absl::Time now, store::Reader& reader,
                          v1::SubmitCaseRequestResponse& response);
// Tells the asker's agency and the holders of the refused call, once a person and day.
absl::Status AlarmQuota(const CheckedShare& share, Batch& batch);
absl::Status AlarmQuota(const std::string& asker, const v1::PlanCaseRequestRequest& request, Batch& batch);
absl::Status SubmitCaseAnswer(const Caller& caller, const v1::SubmitCaseAnswerRequest& request,
                              const CheckedShare& share, v1::SubmitCaseAnswerResponse& response, Batch& batch);
absl::Status AskApproval(const Caller& caller, const v1::AskApprovalRequest& request, v1::AskApprovalResponse& response,
                         Batch& batch);
absl::Status GiveApproval(const Caller& caller, const v1::GiveApprovalRequest& request, const CheckedApproval& approval,
                          v1::GiveApprovalResponse& response, Batch& batch);
absl::StatusOr<v1::CaseRequest> GetCaseRequest(const Caller& caller, const v1::GetCaseRequestRequest& request,
                                               absl::Time now, store::Reader& reader);
absl::StatusOr<v1::ListCaseRequestsResponse> ListCaseRequests(const Caller& caller,
                                                              const v1::ListCaseRequestsRequest& request,
                                                              absl::Time now, store::Reader& reader);

}  // namespace derwent::exchange
