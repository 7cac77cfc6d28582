#include "agents/daemon/asking/asker.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "agents/daemon/context/entitlement.h"
#include "agents/daemon/context/fault.h"
#include "agents/daemon/context/sealing.h"
#include "agents/sdk/channel/rpc_error.h"
#include "agents/sdk/inquiry.h"
#include "agents/sdk/references.h"
#include "policy/loader/asked_route.h"
#include "policy/loader/emergency.h"
#include "trust/base/status_macros.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {
namespace {

// A role that may ask at all; what it may ask for is the profile's, or the route's.
bool MayRequest(const policy::Policy& policy, const std::string& role, const std::string& purpose) {
  const auto powers = policy.roles.find(role);
  if (policy::IsEmergency(purpose)) return powers != policy.roles.end() && powers->second.contains("break_glass");
  return powers != policy.roles.end() && std::ranges::any_of(powers->second, [](const std::string& power) {
           return absl::StartsWith(power, "request_");
         });
}

}  // namespace

absl::StatusOr<RequestDraft> Asker::Draft(const v1::SendCaseRequestRequest& request) {
  const auto view = context_.policy.view();
  if (view == nullptr)
    return Fault(absl::StatusCode::kFailedPrecondition, "POLICY_MISSING", "no policy was verified yet");
  std::vector<FieldProblem> problems;
  RequestDraft draft = MakeRequestDraft(request, context_.identity.agency, view->snapshot(), problems);
  if (!problems.empty())
    return Fault(absl::StatusCode::kInvalidArgument, "PAYLOAD_REJECTED", "the request breaks rules of its form",
                 problems);
  const OwnRole role{
      .role = request.role(), .board = policy::AskedBoard(request.board(), request.profile()), .area = request.area()};
  const bool holds = MayRequest(*view->bundle->policy, request.role(), request.purpose()) &&
                     HoldsToday(request.acting_person(), role, context_);
  if (!holds)
    return Fault(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED",
                 "the acting person does not hold this role for the area today, or it may not ask");
  if (!agents::MaySee(request.selector(), request.acting_person())) {
    return Fault(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED", "the acting person may not see this record");
  }
  return draft;
}

absl::StatusOr<v1::PlanCaseRequestResponse> Asker::Plan(const RequestDraft& draft,
                                                        std::shared_ptr<const PolicyCache::View>& view) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    ASSIGN_OR_RETURN(v1::PlanCaseRequestResponse plan,
                     context_.broker.PlanCaseRequest(PlanFor(draft, context_.random.NewUuid().text())));
    ASSIGN_OR_RETURN(view, parts_.upkeep.ViewAt(plan.decide_time(), plan.policy_digest()));
    if (view != nullptr) return plan;
  }
  return Fault(absl::StatusCode::kUnavailable, "POLICY_CHANGED", "the policy changes while this is planned; try again");
}

absl::StatusOr<Asker::Prepared> Asker::Prepare(const RequestDraft& asked, bool seal) {
  RequestDraft draft = asked;
  std::shared_ptr<const PolicyCache::View> view;
  ASSIGN_OR_RETURN(const v1::PlanCaseRequestResponse plan, Plan(draft, view));
  for (const v1::AgencyKeys& keys : plan.keys()) RETURN_IF_ERROR(parts_.upkeep.TakeRecipientKeys(keys));
  const absl::Time now = context_.clock.Now();
  ASSIGN_OR_RETURN(const HolderDecision decided,
                   DecideSelectors(draft, plan, view->snapshot(), now, context_.identity.contact, context_.random));
  Prepared prepared;
  const bool refused = !decided.refusal.empty();
  prepared.row = {.acting_person = draft.selector.acting_person,
                  .state = refused ? "REFUSED" : "QUEUED",
                  .reason = decided.refusal,
                  .create_time = now,
                  .emergency = policy::IsEmergency(draft.selector.purpose)};
  *prepared.outcome.mutable_decisions() = plan.decisions();
  prepared.outcome.set_state(refused ? "REFUSED" : "PLANNED");
  prepared.outcome.set_reason(decided.refusal);
  if (!refused) {
    *prepared.outcome.mutable_expire_time() = trust::ToTimestamp(decided.recipients.front().expire_time);
    if (decided.recipients.front().question->has_answer_time())
      *prepared.outcome.mutable_answer_time() = decided.recipients.front().question->answer_time();
  }
  if (!seal) return prepared;
  v1::Manifest kept;  // Of a refusal: what there is to tell.
  kept.set_profile(draft.selector.profile);
  kept.set_area(draft.selector.area);
  kept.set_case_id(draft.selector.case_id);
  kept.set_document_reference(draft.selector.document_reference);
  prepared.row.manifest = kept.SerializeAsString();
  prepared.row.request_id = context_.random.NewOrderedUuid(now).text();
  prepared.outcome.set_request_id(prepared.row.request_id);
  if (!refused) RETURN_IF_ERROR(Seal(draft, decided, *view, now, prepared));
  prepared.row.outcome = prepared.outcome.SerializeAsString();
  return prepared;
}

