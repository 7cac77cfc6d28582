#include "agents/daemon/desks/desk.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

#include "agents/daemon/context/fault.h"
#include "agents/daemon/context/restrictions.h"
#include "agents/daemon/context/share_outcome.h"
#include "agents/daemon/context/under_restriction.h"
#include "agents/daemon/desks/page.h"
#include "agents/daemon/sending/later_version.h"
#include "agents/daemon/sending/limited_access.h"
#include "agents/sdk/messages.h"
#include "trust/base/status_macros.h"
#include "trust/message/timestamp.h"

namespace derwent::agents {
namespace {

constexpr int kMostAlarms = 100;

absl::Status Invalid(const std::vector<FieldProblem>& problems) {
  return Fault(absl::StatusCode::kInvalidArgument, "PAYLOAD_REJECTED", "the request breaks rules of its form",
               problems);
}

absl::Status NoSuchShare() { return Fault(absl::StatusCode::kNotFound, "SHARE_UNKNOWN", "no such share here"); }

absl::StatusOr<v1::Manifest> ManifestOf(const InboxRow& row) {
  v1::Manifest manifest;
  if (!manifest.ParseFromString(row.manifest)) return absl::DataLossError("a kept manifest does not parse");
  return manifest;
}

absl::StatusOr<v1::InboxItem> ItemOf(const InboxRow& row, const v1::Manifest& manifest, State& state) {
  v1::InboxItem item;
  item.set_share_id(row.share_id);
  item.set_sender_agency(row.sender);
  item.set_profile(manifest.profile());
  item.set_role(manifest.recipient_role());
  item.set_state(row.state);
  *item.mutable_receive_time() = trust::ToTimestamp(row.receive_time);
  item.set_marking(manifest.marking());
  item.set_adds_to_share_id(manifest.adds_to_share_id());
  item.set_supersedes_share_id(manifest.supersedes_share_id());
  ASSIGN_OR_RETURN(*item.mutable_superseded_by_share_id(), state.SupersededBy(row.share_id, row.sender));
  ASSIGN_OR_RETURN(const UnderRestriction restriction, RestrictionOn(row.share_id, state));
  item.mutable_restricted_categories()->Assign(restriction.categories.begin(), restriction.categories.end());
  return item;
}

// The state a report leads to; empty when it may not follow `state`.
std::string NextState(const std::string& state, v1::ProgressState report) {
  const bool fresh = state == "RECEIVED";
  const bool accepted = state == "ACCEPTED";
  switch (report) {
    case v1::PROGRESS_STATE_ACCEPTED:
      return fresh ? "ACCEPTED" : "";
    case v1::PROGRESS_STATE_DECLINED:
      return fresh ? "DECLINED" : "";
    case v1::PROGRESS_STATE_CLOSED:
      return accepted ? "CLOSED" : "";
    case v1::PROGRESS_STATE_MORE_INFORMATION:
    case v1::PROGRESS_STATE_ACTION:
      return fresh || accepted ? state : "";
    default:
      return "";
  }
}

absl::Status CannotFollow(absl::string_view state) {
  return Fault(absl::StatusCode::kFailedPrecondition, "STATE_NOT_ALLOWED",
               absl::StrCat("the referral is ", state, ": this cannot follow"));
}

}  // namespace

absl::Status Desk::NameActor(const LocalCaller& caller, v1::PushReferralRequest& request) const {
  RETURN_IF_ERROR(CheckRight(caller, LocalRight::kPush, context_));
  if (caller.kind == trust::CallerKind::kPerson) request.set_acting_person(caller.name);
  return absl::OkStatus();
}

absl::StatusOr<v1::PushReferralResponse> Desk::Push(const LocalCaller& caller, v1::PushReferralRequest request) {
  RETURN_IF_ERROR(NameActor(caller, request));
  ASSIGN_OR_RETURN(v1::PushReferralResponse response, parts_.sender.Push(request));
  for (const v1::ShareOutcome& share : response.shares())
    RETURN_IF_ERROR(context_.state.LogAccess(request.acting_person(), share.share_id(), "push"));
  return response;
}

absl::StatusOr<v1::WithdrawResponse> Desk::Withdraw(const LocalCaller& caller, const v1::WithdrawRequest& request) {
  RETURN_IF_ERROR(CheckRight(caller, LocalRight::kPush, context_));
  if (!IsWithdrawalReason(request.reason())) return Invalid({{"reason", "must be a code of a withdrawal"}});
  ASSIGN_OR_RETURN(const std::optional<OutboxRow> share, context_.state.FindShare(request.share_id()));
  if (!share.has_value()) return NoSuchShare();
  ASSIGN_OR_RETURN(const bool visible, MaySeeSent(caller, share->share_id, context_));
  if (!visible) return NoSuchShare();
  if (share->state == "PENDING") {
    RETURN_IF_ERROR(parts_.held_back.Cancel(share->share_id));
    RETURN_IF_ERROR(context_.state.LogAccess(caller.name, share->share_id, "withdraw"));
    return v1::WithdrawResponse();
  }
  if (share->state != "STORED")
    return Fault(absl::StatusCode::kFailedPrecondition, "STATE_NOT_ALLOWED",
                 "only a share that is stored or waits for agreement can be withdrawn");
  ASSIGN_OR_RETURN(const std::string later, context_.state.Superseding(share->share_id));
  if (!later.empty())
    return Fault(absl::StatusCode::kFailedPrecondition, "STATE_NOT_ALLOWED",
                 absl::StrCat("`", later, "` took its place: withdraw that one"));
  v1::ShareOutcome outcome;
  if (!outcome.ParseFromString(share->outcome)) return absl::DataLossError("a kept outcome does not parse");
  const std::vector<std::string> to = RecipientsIn(outcome);
  const std::set<std::string> recipients(to.begin(), to.end());
  for (const std::string& recipient : recipients)
    RETURN_IF_ERROR(parts_.postman.QueueWithdrawal({share->share_id, outcome.version()}, recipient, request.reason()));
  RETURN_IF_ERROR(context_.state.MarkReconciled(share->share_id));  // Nobody is waited for any more.
  RETURN_IF_ERROR(CancelWaiting(*share));
  RETURN_IF_ERROR(context_.state.LogAccess(caller.name, share->share_id, "withdraw"));
  RETURN_IF_ERROR(parts_.postman.Drain(share->share_id).status());
  ASSIGN_OR_RETURN(const std::vector<std::string> told, parts_.postman.ToldOf(share->share_id, recipients));
  v1::WithdrawResponse response;
  response.mutable_told_agencies()->Assign(told.begin(), told.end());
  return response;
}

absl::Status Desk::CancelWaiting(const OutboxRow& share) {
  v1::ShareOutcome outcome;
  if (!outcome.ParseFromString(share.outcome)) return absl::DataLossError("a kept outcome does not parse");
  ASSIGN_OR_RETURN(const std::vector<OutboxRow> others, context_.state.SharesOf(share.referral_ref));
  for (const OutboxRow& other : others) {
    v1::ShareOutcome waits;
    if (other.state != "PENDING" || !waits.ParseFromString(other.outcome) || waits.profile() != outcome.profile())
      continue;
    const absl::Status cancelled = parts_.held_back.Cancel(other.share_id);
    if (!cancelled.ok() && !absl::IsNotFound(cancelled)) return cancelled;
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::OutboxItem> Desk::ItemOf(const OutboxRow& row) {
  v1::OutboxItem item;
  item.set_referral_ref(row.referral_ref);
  item.set_state(row.state);
  item.set_reason(row.reason);
  item.mutable_referral()->set_share_id(row.share_id);
  v1::ShareOutcome outcome;
  if (outcome.ParseFromString(row.outcome)) item.mutable_referral()->set_profile(outcome.profile());
  item.set_supersedes_share_id(outcome.supersedes_share_id());
  ASSIGN_OR_RETURN(*item.mutable_superseded_by_share_id(), context_.state.Superseding(row.share_id));
  if (row.state == "STORED") {
    v1::GetReferralRequest request;
    request.set_name(absl::StrCat("agencies/", context_.identity.agency, "/referrals/", row.share_id));
    absl::StatusOr<v1::Referral> referral = context_.broker.GetReferral(request);
    if (referral.ok()) *item.mutable_referral() = *std::move(referral);
  }
  ASSIGN_OR_RETURN(const std::vector<ProgressRow> progress, context_.state.ProgressOf(row.share_id));
  for (const ProgressRow& seen : progress) {
    v1::ProgressSeen& added = *item.add_progress();
    added.set_agency(seen.agency);
    added.set_state(static_cast<v1::ProgressState>(seen.state));
    added.set_reason(seen.reason);
    if (!seen.note.empty()) {
      ASSIGN_OR_RETURN(*added.mutable_note(), OpenFromStore(context_.identity, row.share_id, seen.note));
    }
    *added.mutable_create_time() = trust::ToTimestamp(seen.create_time);
  }
  return item;
}

absl::StatusOr<v1::ListOutboxResponse> Desk::ListOutbox(const LocalCaller& caller,
                                                        const v1::ListOutboxRequest& request) {
  RETURN_IF_ERROR(CheckRight(caller, LocalRight::kSeeOutbox, context_));
  ASSIGN_OR_RETURN(const Page page, Page::Of("outbox", caller, request.page_size(), request.page_token(), context_));
  ASSIGN_OR_RETURN(const Filled<OutboxRow> filled,
                   page.Fill([&](int64_t before, int limit) { return context_.state.ListOutbox(before, limit); },
                             [&](const OutboxRow& row) { return MaySeeSent(caller, row.share_id, context_); }));
  v1::ListOutboxResponse response;
  for (const OutboxRow& row : filled.rows) {
    ASSIGN_OR_RETURN(*response.add_items(), ItemOf(row));
  }
  response.set_next_page_token(filled.next_page_token);
  return response;
}

absl::StatusOr<v1::ListInboxResponse> Desk::ListInbox(const LocalCaller& caller, const v1::ListInboxRequest& request) {
  ASSIGN_OR_RETURN(const Page page, Page::Of("inbox", caller, request.page_size(), request.page_token(), context_));
  ASSIGN_OR_RETURN(const Filled<InboxRow> filled,
                   page.Fill([&](int64_t before, int limit) { return context_.state.ListInbox(before, limit); },
                             [&](const InboxRow& row) -> absl::StatusOr<bool> {
                               ASSIGN_OR_RETURN(const v1::Manifest manifest, ManifestOf(row));
                               return CheckMayOpen(caller, manifest, context_).ok();
                             }));
  v1::ListInboxResponse response;
  for (const InboxRow& row : filled.rows) {
    ASSIGN_OR_RETURN(const v1::Manifest manifest, ManifestOf(row));
    ASSIGN_OR_RETURN(*response.add_items(), agents::ItemOf(row, manifest, context_.state));
  }
  response.set_next_page_token(filled.next_page_token);
  return response;
}

absl::StatusOr<v1::ReceivedReferral> Desk::Open(const LocalCaller& caller, const v1::OpenReferralRequest& request) {
  ASSIGN_OR_RETURN(const std::optional<InboxRow> row, context_.state.FindReceived(request.share_id()));
  if (!row.has_value()) return NoSuchShare();
  ASSIGN_OR_RETURN(const v1::Manifest manifest, ManifestOf(*row));
  // Who may not open it is not told that it is there.
  if (!CheckMayOpen(caller, manifest, context_).ok()) return NoSuchShare();
  ASSIGN_OR_RETURN(const v1::InboxItem item, agents::ItemOf(*row, manifest, context_.state));
  if (row->content.empty()) {
    const std::string& later = item.superseded_by_share_id();
    return Fault(absl::StatusCode::kFailedPrecondition, "STATE_NOT_ALLOWED",
                 later.empty() ? "the sender withdrew the share; its content was deleted"
                               : absl::StrCat("`", later, "` took the place of the share; its content was deleted"));
  }
  ASSIGN_OR_RETURN(const UnderRestriction restriction, RestrictionOn(row->share_id, context_.state));
  if (!restriction.closed.empty())
    return Fault(absl::StatusCode::kFailedPrecondition, "SUBJECT_RESTRICTED",
                 "its sender put it under restriction (Article 18): it is stored, and opened only on a ground of "
                 "paragraph 2 that an officer who handles rights named");
  RETURN_IF_ERROR(context_.state.LogAccess(caller.name, row->share_id, "open"));
  ASSIGN_OR_RETURN(const std::string plain, OpenFromStore(context_.identity, row->share_id, row->content));
  v1::ReceivedReferral referral;
  if (!referral.ParseFromString(plain)) return absl::DataLossError("kept content does not parse");
  *referral.mutable_item() = item;
  return referral;
}

absl::StatusOr<v1::ReportReceivedResponse> Desk::Report(const LocalCaller& caller,
                                                        const v1::ReportReceivedRequest& request) {
  ASSIGN_OR_RETURN(const std::optional<InboxRow> row, context_.state.FindReceived(request.share_id()));
  if (!row.has_value()) return NoSuchShare();
  ASSIGN_OR_RETURN(const v1::Manifest manifest, ManifestOf(*row));
  if (!CheckMayOpen(caller, manifest, context_).ok()) return NoSuchShare();
  std::vector<FieldProblem> problems;
  if (!IsProgressReason(request.state(), request.reason()))
    problems.push_back({"reason", "must be a code of the closed list for this state"});
  if (request.note().size() > kMaxNote) problems.push_back({"note", "must have 16 KiB at most"});
  if (!problems.empty())
    return Fault(absl::StatusCode::kInvalidArgument, "PAYLOAD_REJECTED", "the report breaks rules of its form",
                 problems);
  const std::string next = NextState(row->state, request.state());
  if (next.empty()) return CannotFollow(absl::StrCat("`", row->state, "`"));
  std::string once_key;
  RETURN_IF_ERROR(context_.state.Together([&](Changes& changes) -> absl::Status {
    ASSIGN_OR_RETURN(const bool moved, changes.MoveReceived(row->share_id, row->state, next));
    if (!moved) return CannotFollow(absl::StrCat("no longer `", row->state, "`"));
    ASSIGN_OR_RETURN(
        once_key, parts_.postman.QueueProgress(
                      *row, {.state = request.state(), .reason = request.reason(), .note = request.note()}, changes));
    return changes.LogAccess(caller.name, row->share_id, "report");
  }));
  return Reported(*row, next, once_key);
}

absl::StatusOr<v1::ReportReceivedResponse> Desk::Reported(const InboxRow& before, const std::string& state,
                                                          const std::string& once_key) {
  const absl::Status sent = parts_.postman.Drain(before.share_id).status();
  ASSIGN_OR_RETURN(const std::optional<std::string> reply, context_.state.TakeReply(once_key));
  v1::ReportReceivedResponse response;
  if (reply.has_value()) {
    if (!response.mutable_receipt()->ParseFromString(*reply))
      return absl::DataLossError("a kept receipt does not parse");
    return response;
  }
  ASSIGN_OR_RETURN(const bool waits, context_.state.WasQueued(once_key));
  if (waits) return response;  // It is durable, and sent again.
  // The broker does not take it. What came of the share meanwhile, its withdrawal, stays.
  RETURN_IF_ERROR(context_.state.MoveReceived(before.share_id, state, before.state).status());
  return sent.ok() || absl::IsUnavailable(sent)
             ? Fault(absl::StatusCode::kFailedPrecondition, "MESSAGE_NOT_TAKEN", "the broker does not take the report")
             : sent;
}

absl::StatusOr<v1::ComputeReferencesResponse> Desk::References(const LocalCaller& caller,
                                                               const v1::ComputeReferencesRequest& request) {
  RETURN_IF_ERROR(CheckRight(caller, LocalRight::kReferences, context_));
  std::vector<FieldProblem> problems;
  const std::vector<std::string> references =
      ReferencesFor(request.identifiers(), request.enclave(), context_, problems);
  if (!problems.empty()) return Invalid(problems);
  RETURN_IF_ERROR(context_.state.LogAccess(caller.name, "", "references"));
  v1::ComputeReferencesResponse response;
  response.mutable_references()->Assign(references.begin(), references.end());
  return response;
}

absl::StatusOr<v1::RestrictResponse> Desk::Restrict(const LocalCaller& caller, const v1::RestrictRequest& request) {
  RETURN_IF_ERROR(CheckRight(caller, LocalRight::kRestrict, context_));
  ASSIGN_OR_RETURN(v1::RestrictResponse response, agents::Restrict(request, context_));
  for (const std::string& record_ref : request.record_refs()) {
    const absl::StatusOr<bool> holds = parts_.records.Holds(record_ref);
    if (!holds.ok() || !*holds) response.set_record_refs_unseen(response.record_refs_unseen() + 1);
  }
  RETURN_IF_ERROR(context_.state.LogAccess(caller.name, "", request.lift() ? "lift" : "restrict"));
  return response;
}

absl::StatusOr<v1::AgentStatus> Desk::Status(const LocalCaller& caller) {
  RETURN_IF_ERROR(CheckRight(caller, LocalRight::kStatus, context_));
  v1::AgentStatus status;
  status.set_agency(context_.identity.agency);
  status.set_policy_digest(context_.policy.policy_digest());
  status.set_signing_key_id(context_.identity.keys->signing()->key.public_key().key_id());
  status.set_sealing_key_id(context_.identity.keys->sealing()->key.public_key().key_id());
  ASSIGN_OR_RETURN(const int64_t outbox, context_.state.OutboxDepth());
  ASSIGN_OR_RETURN(const int64_t inbox, context_.state.InboxDepth());
  status.set_outbox_depth(static_cast<uint32_t>(outbox));
  status.set_inbox_depth(static_cast<uint32_t>(inbox));
  ASSIGN_OR_RETURN(const std::vector<AlarmRow> alarms, context_.state.Alarms(kMostAlarms));
  for (const AlarmRow& alarm : alarms) {
    v1::Alarm& added = *status.add_alarms();
    added.set_code(alarm.code);
    added.set_share_id(alarm.share_id);
    added.set_agency(alarm.agency);
    *added.mutable_time() = trust::ToTimestamp(alarm.time);
  }
  const std::shared_ptr<const People> people = context_.system.people();
  status.set_system_people(static_cast<uint32_t>(people->records.size()));
  status.set_system_problems(static_cast<uint32_t>(people->problem_count));
  const absl::Time now = context_.clock.Now();
  status.set_ledger(context_.forks.held().has_value() ? v1::LEDGER_STANDING_ROLLED_BACK
                    : context_.quorum.none()          ? v1::LEDGER_STANDING_NO_QUORUM
                    : context_.quorum.Stopped(now)    ? v1::LEDGER_STANDING_STOPPED
                    : context_.quorum.Amber(now)      ? v1::LEDGER_STANDING_AMBER
                                                      : v1::LEDGER_STANDING_WITNESSED);
  status.mutable_unwitnessed_age()->set_seconds(absl::ToInt64Seconds(context_.quorum.Age(now)));
  status.set_broker_reachable(context_.broker.GetCheckpoint({}).ok());
  return status;
}

}  // namespace derwent::agents
