#pragma once

#include <atomic>

#include "broker/rpc/bounded_service.h"
#include "broker/rpc/runner.h"
#include "broker/rpc/witnesses.h"
#include "derwent/v1/case.grpc.pb.h"
#include "derwent/v1/case_request.grpc.pb.h"
#include "derwent/v1/erasure_service.grpc.pb.h"
#include "derwent/v1/key_service.grpc.pb.h"
#include "derwent/v1/ledger.grpc.pb.h"
#include "derwent/v1/mailbox.grpc.pb.h"
#include "derwent/v1/policy_change.grpc.pb.h"
#include "derwent/v1/policy_service.grpc.pb.h"
#include "derwent/v1/referral.grpc.pb.h"
#include "derwent/v1/register_service.grpc.pb.h"
#include "derwent/v1/rights_service.grpc.pb.h"
#include "derwent/v1/witness.grpc.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"

// The services of the contract, as thin adaptors: each method gives the runner how to parse and which rule to run.

namespace derwent::rpc {

class ReferralService final : public BoundedService<ReferralService, v1::ReferralService> {
 public:
  explicit ReferralService(Runner& runner) : BoundedService(runner) {
    Bind("PlanReferral", &ReferralService::PlanReferral);
    BindOnArena("SubmitReferral", &ReferralService::SubmitReferral);
    Bind("GetReferral", &ReferralService::GetReferral);
    Bind("ListReferrals", &ReferralService::ListReferrals);
    Bind("ReportProgress", &ReferralService::ReportProgress);
    Bind("WithdrawReferral", &ReferralService::WithdrawReferral);
    Bind("SendNotice", &ReferralService::SendNotice);
  }
  grpc::ServerUnaryReactor* PlanReferral(grpc::CallbackServerContext*, const v1::PlanReferralRequest*,
                                         v1::PlanReferralResponse*) override;
  grpc::ServerUnaryReactor* SubmitReferral(grpc::CallbackServerContext*, const v1::SubmitReferralRequest*,
                                           v1::SubmitReferralResponse*) override;
  grpc::ServerUnaryReactor* GetReferral(grpc::CallbackServerContext*, const v1::GetReferralRequest*,
                                        v1::Referral*) override;
  grpc::ServerUnaryReactor* ListReferrals(grpc::CallbackServerContext*, const v1::ListReferralsRequest*,
                                          v1::ListReferralsResponse*) override;
  grpc::ServerUnaryReactor* ReportProgress(grpc::CallbackServerContext*, const v1::ReportProgressRequest*,
                                           v1::ReportProgressResponse*) override;
  grpc::ServerUnaryReactor* WithdrawReferral(grpc::CallbackServerContext*, const v1::WithdrawReferralRequest*,
                                             v1::WithdrawReferralResponse*) override;
  grpc::ServerUnaryReactor* SendNotice(grpc::CallbackServerContext*, const v1::SendNoticeRequest*,
                                       v1::SendNoticeResponse*) override;
};

class CaseService final : public BoundedService<CaseService, v1::CaseService> {
 public:
  explicit CaseService(Runner& runner) : BoundedService(runner) {
    Bind("OpenCase", &CaseService::OpenCase);
    Bind("ChangeCaseMember", &CaseService::ChangeCaseMember);
    Bind("GetCase", &CaseService::GetCase);
    Bind("ListCases", &CaseService::ListCases);
    Bind("CloseCase", &CaseService::CloseCase);
  }
  grpc::ServerUnaryReactor* OpenCase(grpc::CallbackServerContext*, const v1::OpenCaseRequest*, v1::Case*) override;
  grpc::ServerUnaryReactor* ChangeCaseMember(grpc::CallbackServerContext*, const v1::ChangeCaseMemberRequest*,
                                             v1::Case*) override;
  grpc::ServerUnaryReactor* GetCase(grpc::CallbackServerContext*, const v1::GetCaseRequest*, v1::Case*) override;
  grpc::ServerUnaryReactor* ListCases(grpc::CallbackServerContext*, const v1::ListCasesRequest*,
                                      v1::ListCasesResponse*) override;
  grpc::ServerUnaryReactor* CloseCase(grpc::CallbackServerContext*, const v1::CloseCaseRequest*, v1::Case*) override;
};

class CaseRequestService final : public BoundedService<CaseRequestService, v1::CaseRequestService> {
 public:
  explicit CaseRequestService(Runner& runner) : BoundedService(runner) {
    Bind("PlanCaseRequest", &CaseRequestService::PlanCaseRequest);
    Bind("SubmitCaseRequest", &CaseRequestService::SubmitCaseRequest);
    Bind("SubmitCaseAnswer", &CaseRequestService::SubmitCaseAnswer);
    Bind("AskApproval", &CaseRequestService::AskApproval);
    Bind("GiveApproval", &CaseRequestService::GiveApproval);
    Bind("GetCaseRequest", &CaseRequestService::GetCaseRequest);
    Bind("ListCaseRequests", &CaseRequestService::ListCaseRequests);
  }
  grpc::ServerUnaryReactor* PlanCaseRequest(grpc::CallbackServerContext*, const v1::PlanCaseRequestRequest*,
                                            v1::PlanCaseRequestResponse*) override;
  grpc::ServerUnaryReactor* SubmitCaseRequest(grpc::CallbackServerContext*, const v1::SubmitCaseRequestRequest*,
                                              v1::SubmitCaseRequestResponse*) override;
  grpc::ServerUnaryReactor* SubmitCaseAnswer(grpc::CallbackServerContext*, const v1::SubmitCaseAnswerRequest*,
                                             v1::SubmitCaseAnswerResponse*) override;
  grpc::ServerUnaryReactor* AskApproval(grpc::CallbackServerContext*, const v1::AskApprovalRequest*,
                                        v1::AskApprovalResponse*) override;
  grpc::ServerUnaryReactor* GiveApproval(grpc::CallbackServerContext*, const v1::GiveApprovalRequest*,
                                         v1::GiveApprovalResponse*) override;
  grpc::ServerUnaryReactor* GetCaseRequest(grpc::CallbackServerContext*, const v1::GetCaseRequestRequest*,
                                           v1::CaseRequest*) override;
  grpc::ServerUnaryReactor* ListCaseRequests(grpc::CallbackServerContext*, const v1::ListCaseRequestsRequest*,
                                             v1::ListCaseRequestsResponse*) override;
};

class MailboxService final : public BoundedService<MailboxService, v1::MailboxService> {
 public:
  explicit MailboxService(Runner& runner) : BoundedService(runner) {
    Bind("Collect", &MailboxService::Collect);
    Bind("Acknowledge", &MailboxService::Acknowledge);
  }
  grpc::ServerUnaryReactor* Collect(grpc::CallbackServerContext*, const v1::CollectRequest*,
                                    v1::CollectResponse*) override;
  grpc::ServerUnaryReactor* Acknowledge(grpc::CallbackServerContext*, const v1::AcknowledgeRequest*,
                                        v1::AcknowledgeResponse*) override;
};

class LedgerService final : public BoundedService<LedgerService, v1::LedgerService> {
 public:
  LedgerService(Runner& runner, std::string vkey) : BoundedService(runner), vkey_(std::move(vkey)) {
    Bind("GetCheckpoint", &LedgerService::GetCheckpoint);
    Bind("GetInclusionProof", &LedgerService::GetInclusionProof);
    Bind("GetConsistencyProof", &LedgerService::GetConsistencyProof);
    Bind("ListLeaves", &LedgerService::ListLeaves);
    Bind("GetLedgerEntry", &LedgerService::GetLedgerEntry);
    Bind("SearchLedgerEntries", &LedgerService::SearchLedgerEntries);
  }
  grpc::ServerUnaryReactor* GetCheckpoint(grpc::CallbackServerContext*, const v1::GetCheckpointRequest*,
                                          v1::GetCheckpointResponse*) override;
  grpc::ServerUnaryReactor* GetInclusionProof(grpc::CallbackServerContext*, const v1::GetInclusionProofRequest*,
                                              v1::GetInclusionProofResponse*) override;
  grpc::ServerUnaryReactor* GetConsistencyProof(grpc::CallbackServerContext*, const v1::GetConsistencyProofRequest*,
                                                v1::GetConsistencyProofResponse*) override;
  grpc::ServerUnaryReactor* ListLeaves(grpc::CallbackServerContext*, const v1::ListLeavesRequest*,
                                       v1::ListLeavesResponse*) override;
  grpc::ServerUnaryReactor* GetLedgerEntry(grpc::CallbackServerContext*, const v1::GetLedgerEntryRequest*,
                                           v1::LedgerEntry*) override;
  grpc::ServerUnaryReactor* SearchLedgerEntries(grpc::CallbackServerContext*, const v1::SearchLedgerEntriesRequest*,
                                                v1::SearchLedgerEntriesResponse*) override;