absl::Status Asker::Seal(const RequestDraft& draft, const HolderDecision& decided, const PolicyCache::View& view,
                         absl::Time now, Prepared& prepared) {
  ASSIGN_OR_RETURN(const Sha256Digest digest, Sha256Digest::FromBytes(view.bundle->policy_digest));
  const ReferralDraft& selector = draft.selector;
  const ShareHead head{.share_id = prepared.row.request_id,
                       .kind = v1::PACKAGE_KIND_SELECTOR,
                       .sender_agency = selector.sender_agency,
                       .acting_person = selector.acting_person,
                       .profile = selector.profile,
                       .purpose = selector.purpose,
                       .board = selector.board,
                       .area = selector.area,
                       .case_id = selector.case_id,
                       .step = selector.step,
                       .document_reference = selector.document_reference,
                       .policy_digest = digest,
                       .create_time = now};
  v1::SubmitCaseRequestRequest submit;
  submit.set_request_id(prepared.row.request_id);
  for (const PackageRecipient& holder : decided.recipients) {
    ASSIGN_OR_RETURN(*submit.add_submissions(), SealFor(head, holder, context_));
    prepared.manifests.emplace_back(holder.agency,
                                    submit.submissions(submit.submissions_size() - 1).package().manifest().payload());
  }
  prepared.row.manifest = prepared.manifests.front().second;
  const auto key = context_.identity.reference_keys.find(view.bundle->policy->profiles.at(selector.profile).enclave);
  if (key != context_.identity.reference_keys.end()) {
    v1::SubjectReferences& references = *submit.add_references();
    references.set_subject(1);
    for (std::string& reference : ReferencesOf(selector.subjects.front().record, key->second))
      references.add_references(std::move(reference));
  }
  prepared.row.submit = submit.SerializeAsString();
  return absl::OkStatus();
}

absl::StatusOr<v1::SendCaseRequestResponse> Asker::SendOnce(Prepared prepared, const std::string& reference,
                                                            const std::string& digest) {
  prepared.row.request_ref = reference;
  prepared.row.request_digest = digest;
  RETURN_IF_ERROR(context_.state.Together([&](Changes& changes) -> absl::Status {
    RETURN_IF_ERROR(changes.SaveAsked(prepared.row, prepared.manifests));
    for (const auto& [holder, manifest] : prepared.manifests)
      RETURN_IF_ERROR(KeepSent(prepared.row.request_id, holder, manifest, changes));
    return changes.LogAccess(prepared.row.acting_person, prepared.row.request_id, "ask");
  }));
  if (prepared.row.state == "QUEUED") {
    const absl::Status sent = Submit(prepared.row.request_id);
    if (!sent.ok() && !WorthRetrying(sent)) return sent;
    if (!sent.ok()) context_.log.Failure("a request stays queued", sent, {{"share", prepared.row.request_id}});
  }
  ASSIGN_OR_RETURN(const std::optional<AskedRow> row, parts_.requests.FindAsked(prepared.row.request_id));
  v1::SendCaseRequestResponse outcome;
  if (!row.has_value() || !outcome.ParseFromString(row->outcome))
    return absl::DataLossError("a kept outcome does not parse");
  outcome.set_state(row->state);
  outcome.set_reason(row->reason);
  return outcome;
}

