#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "derwent/v1/case.pb.h"
#include "derwent/v1/case_request.pb.h"
#include "derwent/v1/emergency.pb.h"
#include "derwent/v1/erasure_service.pb.h"
#include "derwent/v1/key_service.pb.h"
#include "derwent/v1/ledger.pb.h"
#include "derwent/v1/mailbox.pb.h"
#include "derwent/v1/policy_service.pb.h"
#include "derwent/v1/referral.pb.h"
#include "derwent/v1/register_service.pb.h"
#include "derwent/v1/rights_service.pb.h"
#include "derwent/v1/witness.pb.h"

namespace derwent::agents {

// What an agent calls at the broker. Each call blocks until the answer or its own deadline and keeps the server's error
// details (rpc_error.h); kUnavailable is the only error worth trying again. Thread-safe.
class Broker {
 public:
  virtual ~Broker() = default;

  virtual absl::StatusOr<v1::PlanReferralResponse> Plan(const v1::PlanReferralRequest& request) = 0;
  virtual absl::StatusOr<v1::SubmitReferralResponse> Submit(const v1::SubmitReferralRequest& request) = 0;
  virtual absl::StatusOr<v1::Referral> GetReferral(const v1::GetReferralRequest& request) = 0;
  virtual absl::StatusOr<v1::ReportProgressResponse> ReportProgress(const v1::ReportProgressRequest& request) = 0;
  virtual absl::StatusOr<v1::WithdrawReferralResponse> Withdraw(const v1::WithdrawReferralRequest& request) = 0;
  virtual absl::StatusOr<v1::SendNoticeResponse> SendNotice(const v1::SendNoticeRequest& request) = 0;
  // Waits as long as the request says; StopWaiting ends it early (kCancelled), now and from then on.
  virtual absl::StatusOr<v1::CollectResponse> Collect(const v1::CollectRequest& request) = 0;
  virtual void StopWaiting() = 0;
  virtual absl::StatusOr<v1::AcknowledgeResponse> Acknowledge(const v1::AcknowledgeRequest& request) = 0;
  virtual absl::StatusOr<v1::AgencyKeys> GetAgencyKeys(const v1::GetAgencyKeysRequest& request) = 0;
  virtual absl::StatusOr<v1::PublishKeyEventResponse> PublishKeyEvent(const v1::PublishKeyEventRequest& request) = 0;
  virtual absl::StatusOr<v1::GetPolicyBundleResponse> GetPolicyBundle(const v1::GetPolicyBundleRequest& request) = 0;
  virtual absl::StatusOr<v1::ApplyDirectoryResponse> ApplyDirectory(const v1::ApplyDirectoryRequest& request) = 0;
  virtual absl::StatusOr<v1::ApplyRestrictionResponse> ApplyRestriction(const v1::ApplyRestrictionRequest& request) = 0;
  virtual absl::StatusOr<v1::ListDirectoriesResponse> ListDirectories(const v1::ListDirectoriesRequest& request) = 0;
  virtual absl::StatusOr<v1::PlanCaseRequestResponse> PlanCaseRequest(const v1::PlanCaseRequestRequest& request) = 0;
  virtual absl::StatusOr<v1::SubmitCaseRequestResponse> SubmitCaseRequest(
      const v1::SubmitCaseRequestRequest& request) = 0;
  virtual absl::StatusOr<v1::SubmitCaseAnswerResponse> SubmitCaseAnswer(const v1::SubmitCaseAnswerRequest& request) = 0;
  virtual absl::StatusOr<v1::AskApprovalResponse> AskApproval(const v1::AskApprovalRequest& request) = 0;
  virtual absl::StatusOr<v1::GiveApprovalResponse> GiveApproval(const v1::GiveApprovalRequest& request) = 0;
  virtual absl::StatusOr<v1::Emergency> DeclareEmergency(const v1::DeclareEmergencyRequest& request) = 0;
  virtual absl::StatusOr<v1::ListEmergenciesResponse> ListEmergencies(const v1::ListEmergenciesRequest& request) = 0;
  virtual absl::StatusOr<v1::CaseRequest> GetCaseRequest(const v1::GetCaseRequestRequest& request) = 0;
  virtual absl::StatusOr<v1::Case> GetCase(const v1::GetCaseRequest& request) = 0;
  virtual absl::StatusOr<v1::ListErasuresResponse> ListErasures(const v1::ListErasuresRequest& request) = 0;
  virtual absl::StatusOr<v1::AttestErasureResponse> AttestErasure(const v1::AttestErasureRequest& request) = 0;
  virtual absl::StatusOr<v1::NotifyRightsResponse> NotifyRights(const v1::NotifyRightsRequest& request) = 0;
  virtual absl::StatusOr<v1::AnswerRightsResponse> AnswerRights(const v1::AnswerRightsRequest& request) = 0;
  virtual absl::StatusOr<v1::GetCheckpointResponse> GetCheckpoint(const v1::GetCheckpointRequest& request) = 0;
  virtual absl::StatusOr<v1::GetInclusionProofResponse> GetInclusionProof(
      const v1::GetInclusionProofRequest& request) = 0;
  virtual absl::StatusOr<v1::GetConsistencyProofResponse> GetConsistencyProof(
      const v1::GetConsistencyProofRequest& request) = 0;
  // Waits as Collect does.
  virtual absl::StatusOr<v1::NextCheckpointResponse> NextCheckpoint(const v1::NextCheckpointRequest& request) = 0;
  virtual absl::StatusOr<v1::AddCosignatureResponse> AddCosignature(const v1::AddCosignatureRequest& request) = 0;
  virtual absl::StatusOr<v1::ListOwnEntriesResponse> ListOwnEntries(const v1::ListOwnEntriesRequest& request) = 0;
};

}  // namespace derwent::agents
