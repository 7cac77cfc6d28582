#include "agents/daemon/sending/held_back.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "agents/daemon/context/fault.h"
#include "agents/daemon/context/sealing.h"
#include "agents/daemon/sending/originators.h"
#include "agents/sdk/approval.h"
#include "agents/sdk/channel/rpc_error.h"
#include "agents/sdk/project.h"
#include "policy/engine/onward.h"
#include "trust/base/status_macros.h"
#include "trust/message/timestamp.h"

namespace derwent::agents {
namespace {

// When something outside did not answer, or a share waits to be sent.
constexpr absl::Duration kAgain = absl::Seconds(5);
constexpr size_t kKeyOctets = 32;
// As the time of what must be decided afresh: whether it may be permitted at all, whoever agrees.
constexpr absl::Time kAfresh = absl::UnixEpoch();

ReferralDraft DraftOf(const v1::HeldBackUnits& kept, const std::string& own_agency) {
  const v1::PushReferralRequest& referral = kept.referral();
  const v1::ReferralRecipientChoice& recipient = referral.recipients(0);
  return {.sender_agency = own_agency,
          .acting_person = referral.acting_person(),
          .profile = referral.profile(),
          .purpose = referral.purpose(),
          .board = referral.board(),
          .area = referral.area(),
          .justification = referral.justification(),
          .subjects = {{.number = kept.subject(),
                        .role = referral.subjects(0).role(),
                        .record = referral.subjects(0).record()}},
          .recipients = {{.agency = recipient.agency(),
                          .role = recipient.role(),
                          .person = recipient.person(),
                          .grounds = {recipient.grounds().begin(), recipient.grounds().end()},
                          .categories = {recipient.categories().begin(), recipient.categories().end()}}}};
}

// The units that each role must agree to, sorted.
std::map<std::string, std::vector<v1::ApprovedUnit>> WaitingByRole(const v1::ShareOutcome& outcome) {
  std::map<std::string, std::vector<v1::ApprovedUnit>> roles;
  for (const v1::UnitOutcome& unit : outcome.units()) {
    if (unit.outcome() != "PENDING") continue;
    v1::ApprovedUnit asked;
    asked.set_category(unit.category());
    asked.set_form(unit.form());
    for (const std::string& role : unit.approvers()) roles[role].push_back(asked);
  }
  for (auto& [role, units] : roles) std::ranges::sort(units, {}, &v1::ApprovedUnit::category);
  return roles;
}

v1::ApprovalQuestion QuestionIn(const ApprovalRow& row) {
  v1::ApprovalQuestion question;
  return question.ParseFromString(row.question) ? question : v1::ApprovalQuestion();
}

v1::ApprovalCommand SaidIn(const ApprovalRow& row) {
  v1::SignedApproval approval;
  v1::ApprovalCommand command;
  if (!approval.ParseFromString(row.approval) || !command.ParseFromString(approval.command().payload())) return {};
  return command;
}

bool SameUnits(const google::protobuf::RepeatedPtrField<v1::ApprovedUnit>& a, const std::vector<v1::ApprovedUnit>& b) {
  return std::ranges::equal(a, b, [](const v1::ApprovedUnit& x, const v1::ApprovedUnit& y) {
    return x.category() == y.category() && x.form() == y.form();
  });
}

}  // namespace

absl::StatusOr<bool> HeldBack::Holds(const std::string& share_id) {
  ASSIGN_OR_RETURN(const std::optional<HeldBackRow> row, context_.state.FindHeldBack(share_id));
  return row.has_value();
}

absl::Status HeldBack::Work() {
  if (fresh_look_.IsDue(context_.policy, context_.clock.Now()))
    RETURN_IF_ERROR(context_.state.WakeAllHeldBack(kAfresh));
  ASSIGN_OR_RETURN(const std::vector<HeldBackRow> due, context_.state.HeldBackDue(context_.clock.Now()));
  absl::Status first;
  for (const HeldBackRow& row : due) {
    const absl::Status done = WorkOn(row);
    if (done.ok()) continue;
    if (row.next_time == kAfresh && WorthRetrying(done)) fresh_look_.Miss();
    if (first.ok() && WorthRetrying(done)) first = done;
    context_.log.Failure("a share that waits for agreement was not worked on", done, {{"share", row.share_id}});
  }
  return first;
}

absl::StatusOr<HeldBack::Standing> HeldBack::Load(const HeldBackRow& row, const OutboxRow& share) {
  Standing standing{.row = row};
  ASSIGN_OR_RETURN(const std::string plain, OpenFromStore(context_.identity, row.share_id, row.units));
  if (!standing.kept.ParseFromString(plain) || standing.kept.referral().subjects_size() != 1 ||
      standing.kept.referral().recipients_size() != 1 || !standing.outcome.ParseFromString(share.outcome))
    return absl::DataLossError("kept units do not parse");
  standing.draft = DraftOf(standing.kept, context_.identity.agency);
  std::vector<FieldProblem> gone;
  RETURN_IF_ERROR(FindOriginators(context_.state, standing.draft, gone));
  standing.taken_back = !gone.empty();
  return standing;
}

absl::Status HeldBack::WorkOn(const HeldBackRow& due) {
  const KeyedLock::Hold hold(working_, due.share_id);
  ASSIGN_OR_RETURN(const std::optional<HeldBackRow> row, context_.state.FindHeldBack(due.share_id));
  ASSIGN_OR_RETURN(const std::optional<OutboxRow> share, context_.state.FindShare(due.share_id));
  if (!row.has_value() || row->next_time > context_.clock.Now()) return absl::OkStatus();
  if (!share.has_value()) return context_.state.ForgetHeldBack(due.share_id);
  if (share->state != "PENDING") return Follow(*row, *share);
  ASSIGN_OR_RETURN(Standing standing, Load(*row, *share));
  if (standing.taken_back) return Refuse(standing, "WITHDRAWN");  // Its originator took back what would go onward.
  if (context_.clock.Now() >= trust::FromTimestamp(standing.kept.due_time())) return Refuse(standing, "LAPSED");
  absl::Status worked = Settle(standing);
  if (!worked.ok()) RETURN_IF_ERROR(context_.state.WakeHeldBack(due.share_id, context_.clock.Now() + kAgain));
  return worked;
}

absl::Status HeldBack::Follow(const HeldBackRow& row, const OutboxRow& share) {
  HeldBackRow next = row;
  next.next_time = context_.clock.Now() + kAgain;
  if (share.state == "QUEUED") {  // The sender sends it.
    if (!context_.RequireWitnessed().ok()) return context_.state.WakeHeldBack(row.share_id, next.next_time);
    RETURN_IF_ERROR(sender_.Resume(share.share_id));
    ASSIGN_OR_RETURN(const std::optional<OutboxRow> now, context_.state.FindShare(row.share_id));
    if (!now.has_value() || now->state == "QUEUED") return context_.state.WakeHeldBack(row.share_id, next.next_time);
    return Follow(row, *now);
  }
  if (share.state == "REFUSED" && TookNoEffect(share.reason)) {
    RETURN_IF_ERROR(upkeep_.SyncPolicy());
    return context_.state.UpdateHeldBack(next, "APPROVAL_REQUIRED", share.outcome);
  }
  return context_.state.ForgetHeldBack(row.share_id);
}

// Under another policy other roles may have to agree, to other forms, or nobody.
absl::Status HeldBack::DecideAgain(Standing& standing) {
  RETURN_IF_ERROR(LapseAll(standing.row.share_id, requests_));  // What was asked under the policy of before.
  ASSIGN_OR_RETURN(const Sender::Decided decided, sender_.Decide(standing.draft, /*agreed=*/{}));
  standing.kept.set_policy_digest(decided.view->bundle->policy_digest);
  standing.outcome.mutable_units()->Assign(decided.decision.outcomes.begin(), decided.decision.outcomes.end());
  standing.outcome.mutable_decisions()->Assign(decided.decision.decisions.begin(), decided.decision.decisions.end());
  return Save(standing, context_.clock.Now());
}

absl::Status HeldBack::Ask(Standing& standing) {
  const absl::Time now = context_.clock.Now();
  const auto view = context_.policy.view();
  const policy::Policy& policy = *view->bundle->policy;
  const absl::Time due = ApprovalDue(policy, now, trust::FromTimestamp(standing.kept.due_time()));
  for (const auto& [role, units] : WaitingByRole(standing.outcome)) {
    const bool asked = std::ranges::any_of(standing.approvals, [&](const ApprovalRow& row) {
      return row.role == role && SameUnits(QuestionIn(row).proposed().units(), units);
    });
    if (asked) continue;
    ApprovalRow row{.approval_id = context_.random.NewUuid().text(),
                    .request_id = standing.row.share_id,
                    .role = role,
                    .own = true,
                    .state = "WAITING",
                    .due = due};
    row.question = QuestionFor(standing.draft, standing.row.share_id, units, role, row.approval_id,
                               standing.kept.policy_digest(), due)
                       .SerializeAsString();
    RETURN_IF_ERROR(requests_.AddApproval(row));
    standing.approvals.push_back(std::move(row));
  }
  for (ApprovalRow& row : standing.approvals) {
    if (row.state == "WAITING" && !row.sent && IsAskedElsewhere(policy, row.role))
      RETURN_IF_ERROR(AskElsewhere(row, context_, requests_));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> HeldBack::EndIfRefused(Standing& standing) {
  ASSIGN_OR_RETURN(const Sender::Decided decided, sender_.Decide(standing.draft, /*agreed=*/{}));
  if (decided.decision.refusal.empty()) return false;
  standing.outcome.mutable_units()->Assign(decided.decision.outcomes.begin(), decided.decision.outcomes.end());
  RETURN_IF_ERROR(End(standing, decided.decision.refusal));
  return true;
}

absl::Status HeldBack::Settle(Standing& standing) {
  const auto view = context_.policy.view();
  if (view == nullptr) return absl::UnavailableError("no policy was verified yet");
  if (standing.row.next_time == kAfresh) {
    ASSIGN_OR_RETURN(const bool ended, EndIfRefused(standing));
    if (ended) return absl::OkStatus();
  }
  if (standing.kept.policy_digest() != view->bundle->policy_digest) RETURN_IF_ERROR(DecideAgain(standing));
  ASSIGN_OR_RETURN(standing.approvals, requests_.ApprovalsOf(standing.row.share_id));
  std::erase_if(standing.approvals, [&](const ApprovalRow& row) {
    return QuestionIn(row).proposed().policy_digest() != standing.kept.policy_digest();
  });
  RETURN_IF_ERROR(Ask(standing));
  const auto roles = WaitingByRole(standing.outcome);
  Agreed agreed;
  bool waits = false;
  for (const auto& [role, units] : roles) {
    const auto row = std::ranges::find_if(standing.approvals, [&, &name = role, &asked = units](const ApprovalRow& r) {
      return r.role == name && SameUnits(QuestionIn(r).proposed().units(), asked);
    });
    if (row->state == "WAITING" && row->due > context_.clock.Now()) {
      waits = true;
      continue;
    }
    const v1::ApprovalCommand said = SaidIn(*row);
    // What was left out of an agreement was refused, and the rest rests on it.
    if (row->state != "APPROVED" || !SameUnits(said.units(), units))
      return Refuse(standing, row->state == "REFUSED" && !row->reason.empty() ? row->reason : "LAPSED");
    for (const v1::ApprovedUnit& unit : said.units()) agreed.emplace(unit.category(), unit.form(), role);
  }
  if (!waits) return Release(standing, agreed);
  return Save(standing, NextDue(standing.approvals, *view->bundle->policy, context_.clock.Now(),
                                trust::FromTimestamp(standing.kept.due_time())));
}

absl::Status HeldBack::Release(Standing& standing, const Agreed& agreed) {
  std::vector<v1::SignedApproval> approvals;
  for (const ApprovalRow& row : standing.approvals) {
    v1::SignedApproval approval;
    if (row.state == "APPROVED" && approval.ParseFromString(row.approval)) approvals.push_back(std::move(approval));
  }
  ASSIGN_OR_RETURN(const Sender::Decided decided, sender_.Decide(standing.draft, agreed));
  if (decided.view->bundle->policy_digest != standing.kept.policy_digest()) {
    standing.kept.clear_policy_digest();  // It changed just now: whom to ask is decided afresh.
    return Save(standing, context_.clock.Now());
  }
  if (decided.decision.recipients.empty()) {
    standing.outcome.mutable_units()->Assign(decided.decision.outcomes.begin(), decided.decision.outcomes.end());
    return End(standing, decided.decision.refusal.empty() ? "APPROVAL_REQUIRED" : decided.decision.refusal);
  }
  return sender_.Release(standing.row.share_id, standing.draft, decided, approvals);
}

absl::Status HeldBack::Refuse(Standing& standing, const std::string& reason) {
  for (v1::UnitOutcome& unit : *standing.outcome.mutable_units()) {
    if (unit.outcome() != "PENDING") continue;
    unit.set_outcome("WITHHELD");
    unit.clear_form();
    unit.clear_reasons();
    unit.add_reasons("APPROVAL_REFUSED");
    unit.add_reasons(reason);
  }
  return End(standing, "APPROVAL_REFUSED");
}

absl::Status HeldBack::End(Standing& standing, const std::string& reason) {
  RETURN_IF_ERROR(LapseAll(standing.row.share_id, requests_));
  standing.outcome.set_state("REFUSED");
  standing.outcome.set_reason(reason);
  context_.metrics.ShareSettled("REFUSED");
  context_.log.Write("info", "a share that waited for agreement ends",
                     {{"share", standing.row.share_id}, {"reason", reason}});
  return context_.state.RefuseHeldBack(standing.row.share_id, reason, standing.outcome.SerializeAsString());
}

absl::Status HeldBack::Save(Standing& standing, absl::Time next_time) {
  standing.row.next_time = next_time;
  ASSIGN_OR_RETURN(standing.row.units, SealForStore(context_.identity, standing.row.share_id,
                                                    standing.kept.SerializeAsString(), context_.random));
  return context_.state.UpdateHeldBack(standing.row, "APPROVAL_REQUIRED", standing.outcome.SerializeAsString());
}

absl::Status HeldBack::TakeApproval(const v1::SignedApproval& approval, const ApprovalRow& row) {
  const KeyedLock::Hold hold(working_, row.request_id);
  ASSIGN_OR_RETURN(std::optional<HeldBackRow> held, context_.state.FindHeldBack(row.request_id));
  ASSIGN_OR_RETURN(const std::optional<OutboxRow> share, context_.state.FindShare(row.request_id));
  if (!held.has_value() || !share.has_value() || share->state != "PENDING")
    return absl::NotFoundError("no such share is held back here");
  ASSIGN_OR_RETURN(const Standing standing, Load(*held, *share));
  v1::ApprovalCommand said;
  const std::optional<Received>& received = standing.draft.subjects.front().received;
  const bool parsed = said.ParseFromString(approval.command().payload());
  if (row.role == policy::kOriginator &&
      !(parsed && received.has_value() && said.approver_agency() == received->originator))
    return absl::FailedPreconditionError("the approval is not the originator's");
  RETURN_IF_ERROR(TakeSigned(approval, row, standing.draft.acting_person, context_, requests_));
  RETURN_IF_ERROR(context_.state.WakeHeldBack(row.request_id, context_.clock.Now()));
  context_.to_send.Ring();
  return absl::OkStatus();
}

absl::StatusOr<ApprovalPreview> HeldBack::PreviewOf(const ApprovalRow& approval) {
  ASSIGN_OR_RETURN(const std::optional<HeldBackRow> row, context_.state.FindHeldBack(approval.request_id));
  ASSIGN_OR_RETURN(const std::optional<OutboxRow> share, context_.state.FindShare(approval.request_id));
  if (!row.has_value() || !share.has_value()) return absl::NotFoundError("no such share is held back here");
  ASSIGN_OR_RETURN(const Standing standing, Load(*row, *share));
  const DraftSubject& subject = standing.draft.subjects.front();
  const Pseudonymiser pseudonyms(trust::SecretBytes(context_.random.Bytes(kKeyOctets)));
  ApprovalPreview preview{.justification = standing.draft.justification};
  const v1::ApprovalQuestion question = QuestionIn(approval);
  for (const v1::ApprovedUnit& unit : question.proposed().units()) {
    absl::StatusOr<v1::UnitContent> content =
        ProjectUnit(subject.record, unit.category(), unit.form(), pseudonyms, context_.identity.contact);
    if (!content.ok()) continue;  // Nothing would go out.
    v1::OpenedUnit& shown = preview.units.emplace_back();
    shown.set_subject(subject.number);
    shown.set_role(subject.role);
    *shown.mutable_content() = *std::move(content);
  }
  return preview;
}

absl::Status HeldBack::Cancel(const std::string& share_id) {
  const KeyedLock::Hold hold(working_, share_id);
  ASSIGN_OR_RETURN(const std::optional<HeldBackRow> row, context_.state.FindHeldBack(share_id));
  ASSIGN_OR_RETURN(const std::optional<OutboxRow> share, context_.state.FindShare(share_id));
  if (!row.has_value() || !share.has_value() || share->state != "PENDING")
    return absl::NotFoundError("no such share is held back here");
  ASSIGN_OR_RETURN(Standing standing, Load(*row, *share));
  return Refuse(standing, "WITHDRAWN");
}

}  // namespace derwent::agents