absl::StatusOr<v1::SendCaseRequestResponse> Asker::SendDeclared(const v1::SendCaseRequestRequest& request,
                                                                const Declaration& declaration) {
  ASSIGN_OR_RETURN(RequestDraft draft, Draft(request));
  if (!declaration.document_reference.empty()) draft.selector.document_reference = declaration.document_reference;
  draft.expire_by = declaration.expire_by;
  if (request.validate_only()) {
    ASSIGN_OR_RETURN(Prepared preview, Prepare(draft, /*seal=*/false));
    return std::move(preview.outcome);
  }
  const std::string digest = trust::Sha256(request.SerializeAsString()).bytes();
  const KeyedLock::Hold hold(sending_, request.request_ref());
  ASSIGN_OR_RETURN(const std::optional<AskedRow> known, parts_.requests.FindReference(request.request_ref()));
  if (known.has_value()) {
    if (known->request_digest != digest)
      return Fault(absl::StatusCode::kAborted, "REQUEST_ID_REUSED", "the reference was used for another request");
    v1::SendCaseRequestResponse outcome;
    if (!outcome.ParseFromString(known->outcome)) return absl::DataLossError("a kept outcome does not parse");
    outcome.set_state(known->state);
    outcome.set_reason(known->reason);
    RETURN_IF_ERROR(context_.state.LogAccess(request.acting_person(), known->request_id, "ask"));
    return outcome;
  }
  ASSIGN_OR_RETURN(Prepared prepared, Prepare(draft, /*seal=*/true));
  ASSIGN_OR_RETURN(v1::SendCaseRequestResponse outcome, SendOnce(std::move(prepared), request.request_ref(), digest));
  if (outcome.state() != "REFUSED" || !TookNoEffect(outcome.reason())) return outcome;
  // Policy or a holder's key changed between plan and submit: nothing of it was stored; once more under the new one.
  RETURN_IF_ERROR(parts_.requests.ReleaseReference(outcome.request_id()));
  ASSIGN_OR_RETURN(Prepared again, Prepare(draft, /*seal=*/true));
  return SendOnce(std::move(again), request.request_ref(), digest);
}

absl::StatusOr<Evidence::Verified> Asker::VerifyReceipts(const v1::SubmitCaseRequestRequest& request,
                                                         const v1::SubmitCaseRequestResponse& response) {
  if (response.receipts_size() != request.submissions_size()) {
    RETURN_IF_ERROR(parts_.postman.QueueComplaints(request.submissions(), v1::NOTICE_KIND_RECEIPT_MISSING));
    return absl::DataLossError("RECEIPT_MISSING: the broker answered without a receipt of each holder");
  }
  std::vector<Evidence::Shown> shown;
  for (int i = 0; i < request.submissions_size(); ++i) {
    const v1::DsseEnvelope& envelope = request.submissions(i).package().manifest();
    ASSIGN_OR_RETURN(const v1::Manifest manifest, PeekManifest(request.submissions(i).package()));
    shown.push_back(
        {.receipt = response.receipts(i), .expected = ExpectedOf(manifest, trust::Sha256(envelope.payload()))});
  }
  absl::StatusOr<Evidence::Verified> verified = parts_.evidence.Verify(shown);
  if (IsFaultOfReceipts(verified.status()))
    RETURN_IF_ERROR(parts_.postman.QueueComplaints(request.submissions(), v1::NOTICE_KIND_RECEIPT_INVALID));
  return verified;
}

