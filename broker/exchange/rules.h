#pragma once

#include "absl/status/status.h"

#include "broker/exchange/batch.h"
#include "broker/exchange/decide.h"
#include "broker/exchange/erasure_check.h"
#include "broker/exchange/package_check.h"
#include "derwent/v1/case.pb.h"
#include "derwent/v1/case_request.pb.h"
#include "derwent/v1/erasure_service.pb.h"
#include "derwent/v1/key_service.pb.h"
#include "derwent/v1/mailbox.pb.h"
#include "derwent/v1/referral.pb.h"
#include "derwent/v1/register_service.pb.h"

// The rules of the exchange, one function a command. Each reads and writes through the batch and fills the response; a
// receipt in a response carries its index only, the proof is added after the commit. A refusal by policy is a response;
// a Status says why nothing could be decided (refusal.h), and its owner undoes what the command wrote.

namespace derwent::exchange {

absl::Status PlanReferral(const Caller& caller, const v1::PlanReferralRequest& request,
                          v1::PlanReferralResponse& response, Batch& batch);
absl::Status SubmitReferral(const Caller& caller, const v1::SubmitReferralRequest& request, const CheckedShare& share,
                            v1::SubmitReferralResponse& response, Batch& batch);
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
absl::Status OpenCase(const Caller& caller, const v1::OpenCaseRequest& request, v1::Case& response, Batch& batch);
absl::Status ChangeCaseMember(const Caller& caller, const v1::ChangeCaseMemberRequest& request, v1::Case& response,
                              Batch& batch);
absl::Status CloseCase(const Caller& caller, const v1::CloseCaseRequest& request, v1::Case& response, Batch& batch);
absl::Status PublishKeyEvent(const Caller& caller, const v1::PublishKeyEventRequest& request,
                             v1::PublishKeyEventResponse& response, Batch& batch);
absl::Status ApplyDirectory(const Caller& caller, const v1::ApplyDirectoryRequest& request,
                            v1::ApplyDirectoryResponse& response, Batch& batch);
absl::Status ApplyRestriction(const Caller& caller, const v1::ApplyRestrictionRequest& request,
                              v1::ApplyRestrictionResponse& response, Batch& batch);

// A hold is placed or ended, under a person's own signature.
absl::Status ApplyHold(const Caller& caller, const CheckedHold& hold, v1::ApplyHoldResponse& response, Batch& batch);
// An erasure is asked for by the data owner's officer; and done once somebody of the other side agrees.
absl::Status RequestErasure(const Caller& caller, const CheckedErasure& asked, v1::Erasure& response, Batch& batch);
absl::Status ApproveErasure(const Caller& caller, const CheckedErasure& agreed, v1::Erasure& response, Batch& batch);
absl::Status AttestErasure(const Caller& caller, const v1::AttestErasureRequest& request,
                           v1::AttestErasureResponse& response, Batch& batch);
// Erases whole what the retention of its profile no longer covers: each retention walks over at most 256 entries a
// call, and `more_due` says that one has not come to its end.
absl::Status EraseDue(Batch& batch);
// Enters which parties have not attested an erasure in time, at most 64 a call.
absl::Status ChaseErasures(Batch& batch);

// Expires what was not collected or answered and escalates what is overdue, at most 64 parts a call; also counts
// refusals down and chases reviews and erasures. Each second; writes only when something is due.
absl::Status Sweep(Batch& batch);
// Forgets what is remembered only for a time and erases what is due. Each minute, so that an idle broker commits
// nothing in between, and again at once while `more_due`.
absl::Status Tidy(Batch& batch);
// Enters that the world's policy came into force, once a digest.
absl::Status EnterPolicy(Batch& batch);
// Likewise, of a policy that this command brings into force.
absl::Status EnterInForce(const policy::Bundle& bundle, Batch& batch);
// The body of that entry.
std::string PolicyInForce(const policy::Bundle& bundle);
// The newest such body; empty: none was entered yet. Errors: of the store.
absl::StatusOr<std::string> PolicyEntered(store::Reader& reader);
// Enters a refused call: the first of a caller, method and reason at once, its repeats within the minute as one more
// with their count.
absl::Status EnterRefusedCall(const Caller& caller, absl::string_view method, absl::string_view reason, Batch& batch);

// Shared by the rules.
struct StoredPart {
  store::ShareRow share;
  store::PartRow part;
  v1::Manifest manifest;
  v1::SenderStatement statement;
  v1::Manifest selector;  // Of a request its own manifest, of an answer that of the request it replies to.
  Approved approved;      // What its units rest on.

  bool replies() const { return !share.reply_to_share_id.empty(); }
};
// A part with its manifest. Errors: kNotFound.
absl::StatusOr<StoredPart> LoadPart(const store::PartKey& key, Batch& batch);
// What the broker decides about a part under the world as it is: of a request and its answers, what was asked.
absl::StatusOr<std::vector<DecidedSubject>> DecideStored(const StoredPart& stored, Batch& batch);
// Enters one step for every subject of a part. Returns the indexes. `code`: what the step itself says, for instance a
// notice's kind, in place of the decision. `overridden`: what stood against the step and was overridden.
absl::StatusOr<std::vector<uint64_t>> EnterStep(absl::string_view step, By by, const StoredPart& stored,
                                                const Objections& refused, Batch& batch, absl::string_view code = "",
                                                absl::string_view overridden = "");
// Puts a notice of the broker into an agency's mailbox.
absl::Status DeliverNotice(const std::string& agency, v1::BrokerNoticeKind kind, const StoredPart& stored,
                           const std::string& reason, const std::string& role, const std::vector<uint64_t>& entries,
                           Batch& batch);

inline constexpr int32_t kPackageDelivery = 1;
inline constexpr int32_t kMessageDelivery = 2;
inline constexpr int32_t kNoticeDelivery = 3;
inline constexpr int32_t kApprovalDelivery = 4;

}  // namespace derwent::exchange
