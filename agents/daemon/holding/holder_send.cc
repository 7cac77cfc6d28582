// Holder's answers on their way to the broker.
#include <algorithm>
#include <atomic>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"

#include "agents/daemon/context/at_once.h"
#include "agents/daemon/context/fault.h"
#include "agents/daemon/context/sealing.h"
#include "agents/daemon/holding/holder.h"
#include "agents/daemon/sending/asked_approvals.h"
#include "agents/sdk/channel/rpc_error.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {

namespace {

constexpr char kRestricted[] = "SUBJECT_RESTRICTED";
constexpr char kCancelled[] = "REQUEST_CANCELLED";

// How a request stands that nothing can be answered to any more, whatever is in the answer; empty: it is not over.
std::string EndedBy(const std::string& reason) {
  if (reason == kCancelled) return "CANCELLED";
  if (reason == "REQUEST_EXPIRED") return "EXPIRED";
  return reason == "REQUEST_HELD" ? "REFUSED" : "";
}

// A supplement is nothing before its answer: what belongs to a request keeps its order. Emergencies come first, as in
// `due`; they are all there is while releases are `stopped`.
std::vector<std::vector<const AnswerRow*>> ByRequest(const std::vector<AnswerRow>& due, bool stopped) {
  std::vector<std::vector<const AnswerRow*>> turns;
  std::map<std::string, size_t> known;
  for (const AnswerRow& row : due) {
    if (stopped && !row.emergency) continue;
    const auto [turn, fresh] = known.try_emplace(row.request_id, turns.size());
    if (fresh) turns.emplace_back();
    turns[turn->second].push_back(&row);
  }
  return turns;
}

}  // namespace

absl::Status Holder::Drain() {
  ASSIGN_OR_RETURN(const std::vector<AnswerRow> due, parts_.requests.AnswersDue(context_.clock.Now()));
  const std::vector<std::vector<const AnswerRow*>> turns = ByRequest(due, !context_.RequireWitnessed().ok());
  std::atomic<size_t> sent = 0;
  const absl::Status drained = AtOnce(turns.size(), [&](size_t i) {
    for (const AnswerRow* row : turns[i]) {
      const absl::Status one = Submit(*row);
      if (WorthRetrying(one)) return one;
      if (one.ok()) ++sent;
      if (!one.ok()) context_.log.Failure("an answer was not sent", one, {{"share", row->request_id}});
    }
    return absl::OkStatus();
  });
  if (sent > 0 && sent == due.size()) context_.to_send.Ring();  // More may be due than is read at once.
  return drained;
}

// Whom it is about may have been restricted since it was sealed. What the broker took before that is not called back
// so.
absl::StatusOr<bool> Holder::IsStopped(const AnswerRow& row) {
  ASSIGN_OR_RETURN(const bool vetoed, context_.state.ShareStoppedHere(row.share_id));
  if (!vetoed) return false;
  v1::GetCaseRequestRequest get;
  get.set_name(absl::StrCat("agencies/", context_.identity.agency, "/caseRequests/", row.request_id));
  const absl::StatusOr<v1::CaseRequest> known = context_.broker.GetCaseRequest(get);
  if (absl::IsNotFound(known.status())) return true;
  if (!known.ok()) return known.status();
  return std::ranges::none_of(known->holders(), [&](const v1::RequestHolder& holder) {
    return std::ranges::find(holder.answer_share_ids(), row.share_id) != holder.answer_share_ids().end();
  });
}

absl::Status Holder::Submit(const AnswerRow& row) {
  v1::SubmitCaseAnswerRequest request;
  if (!request.ParseFromString(row.submit)) return absl::DataLossError("a kept answer does not parse");
  ASSIGN_OR_RETURN(const v1::Manifest manifest, PeekManifest(request.submission().package()));
  RETURN_IF_ERROR(context_.WitnessedOrEmergency(manifest.purpose(), row.request_id));
  ASSIGN_OR_RETURN(const std::vector<std::string> waiting, parts_.requests.WaitingAnswers(row.request_id));
  // What comes before it was not taken: its turn comes then, or it is made anew.
  if (waiting.empty() || waiting.front() != row.share_id) return absl::OkStatus();
  ASSIGN_OR_RETURN(const bool stopped, IsStopped(row));
  if (stopped) {
    context_.Alarm(kRestricted, row.request_id, "");
    context_.log.Write("info", "an answer was stopped", {{"share", row.request_id}, {"reason", kRestricted}});
    RETURN_IF_ERROR(context_.state.LogAccess("", row.request_id, "stopped: restricted"));
    return Refused(row, request, kRestricted);
  }
  const absl::StatusOr<v1::SubmitCaseAnswerResponse> response = context_.broker.SubmitCaseAnswer(request);
  if (!response.ok()) {
    if (WorthRetrying(response.status())) return response.status();
    context_.log.Failure("the broker does not take an answer", response.status(),
                         {{"share", row.request_id}, {"reason", ReasonOf(response.status())}});
    return Refused(row, request, ReasonOf(response.status()));
  }
  ExpectedEntry expected = ExpectedOf(manifest, trust::Sha256(request.submission().package().manifest().payload()));
  // A refused answer is entered for the holder alone.
  if (response->outcome() != v1::SUBMIT_OUTCOME_STORED) expected.receiving_agency.clear();
  // Where existence is secret a refusal is entered with the answer that is taken.
  const bool later = manifest.existence_sensitive() && response->outcome() != v1::SUBMIT_OUTCOME_STORED;
  if (later && !response->has_receipt()) return Refused(row, request, response->reason());
  ASSIGN_OR_RETURN(const Evidence::Verified receipts,
                   parts_.evidence.Verify({{.receipt = response->receipt(), .expected = expected}}));
  if (response->outcome() == v1::SUBMIT_OUTCOME_STORED) return Stored(row, receipts);
  RETURN_IF_ERROR(context_.state.Together([&](Changes& changes) { return parts_.evidence.Keep(receipts, changes); }));
  return Refused(row, request, response->reason());
}