absl::Status Asker::Submit(const std::string& request_id) {
  const KeyedLock::Hold hold(submitting_, request_id);
  ASSIGN_OR_RETURN(const std::optional<AskedRow> row, parts_.requests.FindAsked(request_id));
  if (!row.has_value() || row->state != "QUEUED") return absl::OkStatus();
  v1::Manifest selector;
  if (!selector.ParseFromString(row->manifest)) return absl::DataLossError("a kept manifest does not parse");
  RETURN_IF_ERROR(context_.WitnessedOrEmergency(selector.purpose(), request_id));
  v1::SubmitCaseRequestRequest request;
  v1::SendCaseRequestResponse outcome;
  if (!request.ParseFromString(row->submit) || !outcome.ParseFromString(row->outcome))
    return absl::DataLossError("a kept request does not parse");
  const absl::StatusOr<v1::SubmitCaseRequestResponse> response = context_.broker.SubmitCaseRequest(request);
  if (!response.ok()) {
    const std::string reason = ReasonOf(response.status());
    const bool quota = reason == "QUOTA_EXCEEDED";
    if (WorthRetrying(response.status()) && !quota) return response.status();
    context_.Alarm(quota ? reason : "REQUEST_NOT_TAKEN", request_id, "");
    context_.log.Failure("the broker does not take a request", response.status(),
                         {{"share", request_id}, {"reason", reason}});
    RETURN_IF_ERROR(
        parts_.requests.SettleAsked(request_id, "REFUSED", reason.empty() ? "PAYLOAD_REJECTED" : reason, row->outcome));
    return TookNoEffect(reason) ? absl::OkStatus() : response.status();
  }
  ASSIGN_OR_RETURN(const Evidence::Verified receipts, VerifyReceipts(request, *response));
  const bool stored = response->outcome() == v1::SUBMIT_OUTCOME_STORED;
  const std::string state = stored ? "STORED" : "REFUSED";
  *outcome.mutable_receipts() = response->receipts();
  if (!response->decisions().empty()) *outcome.mutable_decisions() = response->decisions();
  RETURN_IF_ERROR(context_.state.Together([&](Changes& changes) -> absl::Status {
    RETURN_IF_ERROR(parts_.evidence.Keep(receipts, changes));
    return changes.SettleAsked(request_id, state, response->reason(), outcome.SerializeAsString());
  }));
  context_.log.Write("info", "a request was answered by the broker",
                     {{"share", request_id}, {"status", state}, {"reason", response->reason()}});
  return absl::OkStatus();
}

absl::Status Asker::Drain() {
  const bool stopped = !context_.RequireWitnessed().ok();
  ASSIGN_OR_RETURN(const std::vector<AskedRow> queued, parts_.requests.QueuedRequests());
  for (const AskedRow& row : queued) {
    if (stopped && !row.emergency) continue;  // It waits until releases go on.
    const absl::Status sent = Submit(row.request_id);
    if (WorthRetrying(sent)) return sent;
    if (!sent.ok()) context_.log.Failure("a request was not taken", sent, {{"share", row.request_id}});
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::CancelCaseRequestResponse> Asker::Cancel(const AskedRow& row, const std::string& reason) {
  if (row.state != "STORED")
    return Fault(absl::StatusCode::kFailedPrecondition, "STATE_NOT_ALLOWED", "only a stored request can be cancelled");
  v1::SendCaseRequestResponse outcome;
  if (!outcome.ParseFromString(row.outcome)) return absl::DataLossError("a kept outcome does not parse");
  std::set<std::string> holders;
  for (const v1::AskerDecision& decision : outcome.decisions()) {
    holders.insert(decision.holder_agency());
    RETURN_IF_ERROR(
        parts_.postman.QueueWithdrawal({row.request_id}, decision.holder_agency(), reason.empty() ? "OTHER" : reason));
  }
  RETURN_IF_ERROR(parts_.requests.SettleAsked(row.request_id, "CANCELLED", "", row.outcome));
  RETURN_IF_ERROR(parts_.postman.Drain(row.request_id).status());
  ASSIGN_OR_RETURN(const std::vector<std::string> told, parts_.postman.ToldOf(row.request_id, holders));
  v1::CancelCaseRequestResponse response;
  response.mutable_told_agencies()->Assign(told.begin(), told.end());
  return response;
}

}  // namespace derwent::agents
