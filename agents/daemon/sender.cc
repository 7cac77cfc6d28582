#include "agents/daemon/sender.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "agents/daemon/fault.h"
#include "agents/daemon/sealing.h"
#include "agents/sdk/channel/rpc_error.h"
#include "agents/sdk/companion.h"
#include "agents/sdk/envelope.h"
#include "agents/sdk/open.h"
#include "agents/sdk/package.h"
#include "agents/sdk/references.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {
namespace {

// Whether the acting person may see every subject's record (limited-access cases).
bool MaySee(const ReferralDraft& draft) {
  return std::ranges::all_of(draft.subjects, [&](const DraftSubject& subject) {
    const auto& only = subject.record.restricted_to();
    const auto& never = subject.record.excluded_from();
    const bool allowed = only.empty() || std::ranges::find(only, draft.acting_person) != only.end();
    return allowed && std::ranges::find(never, draft.acting_person) == never.end();
  });
}

}  // namespace

absl::StatusOr<std::vector<ReferralDraft>> Sender::Drafts(const v1::PushReferralRequest& request) {
  const auto view = context_.policy.view();
  if (view == nullptr)
    return Fault(absl::StatusCode::kFailedPrecondition, "POLICY_MISSING", "no policy was verified yet");
  std::vector<FieldProblem> problems;
  std::vector<ReferralDraft> drafts = {
      MakeDraft(request, context_.identity.agency, view->snapshot(), context_.clock.Now(), problems)};
  if (drafts.front().acting_person.empty()) problems.push_back({"acting_person", "must name the person who acts"});
  if (!problems.empty())
    return Fault(absl::StatusCode::kInvalidArgument, "PAYLOAD_REJECTED", "the referral breaks rules of its form",
                 problems);
  if (!MaySee(drafts.front())) {
    return Fault(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED",
                 "the acting person may not see one of these records");
  }
  if (!request.has_companion_child_referral() || request.companion_child_referral()) {
    for (ReferralDraft& companion : CompanionsOf(drafts.front(), view->snapshot(), LondonDay(context_.clock.Now())))
      drafts.push_back(std::move(companion));
  }
  return drafts;
}

absl::StatusOr<v1::PlanReferralResponse> Sender::Plan(const ReferralDraft& draft,
                                                      std::shared_ptr<const PolicyCache::View>& view) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    ASSIGN_OR_RETURN(v1::PlanReferralResponse plan,
                     context_.broker.Plan(PlanFor(draft, context_.random.NewUuid().text())));
    ASSIGN_OR_RETURN(view, upkeep_.ViewAt(plan.decide_time(), plan.policy_digest()));
    if (view != nullptr) return plan;
  }
  return Fault(absl::StatusCode::kUnavailable, "POLICY_CHANGED", "the policy changes while this is planned; try again");
}

absl::StatusOr<Sender::Prepared> Sender::Prepare(const ReferralDraft& draft, bool seal) {
  std::shared_ptr<const PolicyCache::View> view;
  ASSIGN_OR_RETURN(const v1::PlanReferralResponse plan, Plan(draft, view));
  for (const v1::AgencyKeys& keys : plan.keys()) RETURN_IF_ERROR(upkeep_.TakeRecipientKeys(keys));
  const absl::Time now = context_.clock.Now();
  ASSIGN_OR_RETURN(const HolderDecision decision,
                   DecideAsHolder(draft, plan, view->snapshot(), now, context_.identity.contact, context_.random));
  Prepared prepared;
  prepared.outcome.set_profile(draft.profile);
  prepared.outcome.mutable_units()->Assign(decision.outcomes.begin(), decision.outcomes.end());
  prepared.outcome.mutable_decisions()->Assign(decision.decisions.begin(), decision.decisions.end());
  prepared.row.create_time = now;
  prepared.row.collect_deadline = now;
  prepared.row.state = decision.recipients.empty() ? "REFUSED" : "QUEUED";
  prepared.row.reason =
      decision.recipients.empty() && decision.refusal.empty() ? "APPROVAL_REQUIRED" : decision.refusal;
  if (!seal) {
    prepared.outcome.set_state(decision.recipients.empty() ? "REFUSED" : "PLANNED");
    prepared.outcome.set_reason(prepared.row.reason);
    return prepared;
  }
  prepared.row.share_id = context_.random.NewOrderedUuid(now).text();
  if (!decision.recipients.empty()) RETURN_IF_ERROR(Seal(draft, decision, *view, now, prepared.row));
  prepared.outcome.set_share_id(decision.recipients.empty() ? "" : prepared.row.share_id);
  prepared.outcome.set_state(prepared.row.state);
  prepared.outcome.set_reason(prepared.row.reason);
  prepared.row.outcome = prepared.outcome.SerializeAsString();
  return prepared;
}

