// Holder's answers on their way to the broker.
#include <algorithm>

#include "agents/daemon/fault.h"
#include "agents/daemon/holder.h"
#include "agents/sdk/channel/rpc_error.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {

absl::Status Holder::Drain() {
  ASSIGN_OR_RETURN(const std::vector<AnswerRow> due, parts_.requests.AnswersDue(context_.clock.Now()));
  for (const AnswerRow& row : due) {
    const absl::Status sent = Submit(row);
    if (WorthRetrying(sent)) return sent;
    if (!sent.ok()) context_.log.Failure("an answer was not sent", sent, {{"share", row.request_id}});
  }
  return absl::OkStatus();
}

absl::Status Holder::Submit(const AnswerRow& row) {
  v1::SubmitCaseAnswerRequest request;
  if (!request.ParseFromString(row.submit)) return absl::DataLossError("a kept answer does not parse");
  const absl::StatusOr<v1::SubmitCaseAnswerResponse> response = context_.broker.SubmitCaseAnswer(request);
  if (!response.ok()) {
    if (WorthRetrying(response.status())) return response.status();
    context_.log.Failure("the broker does not take an answer", response.status(),
                         {{"share", row.request_id}, {"reason", ReasonOf(response.status())}});
    return Refused(row, request, ReasonOf(response.status()));
  }
  ASSIGN_OR_RETURN(const v1::Manifest manifest, PeekManifest(request.submission().package()));
  RETURN_IF_ERROR(parts_.evidence.Take(
      response->receipt(), ExpectedOf(manifest, trust::Sha256(request.submission().package().manifest().payload()))));
  if (response->outcome() != v1::SUBMIT_OUTCOME_STORED) return Refused(row, request, response->reason());
  RETURN_IF_ERROR(parts_.requests.SettleAnswer(row.share_id, "STORED"));
  context_.log.Write("info", "a request was answered", {{"share", row.request_id}});
  return EraseWhenDone(row.request_id);
}

// Nothing more is to be decided and everything was taken: the selector has served.
absl::Status Holder::EraseWhenDone(const std::string& request_id) {
  MutexLock lock(working_);
  ASSIGN_OR_RETURN(const std::optional<HeldRow> held, parts_.requests.FindHeld(request_id));
  if (!held.has_value()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const v1::HeldRequest details, Describe(*held));
  return IsOpen(details) ? absl::OkStatus() : context_.state.EraseReceived(request_id);
}

absl::Status Holder::Refused(const AnswerRow& row, const v1::SubmitCaseAnswerRequest& request,
                             const std::string& reason) {
  MutexLock lock(working_);
  RETURN_IF_ERROR(parts_.requests.SettleAnswer(row.share_id, "REFUSED"));
  ASSIGN_OR_RETURN(const std::optional<HeldRow> held, parts_.requests.FindHeld(row.request_id));
  if (!held.has_value()) return absl::OkStatus();
  Standing standing{.row = *held};
  ASSIGN_OR_RETURN(standing.details, Describe(*held));
  ASSIGN_OR_RETURN(const v1::Manifest manifest, PeekManifest(request.submission().package()));
  // Under another policy or key it is made afresh; whatever else is wrong, somebody must look.
  const bool again = reason == "POLICY_CHANGED" || reason == "KEY_NOT_CERTIFIED";
  for (v1::HeldCategory& category : *standing.details.mutable_categories()) {
    const bool in_it = manifest.kind() == v1::PACKAGE_KIND_ANSWER ||
                       std::ranges::any_of(manifest.units(), [&](const v1::ManifestUnit& unit) {
                         return unit.category() == category.category();
                       });
    if (in_it) category.set_outcome(again ? "PENDING" : "WITHHELD");
  }
  if (manifest.kind() == v1::PACKAGE_KIND_ANSWER) {
    standing.details.clear_answer_time();
    standing.details.set_state(again ? "WAITING" : "REFUSED");
  }
  if (!again) context_.Alarm("ANSWER_NOT_TAKEN", row.request_id, manifest.recipient_agency());
  if (again) RETURN_IF_ERROR(parts_.upkeep.SyncPolicy());
  return Save(standing, again ? context_.clock.Now() : absl::InfiniteFuture(), std::nullopt);
}

}  // namespace derwent::agents
