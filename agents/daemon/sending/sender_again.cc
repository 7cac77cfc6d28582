// A share that took no effect, because policy or a recipient's key changed since it was sealed: planned again.
#include <utility>

#include "agents/daemon/context/fault.h"
#include "agents/daemon/context/sealing.h"
#include "agents/daemon/sending/originators.h"
#include "agents/daemon/sending/planned_share.h"
#include "agents/daemon/sending/sender.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

// How often one share is planned, the first time included: should broker and agent never be of one mind, its sender is
// told, and nothing goes in a circle.
constexpr int kMostPlans = 5;

absl::Status TakenBack() {
  return Fault(absl::StatusCode::kFailedPrecondition, "WITHDRAWN", "its originator took back what would go onward");
}

}  // namespace

absl::StatusOr<bool> Sender::MayPlanAgain(const std::string& share_id, absl::string_view reason) {
  if (!TookNoEffect(reason)) return false;
  ASSIGN_OR_RETURN(const std::optional<PlannedRow> planned, context_.state.FindPlanned(share_id));
  if (!planned.has_value() || planned->plans >= kMostPlans) return false;
  context_.log.Write("info", "a share is planned again", {{"share", share_id}, {"reason", reason}});
  return true;
}

absl::StatusOr<bool> Sender::PlanAgain(const std::string& share_id) {
  const MutexLock lock(planning_);
  ASSIGN_OR_RETURN(const std::optional<OutboxRow> row, context_.state.FindShare(share_id));
  if (!row.has_value() || row->state != "QUEUED" || !row->submit.empty()) return false;
  ASSIGN_OR_RETURN(const std::optional<PlannedRow> planned, context_.state.FindPlanned(share_id));
  if (!planned.has_value()) return false;
  v1::ShareOutcome outcome;
  if (!outcome.ParseFromString(row->outcome)) return absl::DataLossError("a kept outcome does not parse");
  ASSIGN_OR_RETURN(ReferralDraft draft, OpenPlanned(share_id, planned->planned, context_));
  std::vector<FieldProblem> gone;
  RETURN_IF_ERROR(FindOriginators(context_.state, draft, gone));
  const absl::StatusOr<bool> kept = gone.empty() ? KeepPlan(*row, draft) : TakenBack();
  if (kept.ok() || WorthRetrying(kept.status())) return kept;
  RETURN_IF_ERROR(NotTaken(share_id, std::move(outcome), kept.status()));
  return false;
}

absl::StatusOr<bool> Sender::KeepPlan(const OutboxRow& row, const ReferralDraft& draft) {
  ASSIGN_OR_RETURN(Decided decided, Decide(draft, /*agreed=*/{}));
  SplitOutcomes split = Split(draft, decided.decision);
  Prepared waiting;
  // What may yet be refused takes nothing's place.
  if (!draft.older.has_value() || split.now.has_value())
    RETURN_IF_ERROR(PrepareWaiting(draft, decided, split, waiting));
  if (!split.now.has_value()) {
    decided.decision.refusal = "APPROVAL_REQUIRED";
    split.now.emplace().set_profile(draft.profile);
    split.now->mutable_decisions()->Assign(decided.decision.decisions.begin(), decided.decision.decisions.end());
  }
  ASSIGN_OR_RETURN(OutboxRow again, PrepareNow(row.share_id, draft, decided, split));
  again.referral_ref = row.referral_ref;
  RETURN_IF_ERROR(context_.state.SavePlan(again, waiting.shares, waiting.held_back));
  if (!waiting.shares.empty()) context_.to_send.Ring();
  if (again.state == "QUEUED") return true;
  context_.metrics.ShareSettled(again.state);
  context_.log.Write("info", "a share that was planned again ends",
                     {{"share", row.share_id}, {"status", again.state}, {"reason", again.reason}});
  return false;
}

}  // namespace derwent::agents
