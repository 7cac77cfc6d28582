#include "agents/daemon/sending/sender.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "agents/daemon/context/fault.h"
#include "agents/daemon/context/restrictions.h"
#include "agents/daemon/context/sealing.h"
#include "agents/daemon/sending/companion_choice.h"
#include "agents/daemon/sending/given.h"
#include "agents/daemon/sending/later_version.h"
#include "agents/daemon/sending/limited_access.h"
#include "agents/daemon/sending/originators.h"
#include "agents/daemon/sending/planned_share.h"
#include "agents/daemon/sending/split_shares.h"
#include "agents/sdk/channel/rpc_error.h"
#include "agents/sdk/companion.h"
#include "agents/sdk/package.h"
#include "agents/sdk/references.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {
namespace {

// What waits may be refused yet, and takes nothing's place.
absl::Status AllWaits() {
  return Fault(
      absl::StatusCode::kFailedPrecondition, "APPROVAL_REQUIRED",
      "nothing of the later version goes before somebody agreed: withdraw the share, and send this as another");
}

}  // namespace

absl::StatusOr<Sender::Meant> Sender::Drafts(const v1::PushReferralRequest& request) {
  const auto view = context_.policy.view();
  if (view == nullptr)
    return Fault(absl::StatusCode::kFailedPrecondition, "POLICY_MISSING", "no policy was verified yet");
  std::vector<FieldProblem> problems;
  const absl::Time now = context_.clock.Now();
  Meant meant;
  meant.drafts.push_back(MakeDraft(request, context_.identity.agency, view->snapshot(), now, problems));
  if (meant.drafts.front().acting_person.empty())
    problems.push_back({"acting_person", "must name the person who acts"});
  RETURN_IF_ERROR(FindOriginators(context_.state, meant.drafts.front(), problems));
  CompanionChoice companions =
      ChooseCompanions(request, CompanionsOf(meant.drafts.front(), view->snapshot(), LondonDay(now)), problems);
  if (!problems.empty())
    return Fault(absl::StatusCode::kInvalidArgument, "PAYLOAD_REJECTED", "the referral breaks rules of its form",
                 problems);
  if (!Allows(AccessTo(meant.drafts.front()), meant.drafts.front().acting_person)) {
    return Fault(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED",
                 "the acting person may not see one of these records");
  }
  std::ranges::move(companions.made, std::back_inserter(meant.drafts));
  for (const std::string& profile : companions.not_made)
    meant.not_made.push_back(NotMade(profile, request.companion_child_reason()));
  return meant;
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

absl::StatusOr<Sender::Decided> Sender::Decide(const ReferralDraft& draft, const Agreed& agreed) {
  Decided decided;
  ASSIGN_OR_RETURN(const v1::PlanReferralResponse plan, Plan(draft, decided.view));
  for (const v1::AgencyKeys& keys : plan.keys()) RETURN_IF_ERROR(upkeep_.TakeRecipientKeys(keys));
  decided.time = context_.clock.Now();
  ASSIGN_OR_RETURN(decided.decision, DecideAsHolder(draft, plan, decided.view->snapshot(), decided.time,
                                                    context_.identity.contact, context_.random, agreed));
  // Whom the broker knows it stops itself, and enters that.
  const std::string& enclave = decided.view->bundle->policy->profiles.at(draft.profile).enclave;
  for (const DraftSubject& subject : draft.subjects) {
    ASSIGN_OR_RETURN(const bool restricted, context_.state.StoppedHere(AboutWhom(subject.record, enclave, context_)));
    // What came under restriction since it was first looked at waits for nothing any more.
    ASSIGN_OR_RETURN(const bool stored_only, MayOnlyBeStored(subject, context_.state));
    if (restricted || stored_only)
      WithholdAll(decided.decision, policy::Describe(policy::ReasonCode::kSubjectRestricted).name);
  }
  return decided;
}

absl::StatusOr<OutboxRow> Sender::PrepareNow(const std::string& share_id, const ReferralDraft& draft,
                                             const Decided& decided, const SplitOutcomes& split) {
  const bool refused = decided.decision.recipients.empty();
  v1::ShareOutcome outcome = *split.now;
  OutboxRow row{.share_id = share_id,
                .state = refused ? "REFUSED" : "QUEUED",
                .reason = decided.decision.refusal,
                .create_time = decided.time,
                .collect_deadline = decided.time};
  if (!refused) {
    RETURN_IF_ERROR(Seal(draft, decided, /*adds_to=*/"", /*approvals=*/{}, row));
    ASSIGN_OR_RETURN(row.planned, SealPlanned(share_id, draft, split.waiting, context_));
  }
  TellOlder(draft, decided.decision.recipients, outcome);
  row.supersedes = outcome.supersedes_share_id();
  RETURN_IF_ERROR(KeepAccess(AccessTo(draft), row.share_id, context_));
  outcome.set_share_id(refused ? "" : row.share_id);
  outcome.set_state(row.state);
  outcome.set_reason(row.reason);
  row.outcome = outcome.SerializeAsString();
  return row;
}

absl::StatusOr<Sender::Prepared> Sender::Prepare(const ReferralDraft& draft) {
  ASSIGN_OR_RETURN(const Decided decided, Decide(draft, /*agreed=*/{}));
  const SplitOutcomes split = Split(draft, decided.decision);
  if (draft.older.has_value() && !split.now.has_value()) return AllWaits();
  Prepared prepared;
  if (split.now.has_value()) {
    ASSIGN_OR_RETURN(OutboxRow row,
                     PrepareNow(context_.random.NewOrderedUuid(decided.time).text(), draft, decided, split));
    prepared.shares.push_back(std::move(row));
  }
  RETURN_IF_ERROR(PrepareWaiting(draft, decided, split, prepared));
  return prepared;
}

absl::Status Sender::PrepareWaiting(const ReferralDraft& draft, const Decided& decided, const SplitOutcomes& split,
                                    Prepared& prepared) {
  const auto view = decided.view;
  for (v1::ShareOutcome outcome : split.waiting) {
    const std::string share = context_.random.NewOrderedUuid(decided.time).text();
    const v1::HeldBackUnits units = HoldBack(draft, outcome, *view, decided.time);
    HeldBackRow held{.share_id = share, .next_time = decided.time};
    ASSIGN_OR_RETURN(held.units, SealForStore(context_.identity, share, units.SerializeAsString(), context_.random));
    prepared.held_back.push_back(std::move(held));
    outcome.set_share_id(share);
    outcome.set_state("PENDING");
    outcome.set_reason("APPROVAL_REQUIRED");
    RETURN_IF_ERROR(KeepAccess(AccessTo(draft), share, context_));
    prepared.shares.push_back({.share_id = share,
                               .state = "PENDING",
                               .reason = "APPROVAL_REQUIRED",
                               .outcome = outcome.SerializeAsString(),
                               .create_time = decided.time,
                               .collect_deadline = decided.time});
  }
  return absl::OkStatus();
}

absl::Status Sender::Seal(const ReferralDraft& draft, const Decided& decided, const std::string& adds_to,
                          const std::vector<v1::SignedApproval>& approvals, OutboxRow& row) {
  const PolicyCache::View& view = *decided.view;
  ASSIGN_OR_RETURN(const Sha256Digest digest, Sha256Digest::FromBytes(view.bundle->policy_digest));
  const ShareHead head{.share_id = row.share_id,
                       .version = draft.older.has_value() ? draft.older->version + 1 : 1,
                       .sender_agency = draft.sender_agency,
                       .acting_person = draft.acting_person,
                       .profile = draft.profile,
                       .purpose = draft.purpose,
                       .board = draft.board,
                       .area = draft.area,
                       .supersedes_share_id = draft.older.has_value() ? draft.older->share_id : "",
                       .adds_to_share_id = adds_to,
                       .policy_digest = digest,
                       .create_time = decided.time};
  v1::SubmitReferralRequest submit;
  submit.set_request_id(row.share_id);
  submit.mutable_approvals()->Assign(approvals.begin(), approvals.end());
  for (const PackageRecipient& recipient : decided.decision.recipients) {
    ASSIGN_OR_RETURN(*submit.add_submissions(), SealFor(head, recipient, context_));
    row.collect_deadline = std::max(row.collect_deadline, recipient.expire_time);
  }
  RETURN_IF_ERROR(context_.state.Together([&](Changes& changes) -> absl::Status {
    for (int i = 0; i < submit.submissions_size(); ++i)
      RETURN_IF_ERROR(KeepSent(row.share_id, decided.decision.recipients[static_cast<size_t>(i)].agency,
                               submit.submissions(i).package().manifest().payload(), changes));
    return absl::OkStatus();
  }));
  const std::string& enclave = view.bundle->policy->profiles.at(draft.profile).enclave;
  const auto key = context_.identity.reference_keys.find(enclave);
  for (const DraftSubject& subject : draft.subjects) {
    const std::vector<KnownAs> about = AboutWhom(subject.record, enclave, context_);
    row.about.insert(row.about.end(), about.begin(), about.end());
  }
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
  RETURN_IF_ERROR(KeepGiven(draft, submit, context_));
  row.submit = submit.SerializeAsString();
  return absl::OkStatus();
}

absl::StatusOr<std::string> Sender::WentBefore(const OutboxRow& row, const ReferralDraft& draft) {
  ASSIGN_OR_RETURN(const std::vector<OutboxRow> shares, context_.state.SharesOf(row.referral_ref));
  for (const OutboxRow& share : shares) {
    v1::ShareOutcome outcome;
    if (share.state != "STORED" || share.share_id == row.share_id || !outcome.ParseFromString(share.outcome)) continue;
    const bool reached = std::ranges::any_of(outcome.units(), [&](const v1::UnitOutcome& unit) {
      return unit.outcome() == "RELEASED" && unit.recipient_agency() == draft.recipients.front().agency;
    });
    if (reached && outcome.profile() == draft.profile) return share.share_id;
  }
  return "";
}

absl::Status Sender::Release(const std::string& share_id, const ReferralDraft& draft, const Decided& decided,
                             const std::vector<v1::SignedApproval>& approvals) {
  RETURN_IF_ERROR(context_.RequireWitnessed());
  ASSIGN_OR_RETURN(std::optional<OutboxRow> row, context_.state.FindShare(share_id));
  if (!row.has_value()) return absl::NotFoundError("no such share");
  ASSIGN_OR_RETURN(const std::string adds_to, WentBefore(*row, draft));
  row->reason.clear();
  row->create_time = decided.time;
  row->collect_deadline = decided.time;
  RETURN_IF_ERROR(Seal(draft, decided, adds_to, approvals, *row));
  v1::ShareOutcome outcome;
  if (!outcome.ParseFromString(row->outcome)) return absl::DataLossError("a kept outcome does not parse");
  outcome.mutable_units()->Assign(decided.decision.outcomes.begin(), decided.decision.outcomes.end());
  outcome.mutable_decisions()->Assign(decided.decision.decisions.begin(), decided.decision.decisions.end());
  row->outcome = outcome.SerializeAsString();
  RETURN_IF_ERROR(context_.state.ReleaseHeldBack(*row));
  return Send(share_id);
}

absl::StatusOr<v1::PushReferralResponse> Sender::Preview(const Meant& meant) {
  v1::PushReferralResponse response;
  for (const ReferralDraft& draft : meant.drafts) {
    ASSIGN_OR_RETURN(const Decided decided, Decide(draft, /*agreed=*/{}));
    const HolderDecision& decision = decided.decision;
    const bool waits =
        std::ranges::any_of(decision.outcomes, [](const v1::UnitOutcome& unit) { return unit.outcome() == "PENDING"; });
    v1::ShareOutcome& outcome = *response.add_shares();
    outcome.set_profile(draft.profile);
    outcome.mutable_units()->Assign(decision.outcomes.begin(), decision.outcomes.end());
    outcome.mutable_decisions()->Assign(decision.decisions.begin(), decision.decisions.end());
    outcome.set_state(!decision.recipients.empty() ? "PLANNED" : waits ? "PENDING" : "REFUSED");
    outcome.set_reason(decision.recipients.empty() && waits ? "APPROVAL_REQUIRED" : decision.refusal);
    TellOlder(draft, decision.recipients, outcome);
  }
  response.mutable_shares()->Add(meant.not_made.begin(), meant.not_made.end());
  return response;
}

absl::StatusOr<v1::PushReferralResponse> Sender::Push(const v1::PushReferralRequest& request) {
  ASSIGN_OR_RETURN(Meant meant, Drafts(request));
  if (request.validate_only()) {
    RETURN_IF_ERROR(TakePlacesOf(request.supersedes_share_id(), context_, meant.drafts));
    return Preview(meant);
  }
  RETURN_IF_ERROR(context_.RequireWitnessed());
  const std::string digest = trust::Sha256(request.SerializeAsString()).bytes();
  const MutexLock lock(pushing_);
  ASSIGN_OR_RETURN(const std::optional<std::string> known, context_.state.FindPush(request.referral_ref()));
  if (known.has_value()) {
    if (*known != digest)
      return Fault(absl::StatusCode::kAborted, "REQUEST_ID_REUSED", "the reference was used for another referral");
    return Outcomes(request.referral_ref());
  }
  RETURN_IF_ERROR(TakePlacesOf(request.supersedes_share_id(), context_, meant.drafts));
  Prepared prepared;
  for (const ReferralDraft& draft : meant.drafts) {
    ASSIGN_OR_RETURN(Prepared next, Prepare(draft));
    std::ranges::move(next.shares, std::back_inserter(prepared.shares));
    std::ranges::move(next.held_back, std::back_inserter(prepared.held_back));
  }
  for (const v1::ShareOutcome& outcome : meant.not_made) {
    const absl::Time now = context_.clock.Now();
    prepared.shares.push_back(NotMadeRow(outcome, context_.random.NewOrderedUuid(now).text(), now));
  }
  RETURN_IF_ERROR(context_.state.SavePush(request.referral_ref(), digest, prepared.shares, prepared.held_back));
  if (!prepared.held_back.empty() || !request.supersedes_share_id().empty()) context_.to_send.Ring();
  for (const OutboxRow& row : prepared.shares) {
    if (row.state != "QUEUED") continue;
    const absl::Status sent = Send(row.share_id);
    if (!sent.ok()) context_.log.Failure("a share stays queued", sent, {{"share", row.share_id}});
  }
  return Outcomes(request.referral_ref());
}

absl::StatusOr<v1::PushReferralResponse> Sender::Outcomes(const std::string& referral_ref) {
  ASSIGN_OR_RETURN(std::vector<OutboxRow> rows, context_.state.SharesOf(referral_ref));
  std::ranges::stable_partition(rows, [](const OutboxRow& row) { return row.state != "NOT_MADE"; });
  v1::PushReferralResponse response;
  for (const OutboxRow& row : rows) {
    v1::ShareOutcome& outcome = *response.add_shares();
    if (!outcome.ParseFromString(row.outcome)) return absl::DataLossError("a kept outcome does not parse");
    outcome.set_state(row.state);
    outcome.set_reason(row.reason);
  }
  return response;
}

absl::Status Sender::Send(const std::string& share_id) {
  RETURN_IF_ERROR(Submit(share_id));
  ASSIGN_OR_RETURN(const bool planned, PlanAgain(share_id));
  return planned ? Submit(share_id) : absl::OkStatus();  // Should it change once more, at the next turn.
}

absl::Status Sender::Submit(const std::string& share_id) {
  RETURN_IF_ERROR(context_.RequireWitnessed());
  const MutexLock lock(submitting_);
  ASSIGN_OR_RETURN(const std::optional<OutboxRow> current, context_.state.FindShare(share_id));
  if (!current.has_value() || current->state != "QUEUED" || current->submit.empty()) return absl::OkStatus();
  v1::SubmitReferralRequest request;
  v1::ShareOutcome outcome;
  if (!request.ParseFromString(current->submit) || !outcome.ParseFromString(current->outcome))
    return absl::DataLossError("a kept share does not parse");
  ASSIGN_OR_RETURN(const bool stopped, IsStopped(share_id));
  if (stopped) return Stop(share_id, std::move(outcome));
  const absl::StatusOr<v1::SubmitReferralResponse> response = context_.broker.Submit(request);
  if (!response.ok()) {
    if (WorthRetrying(response.status())) return response.status();
    const std::string reason = ReasonOf(response.status());
    ASSIGN_OR_RETURN(const bool again, MayPlanAgain(share_id, reason));
    if (again) return context_.state.AwaitPlan(share_id, reason);
    return NotTaken(share_id, std::move(outcome), response.status());
  }
  RETURN_IF_ERROR(TakeReceipts(request, *response));
  const bool stored = response->outcome() == v1::SUBMIT_OUTCOME_STORED;
  const std::string state = stored ? "STORED" : "REFUSED";
  *outcome.mutable_receipts() = response->receipts();
  if (!stored) {
    ASSIGN_OR_RETURN(const bool again, MayPlanAgain(share_id, response->reason()));
    if (again) return context_.state.AwaitPlan(share_id, response->reason());
    *outcome.mutable_decisions() = response->decisions();
    WithholdReleased(*outcome.mutable_units(), response->reason());
  }
  outcome.set_state(state);
  outcome.set_reason(response->reason());
  context_.metrics.ShareSettled(state);
  context_.log.Write("info", "a share was answered",
                     {{"share", share_id}, {"status", state}, {"reason", response->reason()}});
  return context_.state.SettleShare(share_id, state, response->reason(), outcome.SerializeAsString());
}

absl::Status Sender::NotTaken(const std::string& share_id, v1::ShareOutcome outcome, const absl::Status& why) {
  const std::string reason = ReasonOf(why);
  context_.Alarm("SHARE_NOT_TAKEN", share_id, "");
  context_.log.Failure("the broker does not take a share", why, {{"share", share_id}, {"reason", reason}});
  context_.metrics.ShareSettled("REFUSED");
  const std::string told = reason.empty() ? "PAYLOAD_REJECTED" : reason;
  WithholdReleased(*outcome.mutable_units(), told);
  return context_.state.SettleShare(share_id, "REFUSED", told, outcome.SerializeAsString());
}

absl::Status Sender::Drain() {
  if (!context_.RequireWitnessed().ok()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<OutboxRow> queued, context_.state.QueuedShares());
  for (const OutboxRow& row : queued) {
    const absl::Status sent = Send(row.share_id);
    if (absl::IsUnavailable(sent)) return sent;
    if (!sent.ok()) context_.log.Failure("a share stays queued", sent, {{"share", row.share_id}});
  }
  return absl::OkStatus();
}

}  // namespace derwent::agents