 private:
  const std::string vkey_;
};

// Its calls go on while the ledger may not be written: they say whether it may.
class WitnessService final : public BoundedService<WitnessService, v1::WitnessService> {
 public:
  WitnessService(Runner& runner, Witnesses witnesses) : BoundedService(runner), witnesses_(std::move(witnesses)) {
    Bind("NextCheckpoint", &WitnessService::NextCheckpoint);
    Bind("AddCosignature", &WitnessService::AddCosignature);
    Bind("ListOwnEntries", &WitnessService::ListOwnEntries);
    Bind("GetQuorum", &WitnessService::GetQuorum);
  }
  grpc::ServerUnaryReactor* NextCheckpoint(grpc::CallbackServerContext*, const v1::NextCheckpointRequest*,
                                           v1::NextCheckpointResponse*) override;
  grpc::ServerUnaryReactor* AddCosignature(grpc::CallbackServerContext*, const v1::AddCosignatureRequest*,
                                           v1::AddCosignatureResponse*) override;
  grpc::ServerUnaryReactor* ListOwnEntries(grpc::CallbackServerContext*, const v1::ListOwnEntriesRequest*,
                                           v1::ListOwnEntriesResponse*) override;
  grpc::ServerUnaryReactor* GetQuorum(grpc::CallbackServerContext*, const v1::GetQuorumRequest*,
                                      v1::GetQuorumResponse*) override;

