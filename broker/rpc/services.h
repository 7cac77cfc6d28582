#pragma once

#include <atomic>

#include "broker/rpc/arena_messages.h"
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

class ReferralService final : public v1::ReferralService::CallbackService {
 public:
  explicit ReferralService(Runner& runner) : runner_(runner) { SetMessageAllocatorFor_SubmitReferral(&submits_); }
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

 private:
  Runner& runner_;
  ArenaMessages<v1::SubmitReferralRequest, v1::SubmitReferralResponse> submits_;
};

class CaseService final : public v1::CaseService::CallbackService {
 public:
  explicit CaseService(Runner& runner) : runner_(runner) {}
  grpc::ServerUnaryReactor* OpenCase(grpc::CallbackServerContext*, const v1::OpenCaseRequest*, v1::Case*) override;
  grpc::ServerUnaryReactor* ChangeCaseMember(grpc::CallbackServerContext*, const v1::ChangeCaseMemberRequest*,
                                             v1::Case*) override;
  grpc::ServerUnaryReactor* GetCase(grpc::CallbackServerContext*, const v1::GetCaseRequest*, v1::Case*) override;
  grpc::ServerUnaryReactor* ListCases(grpc::CallbackServerContext*, const v1::ListCasesRequest*,
                                      v1::ListCasesResponse*) override;
  grpc::ServerUnaryReactor* CloseCase(grpc::CallbackServerContext*, const v1::CloseCaseRequest*, v1::Case*) override;

 private:
  Runner& runner_;
};

class CaseRequestService final : public v1::CaseRequestService::CallbackService {
 public:
  explicit CaseRequestService(Runner& runner) : runner_(runner) {}
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

 private:
  Runner& runner_;
};

class MailboxService final : public v1::MailboxService::CallbackService {
 public:
  explicit MailboxService(Runner& runner) : runner_(runner) {}
  grpc::ServerUnaryReactor* Collect(grpc::CallbackServerContext*, const v1::CollectRequest*,
                                    v1::CollectResponse*) override;
  grpc::ServerUnaryReactor* Acknowledge(grpc::CallbackServerContext*, const v1::AcknowledgeRequest*,
                                        v1::AcknowledgeResponse*) override;

 private:
  Runner& runner_;
};

class LedgerService final : public v1::LedgerService::CallbackService {
 public:
  LedgerService(Runner& runner, std::string vkey) : runner_(runner), vkey_(std::move(vkey)) {}
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
  Runner& runner_;
  const std::string vkey_;
};

// Its calls go on while the ledger may not be written: they say whether it may.
class WitnessService final : public v1::WitnessService::CallbackService {
 public:
  WitnessService(Runner& runner, Witnesses witnesses) : runner_(runner), witnesses_(std::move(witnesses)) {}
  grpc::ServerUnaryReactor* NextCheckpoint(grpc::CallbackServerContext*, const v1::NextCheckpointRequest*,
                                           v1::NextCheckpointResponse*) override;
  grpc::ServerUnaryReactor* AddCosignature(grpc::CallbackServerContext*, const v1::AddCosignatureRequest*,
                                           v1::AddCosignatureResponse*) override;
  grpc::ServerUnaryReactor* ListOwnEntries(grpc::CallbackServerContext*, const v1::ListOwnEntriesRequest*,
                                           v1::ListOwnEntriesResponse*) override;
  grpc::ServerUnaryReactor* GetQuorum(grpc::CallbackServerContext*, const v1::GetQuorumRequest*,
                                      v1::GetQuorumResponse*) override;

 private:
  Runner& runner_;
  const Witnesses witnesses_;
};

class KeyService final : public v1::KeyService::CallbackService {
 public:
  explicit KeyService(Runner& runner) : runner_(runner) {}
  grpc::ServerUnaryReactor* PublishKeyEvent(grpc::CallbackServerContext*, const v1::PublishKeyEventRequest*,
                                            v1::PublishKeyEventResponse*) override;
  grpc::ServerUnaryReactor* GetAgencyKeys(grpc::CallbackServerContext*, const v1::GetAgencyKeysRequest*,
                                          v1::AgencyKeys*) override;