absl::Status Holder::Stored(const AnswerRow& row, const Evidence::Verified& receipts) {
  const KeyedLock::Hold hold(working_, row.request_id);
  ASSIGN_OR_RETURN(const std::optional<HeldRow> held, parts_.requests.FindHeld(row.request_id));
  ASSIGN_OR_RETURN(const std::vector<std::string> waiting, parts_.requests.WaitingAnswers(row.request_id));
  bool open = !held.has_value() || waiting.size() > 1;  // What follows it may have to be made anew.
  if (held.has_value()) {
    ASSIGN_OR_RETURN(const v1::HeldRequest details, Describe(*held));
    open = open || IsOpen(details);
  }
  RETURN_IF_ERROR(context_.state.Together([&](Changes& changes) -> absl::Status {
    RETURN_IF_ERROR(parts_.evidence.Keep(receipts, changes));
    RETURN_IF_ERROR(changes.SettleAnswer(row.share_id, "STORED"));
    // Nothing more is to be decided and everything was taken: the selector has served.
    return open ? absl::OkStatus() : changes.EraseReceived(row.request_id);
  }));
  context_.log.Write("info", "a request was answered", {{"share", row.request_id}});
  return absl::OkStatus();
}

bool Holder::MakesAfresh(const AnswerRow& row, const v1::Manifest& manifest, const std::string& reason,
                         v1::HeldRequest& details) const {
  const bool answer = manifest.kind() == v1::PACKAGE_KIND_ANSWER;
  const bool silent = answer && manifest.existence_sensitive();
  // Under another policy or key, or about somebody who was restricted since, it is decided afresh.
  const bool again = TookNoEffect(reason) || (reason == kRestricted && !silent);
  // Where existence is secret the asker misses nothing for what was wrong with the content. Whatever else is wrong,
  // somebody must look.
  const std::string ended = EndedBy(reason);
  const bool neutral = silent && !again && ended.empty() && !details.neutral();
  for (v1::HeldCategory& category : *details.mutable_categories()) {
    const bool in_it = answer || std::ranges::any_of(manifest.units(), [&](const v1::ManifestUnit& unit) {
                         return unit.category() == category.category();
                       });
    if (in_it) category.set_outcome(again ? "PENDING" : "WITHHELD");
  }
  if (answer) {
    details.clear_answer_time();
    details.set_state(again || neutral ? "WAITING" : ended.empty() ? "REFUSED" : ended);
  }
  if (neutral) details.set_neutral(true);
  const bool expected = again || reason == kRestricted || reason == kCancelled;
  if (!expected) context_.Alarm("ANSWER_NOT_TAKEN", row.request_id, manifest.recipient_agency());
  return again || neutral;
}

absl::Status Holder::Refused(const AnswerRow& row, const v1::SubmitCaseAnswerRequest& request,
                             const std::string& reason) {
  const KeyedLock::Hold hold(working_, row.request_id);
  ASSIGN_OR_RETURN(const std::optional<HeldRow> held, parts_.requests.FindHeld(row.request_id));
  if (!held.has_value()) return parts_.requests.SettleAnswer(row.share_id, "REFUSED");
  ASSIGN_OR_RETURN(v1::HeldRequest details, Describe(*held));
  ASSIGN_OR_RETURN(const v1::Manifest manifest, PeekManifest(request.submission().package()));
  const bool afresh = MakesAfresh(row, manifest, reason, details);
  std::vector<std::string> dropped = {row.share_id};
  if (manifest.kind() == v1::PACKAGE_KIND_ANSWER) {  // And what was to follow it.
    ASSIGN_OR_RETURN(dropped, parts_.requests.WaitingAnswers(row.request_id));
  }
  HeldRow next{.request_id = row.request_id, .next_time = afresh ? context_.clock.Now() : absl::InfiniteFuture()};
  ASSIGN_OR_RETURN(next.details,
                   SealForStore(context_.identity, row.request_id, details.SerializeAsString(), context_.random));
  const bool over = !EndedBy(reason).empty();
  if (over) RETURN_IF_ERROR(LapseAll(row.request_id, parts_.requests));
  // At once: an answer that was refused, and nothing made in its place, would be missed for ever.
  RETURN_IF_ERROR(context_.state.Together([&](Changes& changes) -> absl::Status {
    for (const std::string& share : dropped) RETURN_IF_ERROR(changes.SettleAnswer(share, "REFUSED"));
    if (over) RETURN_IF_ERROR(changes.EraseReceived(row.request_id));
    return changes.UpdateHeld(next, std::nullopt);
  }));
  if (!afresh) return absl::OkStatus();
  context_.to_send.Ring();
  return TookNoEffect(reason) ? parts_.upkeep.SyncPolicy() : absl::OkStatus();
}

}  // namespace derwent::agents