 private:
  const Witnesses witnesses_;
};

class KeyService final : public BoundedService<KeyService, v1::KeyService> {
 public:
  explicit KeyService(Runner& runner) : BoundedService(runner) {
    Bind("PublishKeyEvent", &KeyService::PublishKeyEvent);
    Bind("GetAgencyKeys", &KeyService::GetAgencyKeys);
  }
  grpc::ServerUnaryReactor* PublishKeyEvent(grpc::CallbackServerContext*, const v1::PublishKeyEventRequest*,
                                            v1::PublishKeyEventResponse*) override;
  grpc::ServerUnaryReactor* GetAgencyKeys(grpc::CallbackServerContext*, const v1::GetAgencyKeysRequest*,
                                          v1::AgencyKeys*) override;
};

class RegisterService final : public BoundedService<RegisterService, v1::RegisterService> {
 public:
  explicit RegisterService(Runner& runner) : BoundedService(runner) {
    Bind("ApplyDirectory", &RegisterService::ApplyDirectory);
    Bind("ApplyRestriction", &RegisterService::ApplyRestriction);
    Bind("ListDirectories", &RegisterService::ListDirectories);
  }
  grpc::ServerUnaryReactor* ApplyDirectory(grpc::CallbackServerContext*, const v1::ApplyDirectoryRequest*,
                                           v1::ApplyDirectoryResponse*) override;
  grpc::ServerUnaryReactor* ApplyRestriction(grpc::CallbackServerContext*, const v1::ApplyRestrictionRequest*,
                                             v1::ApplyRestrictionResponse*) override;
  grpc::ServerUnaryReactor* ListDirectories(grpc::CallbackServerContext*, const v1::ListDirectoriesRequest*,
                                            v1::ListDirectoriesResponse*) override;
};

class ErasureService final : public BoundedService<ErasureService, v1::ErasureService> {
 public:
  explicit ErasureService(Runner& runner) : BoundedService(runner) {
    Bind("ApplyHold", &ErasureService::ApplyHold);
    Bind("RequestErasure", &ErasureService::RequestErasure);
    Bind("ApproveErasure", &ErasureService::ApproveErasure);
    Bind("ListErasures", &ErasureService::ListErasures);
    Bind("AttestErasure", &ErasureService::AttestErasure);
  }
  grpc::ServerUnaryReactor* ApplyHold(grpc::CallbackServerContext*, const v1::ApplyHoldRequest*,
                                      v1::ApplyHoldResponse*) override;
  grpc::ServerUnaryReactor* RequestErasure(grpc::CallbackServerContext*, const v1::RequestErasureRequest*,
                                           v1::Erasure*) override;
  grpc::ServerUnaryReactor* ApproveErasure(grpc::CallbackServerContext*, const v1::ApproveErasureRequest*,
                                           v1::Erasure*) override;
  grpc::ServerUnaryReactor* ListErasures(grpc::CallbackServerContext*, const v1::ListErasuresRequest*,
                                         v1::ListErasuresResponse*) override;
  grpc::ServerUnaryReactor* AttestErasure(grpc::CallbackServerContext*, const v1::AttestErasureRequest*,
                                          v1::AttestErasureResponse*) override;
};

class RightsService final : public BoundedService<RightsService, v1::RightsService> {
 public:
  explicit RightsService(Runner& runner) : BoundedService(runner) {
    Bind("NotifyRights", &RightsService::NotifyRights);
    Bind("AnswerRights", &RightsService::AnswerRights);
  }
  grpc::ServerUnaryReactor* NotifyRights(grpc::CallbackServerContext*, const v1::NotifyRightsRequest*,
                                         v1::NotifyRightsResponse*) override;
  grpc::ServerUnaryReactor* AnswerRights(grpc::CallbackServerContext*, const v1::AnswerRightsRequest*,
                                         v1::AnswerRightsResponse*) override;
};

class PolicyService final : public BoundedService<PolicyService, v1::PolicyService> {
 public:
  explicit PolicyService(Runner& runner) : BoundedService(runner) {
    Bind("GetActivePolicy", &PolicyService::GetActivePolicy);
    Bind("GetPolicyBundle", &PolicyService::GetPolicyBundle);
  }
  grpc::ServerUnaryReactor* GetActivePolicy(grpc::CallbackServerContext*, const v1::GetActivePolicyRequest*,
                                            v1::GetActivePolicyResponse*) override;
  grpc::ServerUnaryReactor* GetPolicyBundle(grpc::CallbackServerContext*, const v1::GetPolicyBundleRequest*,
                                            v1::GetPolicyBundleResponse*) override;
};

class PolicyChangeService final : public BoundedService<PolicyChangeService, v1::PolicyChangeService> {
 public:
  explicit PolicyChangeService(Runner& runner) : BoundedService(runner) {
    Bind("ProposePolicy", &PolicyChangeService::ProposePolicy);
    Bind("ActivatePolicy", &PolicyChangeService::ActivatePolicy);
    Bind("ListPolicyRevisions", &PolicyChangeService::ListPolicyRevisions);
    Bind("ShadowPolicy", &PolicyChangeService::ShadowPolicy);
  }
  grpc::ServerUnaryReactor* ProposePolicy(grpc::CallbackServerContext*, const v1::ProposePolicyRequest*,
                                          v1::PolicyChange*) override;
  grpc::ServerUnaryReactor* ActivatePolicy(grpc::CallbackServerContext*, const v1::ActivatePolicyRequest*,
                                           v1::PolicyChange*) override;
  grpc::ServerUnaryReactor* ListPolicyRevisions(grpc::CallbackServerContext*, const v1::ListPolicyRevisionsRequest*,
                                                v1::ListPolicyRevisionsResponse*) override;
  grpc::ServerUnaryReactor* ShadowPolicy(grpc::CallbackServerContext*, const v1::ShadowPolicyRequest*,
                                         v1::ShadowPolicyResponse*) override;
};

// Health by dependency: empty or `derwent` the server, `store`, `ledger`, `policy`, `witnesses` (not when entries have
// been without their quorum for a tenth of the limit). NOT_SERVING while draining. Watch is refused: a long stream
// would outlive its caller's checks.
class HealthService final : public BoundedService<HealthService, grpc::health::v1::Health> {
 public:
  // `restart` outlives it: while nothing may be written the ledger is not served.
  HealthService(Runner& runner, const witness::Restart& restart) : BoundedService(runner), restart_(restart) {
    Bind("Check", &HealthService::Check);
  }
  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext*, const grpc::health::v1::HealthCheckRequest*,
                                  grpc::health::v1::HealthCheckResponse*) override;
  void SetDraining() { draining_ = true; }
  void SetLedgerGood(bool good) { ledger_good_ = good; }

 private:
  const witness::Restart& restart_;
  std::atomic<bool> draining_ = false;
  std::atomic<bool> ledger_good_ = true;
};

}  // namespace derwent::rpc