absl::Status Sender::Seal(const ReferralDraft& draft, const HolderDecision& decision, const PolicyCache::View& view,
                          absl::Time now, OutboxRow& row) {
  ASSIGN_OR_RETURN(const Sha256Digest digest, Sha256Digest::FromBytes(view.bundle->policy_digest));
  const ShareHead head{.share_id = row.share_id,
                       .sender_agency = draft.sender_agency,
                       .acting_person = draft.acting_person,
                       .profile = draft.profile,
                       .purpose = draft.purpose,
                       .board = draft.board,
                       .area = draft.area,
                       .policy_digest = digest,
                       .create_time = now};
  v1::SubmitReferralRequest submit;
  submit.set_request_id(row.share_id);
  for (const PackageRecipient& recipient : decision.recipients) {
    ASSIGN_OR_RETURN(*submit.add_submissions(), SealFor(head, recipient, context_));
    row.collect_deadline = std::max(row.collect_deadline, recipient.expire_time);
  }
  const auto key = context_.identity.reference_keys.find(view.bundle->policy->profiles.at(draft.profile).enclave);
  for (const DraftSubject& subject : draft.subjects) {
    if (key == context_.identity.reference_keys.end()) break;
    v1::SubjectReferences& references = *submit.add_references();
    references.set_subject(subject.number);
    for (std::string& reference : ReferencesOf(subject.record, key->second))
      references.add_references(std::move(reference));
  }
  if (submit.ByteSizeLong() > kMaxShareOctets) {
    return Fault(absl::StatusCode::kInvalidArgument, "PAYLOAD_REJECTED", "the share is over its limit",
                 {{"subjects", "must make 8 MiB at most, sealed"}});
  }
  row.submit = submit.SerializeAsString();
  return absl::OkStatus();
}

absl::StatusOr<v1::PushReferralResponse> Sender::Preview(const std::vector<ReferralDraft>& drafts) {
  v1::PushReferralResponse response;
  for (const ReferralDraft& draft : drafts) {
    ASSIGN_OR_RETURN(Prepared prepared, Prepare(draft, /*seal=*/false));
    *response.add_shares() = std::move(prepared.outcome);
  }
  return response;
}

absl::StatusOr<v1::PushReferralResponse> Sender::Push(const v1::PushReferralRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<ReferralDraft> drafts, Drafts(request));
  if (request.validate_only()) return Preview(drafts);
  RETURN_IF_ERROR(context_.RequireWitnessed());
  const std::string digest = trust::Sha256(request.SerializeAsString()).bytes();
  const MutexLock lock(pushing_);
  ASSIGN_OR_RETURN(const std::optional<std::string> known, context_.state.FindPush(request.referral_ref()));
  if (known.has_value()) {
    if (*known != digest)
      return Fault(absl::StatusCode::kAborted, "REQUEST_ID_REUSED", "the reference was used for another referral");
    return Outcomes(request.referral_ref());
  }
  std::vector<OutboxRow> rows;
  for (const ReferralDraft& draft : drafts) {
    ASSIGN_OR_RETURN(Prepared prepared, Prepare(draft, /*seal=*/true));
    rows.push_back(std::move(prepared.row));
  }
  RETURN_IF_ERROR(context_.state.SavePush(request.referral_ref(), digest, rows));
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].state != "QUEUED") continue;
    const absl::Status sent = Submit(rows[i]);
    if (!sent.ok()) context_.log.Failure("a share stays queued", sent, {{"share", rows[i].share_id}});
    ASSIGN_OR_RETURN(const std::optional<OutboxRow> now, context_.state.FindShare(rows[i].share_id));
    if (!now.has_value() || (now->reason != "POLICY_CHANGED" && now->reason != "KEY_NOT_CERTIFIED")) continue;
    // Policy or a recipient's key changed between plan and submit: nothing of it was stored; once more under the new
    // one.
    ASSIGN_OR_RETURN(const Prepared again, Prepare(drafts[i], /*seal=*/true));
    RETURN_IF_ERROR(context_.state.ReplaceShare(rows[i].share_id, again.row));
    if (again.row.state == "QUEUED") RETURN_IF_ERROR(Submit(again.row));
  }
  return Outcomes(request.referral_ref());
}

