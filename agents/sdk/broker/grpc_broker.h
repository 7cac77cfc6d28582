#pragma once

#include <memory>
#include <set>

#include "agents/sdk/broker/broker.h"
#include "agents/sdk/channel/channel.h"
#include "derwent/v1/case.grpc.pb.h"
#include "derwent/v1/case_request.grpc.pb.h"
#include "derwent/v1/emergency.grpc.pb.h"
#include "derwent/v1/erasure_service.grpc.pb.h"
#include "derwent/v1/key_service.grpc.pb.h"
#include "derwent/v1/ledger.grpc.pb.h"
#include "derwent/v1/mailbox.grpc.pb.h"
#include "derwent/v1/policy_service.grpc.pb.h"
#include "derwent/v1/referral.grpc.pb.h"
#include "derwent/v1/register_service.grpc.pb.h"
#include "derwent/v1/rights_service.grpc.pb.h"
#include "derwent/v1/witness.grpc.pb.h"
#include "trust/base/mutex.h"

namespace derwent::agents {

// The broker over mutually authenticated gRPC. `channel` is borrowed and must outlive it.
class GrpcBroker final : public Broker {
 public:
  explicit GrpcBroker(const Channel& channel);

  absl::StatusOr<v1::PlanReferralResponse> Plan(const v1::PlanReferralRequest& request) override;
  absl::StatusOr<v1::SubmitReferralResponse> Submit(const v1::SubmitReferralRequest& request) override;
  absl::StatusOr<v1::Referral> GetReferral(const v1::GetReferralRequest& request) override;
  absl::StatusOr<v1::ReportProgressResponse> ReportProgress(const v1::ReportProgressRequest& request) override;
  absl::StatusOr<v1::WithdrawReferralResponse> Withdraw(const v1::WithdrawReferralRequest& request) override;
  absl::StatusOr<v1::SendNoticeResponse> SendNotice(const v1::SendNoticeRequest& request) override;
  absl::StatusOr<v1::CollectResponse> Collect(const v1::CollectRequest& request) override;
  void StopWaiting() override;
  absl::StatusOr<v1::AcknowledgeResponse> Acknowledge(const v1::AcknowledgeRequest& request) override;
  absl::StatusOr<v1::AgencyKeys> GetAgencyKeys(const v1::GetAgencyKeysRequest& request) override;
  absl::StatusOr<v1::PublishKeyEventResponse> PublishKeyEvent(const v1::PublishKeyEventRequest& request) override;
  absl::StatusOr<v1::GetPolicyBundleResponse> GetPolicyBundle(const v1::GetPolicyBundleRequest& request) override;
  absl::StatusOr<v1::ApplyDirectoryResponse> ApplyDirectory(const v1::ApplyDirectoryRequest& request) override;
  absl::StatusOr<v1::ApplyRestrictionResponse> ApplyRestriction(const v1::ApplyRestrictionRequest& request) override;
  absl::StatusOr<v1::ListDirectoriesResponse> ListDirectories(const v1::ListDirectoriesRequest& request) override;
  absl::StatusOr<v1::PlanCaseRequestResponse> PlanCaseRequest(const v1::PlanCaseRequestRequest& request) override;
  absl::StatusOr<v1::SubmitCaseRequestResponse> SubmitCaseRequest(const v1::SubmitCaseRequestRequest& request) override;
  absl::StatusOr<v1::SubmitCaseAnswerResponse> SubmitCaseAnswer(const v1::SubmitCaseAnswerRequest& request) override;
  absl::StatusOr<v1::AskApprovalResponse> AskApproval(const v1::AskApprovalRequest& request) override;
  absl::StatusOr<v1::GiveApprovalResponse> GiveApproval(const v1::GiveApprovalRequest& request) override;
  absl::StatusOr<v1::Emergency> DeclareEmergency(const v1::DeclareEmergencyRequest& request) override;
  absl::StatusOr<v1::ListEmergenciesResponse> ListEmergencies(const v1::ListEmergenciesRequest& request) override;
  absl::StatusOr<v1::CaseRequest> GetCaseRequest(const v1::GetCaseRequestRequest& request) override;
  absl::StatusOr<v1::Case> GetCase(const v1::GetCaseRequest& request) override;
  absl::StatusOr<v1::ListErasuresResponse> ListErasures(const v1::ListErasuresRequest& request) override;
  absl::StatusOr<v1::AttestErasureResponse> AttestErasure(const v1::AttestErasureRequest& request) override;
  absl::StatusOr<v1::NotifyRightsResponse> NotifyRights(const v1::NotifyRightsRequest& request) override;
  absl::StatusOr<v1::AnswerRightsResponse> AnswerRights(const v1::AnswerRightsRequest& request) override;
  absl::StatusOr<v1::GetCheckpointResponse> GetCheckpoint(const v1::GetCheckpointRequest& request) override;
  absl::StatusOr<v1::GetInclusionProofResponse> GetInclusionProof(const v1::GetInclusionProofRequest& request) override;
  absl::StatusOr<v1::GetConsistencyProofResponse> GetConsistencyProof(
      const v1::GetConsistencyProofRequest& request) override;
  absl::StatusOr<v1::NextCheckpointResponse> NextCheckpoint(const v1::NextCheckpointRequest& request) override;
  absl::StatusOr<v1::AddCosignatureResponse> AddCosignature(const v1::AddCosignatureRequest& request) override;
  absl::StatusOr<v1::ListOwnEntriesResponse> ListOwnEntries(const v1::ListOwnEntriesRequest& request) override;

 private:
  // A long poll, which StopWaiting ends.
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Wait(Stub& stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                                const Request& request);

  const Channel& channel_;
  std::unique_ptr<v1::ReferralService::Stub> referrals_;
  std::unique_ptr<v1::MailboxService::Stub> mailbox_;
  std::unique_ptr<v1::KeyService::Stub> keys_;
  std::unique_ptr<v1::PolicyService::Stub> policy_;
  std::unique_ptr<v1::RegisterService::Stub> registers_;
  std::unique_ptr<v1::LedgerService::Stub> ledger_;
  std::unique_ptr<v1::CaseRequestService::Stub> requests_;
  std::unique_ptr<v1::CaseService::Stub> cases_;
  std::unique_ptr<v1::WitnessService::Stub> witnesses_;
  std::unique_ptr<v1::EmergencyService::Stub> emergencies_;
  std::unique_ptr<v1::ErasureService::Stub> erasures_;
  std::unique_ptr<v1::RightsService::Stub> rights_;
  Mutex mutex_;
  bool stopped_ GUARDED_BY(mutex_) = false;
  std::set<grpc::ClientContext*> waiting_ GUARDED_BY(mutex_);  // Of the long polls in progress.
};

}  // namespace derwent::agents
