// What must not show where existence is secret: that something went wrong with what is held.
#include <algorithm>

#include "agents/daemon/holding/holder.h"
#include "agents/daemon/holding/slot.h"
#include "trust/base/status_macros.h"
#include "trust/message/timestamp.h"

namespace derwent::agents {

absl::Time SlotOf(absl::Time slot, absl::Time now) {
  if (now <= slot + kStillTheSlots) return slot;
  return absl::UnixEpoch() + absl::Ceil(now - absl::UnixEpoch(), kLateStep);
}

absl::Status Holder::InSpiteOf(const absl::Status& fault, const HeldRow& row, const InboxRow& received) {
  ASSIGN_OR_RETURN(Standing standing, Load(row, received));  // As it stood before.
  if (!standing.inquiry.selector.existence_sensitive() || standing.details.has_answer_time()) return fault;
  context_.log.Failure("a request was not worked on", fault, {{"share", row.request_id}});
  const absl::Time now = context_.clock.Now();
  const absl::Time make = standing.answer_time - kAnswerLead;
  if (now < make) return parts_.requests.WakeHeld(row.request_id, std::min(now + kHolderAgain, make));
  context_.Alarm(kAnswerNotMade, row.request_id, "");
  return AnswerNeutrally(standing, now + kHolderAgain);  // What can be given once it is mended follows.
}

absl::Status Holder::AnswerNeutrally(Standing& standing, absl::Time next_time) {
  standing.record.reset();
  standing.about.clear();
  standing.approvals.clear();
  RETURN_IF_ERROR(Decide(standing));
  const Verdicts nobody = [](const std::string&, const AnswerLine&) { return Verdict(); };
  const absl::Time slot = SlotOf(standing.answer_time, context_.clock.Now());
  ASSIGN_OR_RETURN(const Sealed answer, Seal(standing, v1::PACKAGE_KIND_ANSWER,
                                             SilentAnswer(standing.inquiry, standing.decision, nobody, slot), slot));
  *standing.details.mutable_answer_time() = trust::ToTimestamp(slot);
  standing.details.set_state("ANSWERED");
  return Save(standing, next_time, answer);
}

}  // namespace derwent::agents