absl::StatusOr<v1::PushReferralResponse> Sender::Outcomes(const std::string& referral_ref) {
  ASSIGN_OR_RETURN(const std::vector<OutboxRow> rows, context_.state.SharesOf(referral_ref));
  v1::PushReferralResponse response;
  for (const OutboxRow& row : rows) {
    v1::ShareOutcome& outcome = *response.add_shares();
    if (!outcome.ParseFromString(row.outcome)) return absl::DataLossError("a kept outcome does not parse");
    outcome.set_state(row.state);
    outcome.set_reason(row.reason);
  }
  return response;
}

absl::Status Sender::TakeReceipts(const v1::SubmitReferralRequest& request,
                                  const v1::SubmitReferralResponse& response) {
  std::vector<Evidence::Shown> shown;
  for (const v1::Submission& submission : request.submissions()) {
    ASSIGN_OR_RETURN(const v1::Manifest manifest, PeekManifest(submission.package()));
    for (const v1::ManifestSubject& subject : manifest.subjects()) {
      const int next = static_cast<int>(shown.size());
      if (next >= response.receipts_size()) return absl::DataLossError("RECEIPT_INVALID: a receipt is missing");
      const ExpectedEntry expected{.releasing_agency = manifest.sender_agency(),
                                   .receiving_agency = manifest.recipient_agency(),
                                   .share_id = manifest.share_id(),
                                   .profile = manifest.profile(),
                                   .purpose = manifest.purpose(),
                                   .subject = subject.number(),
                                   .manifest_digest = trust::Sha256(submission.package().manifest().payload())};
      shown.push_back({.receipt = response.receipts(next), .expected = expected});
    }
  }
  return evidence_.Take(shown);
}

absl::Status Sender::Submit(const OutboxRow& row) {
  RETURN_IF_ERROR(context_.RequireWitnessed());
  const MutexLock lock(submitting_);
  ASSIGN_OR_RETURN(const std::optional<OutboxRow> current, context_.state.FindShare(row.share_id));
  if (!current.has_value() || current->state != "QUEUED") return absl::OkStatus();
  v1::SubmitReferralRequest request;
  v1::ShareOutcome outcome;
  if (!request.ParseFromString(current->submit) || !outcome.ParseFromString(current->outcome))
    return absl::DataLossError("a kept share does not parse");
  absl::StatusOr<v1::SubmitReferralResponse> response = context_.broker.Submit(request);
  if (!response.ok()) {
    if (WorthRetrying(response.status())) return response.status();
    const std::string reason = ReasonOf(response.status());
    context_.Alarm("SHARE_NOT_TAKEN", row.share_id, "");
    context_.log.Failure("the broker does not take a share", response.status(),
                         {{"share", row.share_id}, {"reason", reason}});
    context_.metrics.ShareSettled("REFUSED");
    return context_.state.SettleShare(row.share_id, "REFUSED", reason.empty() ? "PAYLOAD_REJECTED" : reason,
                                      current->outcome);
  }
  RETURN_IF_ERROR(TakeReceipts(request, *response));
  const bool stored = response->outcome() == v1::SUBMIT_OUTCOME_STORED;
  const std::string state = stored ? "STORED" : "REFUSED";
  *outcome.mutable_receipts() = response->receipts();
  if (!stored) *outcome.mutable_decisions() = response->decisions();
  outcome.set_state(state);
  outcome.set_reason(response->reason());
  context_.metrics.ShareSettled(state);
  context_.log.Write("info", "a share was answered",
                     {{"share", row.share_id}, {"status", state}, {"reason", response->reason()}});
  return context_.state.SettleShare(row.share_id, state, response->reason(), outcome.SerializeAsString());
}

absl::Status Sender::Drain() {
  ASSIGN_OR_RETURN(const std::vector<OutboxRow> queued, context_.state.QueuedShares());
  for (const OutboxRow& row : queued) {
    const absl::Status sent = Submit(row);
    if (absl::IsUnavailable(sent)) return sent;
    if (!sent.ok()) context_.log.Failure("a share stays queued", sent, {{"share", row.share_id}});
  }
  return absl::OkStatus();
}

}  // namespace derwent::agents