 private:
  Runner& runner_;
};

class RegisterService final : public v1::RegisterService::CallbackService {
 public:
  explicit RegisterService(Runner& runner) : runner_(runner) {}
  grpc::ServerUnaryReactor* ApplyDirectory(grpc::CallbackServerContext*, const v1::ApplyDirectoryRequest*,
                                           v1::ApplyDirectoryResponse*) override;
  grpc::ServerUnaryReactor* ApplyRestriction(grpc::CallbackServerContext*, const v1::ApplyRestrictionRequest*,
                                             v1::ApplyRestrictionResponse*) override;
  grpc::ServerUnaryReactor* ListDirectories(grpc::CallbackServerContext*, const v1::ListDirectoriesRequest*,
                                            v1::ListDirectoriesResponse*) override;

 private:
  Runner& runner_;
};

class ErasureService final : public v1::ErasureService::CallbackService {
 public:
  explicit ErasureService(Runner& runner) : runner_(runner) {}
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

 private:
  Runner& runner_;
};

class RightsService final : public v1::RightsService::CallbackService {
 public:
  explicit RightsService(Runner& runner) : runner_(runner) {}
  grpc::ServerUnaryReactor* NotifyRights(grpc::CallbackServerContext*, const v1::NotifyRightsRequest*,
                                         v1::NotifyRightsResponse*) override;
  grpc::ServerUnaryReactor* AnswerRights(grpc::CallbackServerContext*, const v1::AnswerRightsRequest*,
                                         v1::AnswerRightsResponse*) override;

 private:
  Runner& runner_;
};

class PolicyService final : public v1::PolicyService::CallbackService {
 public:
  explicit PolicyService(Runner& runner) : runner_(runner) {}
  grpc::ServerUnaryReactor* GetActivePolicy(grpc::CallbackServerContext*, const v1::GetActivePolicyRequest*,
                                            v1::GetActivePolicyResponse*) override;
  grpc::ServerUnaryReactor* GetPolicyBundle(grpc::CallbackServerContext*, const v1::GetPolicyBundleRequest*,
                                            v1::GetPolicyBundleResponse*) override;

 private:
  Runner& runner_;
};

class PolicyChangeService final : public v1::PolicyChangeService::CallbackService {
 public:
  explicit PolicyChangeService(Runner& runner) : runner_(runner) {}
  grpc::ServerUnaryReactor* ProposePolicy(grpc::CallbackServerContext*, const v1::ProposePolicyRequest*,
                                          v1::PolicyChange*) override;
  grpc::ServerUnaryReactor* ActivatePolicy(grpc::CallbackServerContext*, const v1::ActivatePolicyRequest*,
                                           v1::PolicyChange*) override;
  grpc::ServerUnaryReactor* ListPolicyRevisions(grpc::CallbackServerContext*, const v1::ListPolicyRevisionsRequest*,
                                                v1::ListPolicyRevisionsResponse*) override;
  grpc::ServerUnaryReactor* ShadowPolicy(grpc::CallbackServerContext*, const v1::ShadowPolicyRequest*,
                                         v1::ShadowPolicyResponse*) override;

 private:
  Runner& runner_;
};

// Health by dependency: empty or `derwent` the server, `store`, `ledger`, `policy`, `witnesses` (not when entries have
// been without their quorum for a tenth of the limit). NOT_SERVING while draining. Watch is refused: a long stream
// would outlive its caller's checks.
class HealthService final : public grpc::health::v1::Health::CallbackService {
 public:
  // `restart` outlives it: while nothing may be written the ledger is not served.
  HealthService(Runner& runner, const witness::Restart& restart) : runner_(runner), restart_(restart) {}
  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext*, const grpc::health::v1::HealthCheckRequest*,
                                  grpc::health::v1::HealthCheckResponse*) override;
  void SetDraining() { draining_ = true; }
  void SetLedgerGood(bool good) { ledger_good_ = good; }

 private:
  Runner& runner_;
  const witness::Restart& restart_;
  std::atomic<bool> draining_ = false;
  std::atomic<bool> ledger_good_ = true;
};

}  // namespace derwent::rpc
