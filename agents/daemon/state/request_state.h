#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "agents/daemon/state/rows.h"
#include "agents/daemon/state/state.h"

namespace derwent::agents {

// What the agent must not forget of case-data requests, in the same file as State, so that what belongs to a request
// and what belongs to its shares is one transaction (State::Together). Each call is one too. Errors of all:
// kUnavailable, kDataLoss (sql.h). Thread-safe.
class RequestState {
 public:
  // Borrows `state`.
  static absl::StatusOr<std::unique_ptr<RequestState>> Open(State& state);

  // Asked. SaveAsked: kAlreadyExists when the reference is taken.
  absl::Status SaveAsked(const AskedRow& row,
                         const std::vector<std::pair<std::string, std::string>>& manifest_by_holder) {
    return state_.Together([&](Changes& changes) { return changes.SaveAsked(row, manifest_by_holder); });
  }
  absl::StatusOr<std::optional<AskedRow>> FindAsked(const std::string& request_id);
  absl::StatusOr<std::optional<AskedRow>> FindReference(const std::string& request_ref);
  // Emergencies first.
  absl::StatusOr<std::vector<AskedRow>> QueuedRequests();
  // Newest first, below row `before` (0: from the newest).
  absl::StatusOr<std::vector<AskedRow>> ListAsked(int64_t before, int limit);
  // Oldest first, above row `after`.
  absl::StatusOr<std::vector<AskedRow>> AskedAfter(int64_t after, int limit);
  absl::Status SettleAsked(const std::string& request_id, absl::string_view state, absl::string_view reason,
                           absl::string_view outcome) {
    return state_.Together([&](Changes& changes) { return changes.SettleAsked(request_id, state, reason, outcome); });
  }
  // Replaces the outcome kept of a request, and leaves nothing of the old one in the file or its log of changes.
  absl::Status RewriteOutcome(const std::string& request_id, absl::string_view outcome);
  // Forgets the reference of a request that took no effect, so that it can be prepared afresh.
  absl::Status ReleaseReference(const std::string& request_id);
  // The selector's manifest as it was sent to a holder; empty when that holder was not asked.
  absl::StatusOr<std::string> SelectorOf(const std::string& request_id, const std::string& holder);
  // Share ids of answers that came, oldest first.
  absl::StatusOr<std::vector<std::string>> RepliesTo(const std::string& request_id);

  // Held.
  absl::StatusOr<std::optional<HeldRow>> FindHeld(const std::string& request_id);
  absl::StatusOr<std::vector<HeldRow>> HeldDue(absl::Time now);
  absl::StatusOr<std::vector<HeldRow>> ListHeld(int64_t before, int limit);
  absl::Status WakeHeld(const std::string& request_id, absl::Time next_time);
  // Every one of which something is still to be done.
  absl::Status WakeAllHeld(absl::Time next_time);
  // How the request stands now, and the answer or supplement made of it, if any.
  absl::Status UpdateHeld(const HeldRow& row, const std::optional<AnswerRow>& answer) {
    return state_.Together([&](Changes& changes) { return changes.UpdateHeld(row, answer); });
  }

  // Approvals. Adding keeps the first of an id.
  absl::Status AddApproval(const ApprovalRow& row);
  absl::StatusOr<std::optional<ApprovalRow>> FindApproval(const std::string& approval_id);
  absl::StatusOr<std::vector<ApprovalRow>> ApprovalsOf(const std::string& request_id);
  // Those that wait and have not lapsed, due soonest first, 500 at most.
  absl::StatusOr<std::vector<ApprovalRow>> WaitingApprovals(absl::Time now);
  // How many wait and have not lapsed.
  absl::StatusOr<int64_t> CountWaitingApprovals(absl::Time now);
  // Likewise, of what another agency asked.
  absl::StatusOr<int64_t> CountWaitingOf(const std::string& agency, absl::Time now);
  // What other agencies asked and nobody here answered in time waits no more: somebody elsewhere did, or nobody.
  absl::Status LapseElsewhere(absl::Time now);
  absl::Status MarkAsked(const std::string& approval_id);
  // False when it was decided before: an approval counts once.
  absl::StatusOr<bool> SettleApproval(const std::string& approval_id, absl::string_view state, absl::string_view reason,
                                      absl::string_view approval);

  // Answers whose slot has come: those of emergencies first, then in the order in which they were made.
  absl::StatusOr<std::vector<AnswerRow>> AnswersDue(absl::Time now);
  // Oldest first, above row `after`.
  absl::StatusOr<std::vector<AnswerRow>> AnswersAfter(int64_t after, int limit);
  absl::StatusOr<std::optional<AnswerRow>> FindAnswer(const std::string& share_id);
  // Share ids of those of a request that wait to be sent, in the order in which they were made.
  absl::StatusOr<std::vector<std::string>> WaitingAnswers(const std::string& request_id);
  absl::Status SettleAnswer(const std::string& share_id, absl::string_view state) {
    return state_.Together([&](Changes& changes) { return changes.SettleAnswer(share_id, state); });
  }

 private:
  explicit RequestState(State& state) : state_(state) {}
  template <typename... Values>
  absl::Status Change(absl::string_view sql, const Values&... values);
  template <typename Row, typename Read, typename... Values>
  absl::StatusOr<std::vector<Row>> Select(const std::string& sql, Read read, const Values&... values);
  template <typename... Values>
  absl::StatusOr<int64_t> Count(const std::string& sql, const Values&... values);
  template <typename... Values>
  absl::StatusOr<std::vector<std::string>> Texts(const std::string& sql, const Values&... values);

  State& state_;
};

}  // namespace derwent::agents
