#include "agents/daemon/sending/supersessions.h"

#include <optional>
#include <vector>

#include "agents/daemon/context/share_outcome.h"
#include "agents/daemon/sending/later_version.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

absl::StatusOr<v1::ShareOutcome> OutcomeOf(const OutboxRow& share) {
  v1::ShareOutcome outcome;
  if (!outcome.ParseFromString(share.outcome)) return absl::DataLossError("a kept outcome does not parse");
  return outcome;
}

}  // namespace

absl::Status Supersessions::Work() {
  ASSIGN_OR_RETURN(const std::vector<Supersession> stored, context_.state.StoredSupersessions());
  absl::Status first;
  for (const Supersession& one : stored) {
    const absl::Status finished = Finish(one);
    first.Update(finished);
    if (!finished.ok())
      context_.log.Failure("an older version was not ended", finished, {{"share", one.older_share_id}});
  }
  return first;
}

absl::Status Supersessions::Finish(const Supersession& supersession) {
  ASSIGN_OR_RETURN(const std::optional<OutboxRow> later, context_.state.FindShare(supersession.share_id));
  ASSIGN_OR_RETURN(const std::optional<OutboxRow> older, context_.state.FindShare(supersession.older_share_id));
  if (!later.has_value() || !older.has_value()) return absl::DataLossError("a share that is superseded is not kept");
  ASSIGN_OR_RETURN(const v1::ShareOutcome said, OutcomeOf(*later));
  ASSIGN_OR_RETURN(const v1::ShareOutcome outcome, OutcomeOf(*older));
  ASSIGN_OR_RETURN(const std::vector<OutboxRow> siblings, context_.state.SharesOf(older->referral_ref));
  for (const OutboxRow& sibling : siblings) {
    ASSIGN_OR_RETURN(const v1::ShareOutcome of, OutcomeOf(sibling));
    if (sibling.share_id == older->share_id || of.profile() != outcome.profile()) continue;
    if (sibling.state == "QUEUED") return absl::OkStatus();  // On its way: it is told of once it arrived.
    RETURN_IF_ERROR(EndAddition(sibling));
  }
  RETURN_IF_ERROR(
      WithdrawFrom({said.withdrawn_agencies().begin(), said.withdrawn_agencies().end()}, *older, outcome.version()));
  context_.log.Write("info", "a share was superseded", {{"share", older->share_id}});
  return context_.state.FinishSupersession(supersession.share_id);
}

absl::Status Supersessions::EndAddition(const OutboxRow& share) {
  if (share.state == "PENDING") {
    const absl::Status cancelled = held_back_.Cancel(share.share_id);
    return absl::IsNotFound(cancelled) ? absl::OkStatus() : cancelled;
  }
  if (share.state != "STORED") return absl::OkStatus();
  ASSIGN_OR_RETURN(const v1::ShareOutcome outcome, OutcomeOf(share));
  return WithdrawFrom(RecipientsIn(outcome), share, outcome.version());
}

absl::Status Supersessions::WithdrawFrom(const std::vector<std::string>& recipients, const OutboxRow& share,
                                         uint32_t version) {
  for (const std::string& recipient : recipients)
    RETURN_IF_ERROR(postman_.QueueWithdrawal({share.share_id, version}, recipient, "SUPERSEDED"));
  return context_.state.MarkReconciled(share.share_id);  // Nobody is waited for any more.
}

}  // namespace derwent::agents
