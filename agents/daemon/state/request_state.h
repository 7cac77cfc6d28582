#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "agents/daemon/state/group_commit.h"
#include "agents/daemon/state/sql.h"
#include "trust/base/mutex.h"

namespace derwent::agents {

// A request that this agency sent. Holds no content in clear.
struct AskedRow {
  int64_t row = 0;
  std::string request_id;
  std::string request_ref;
  std::string request_digest;
  std::string acting_person;
  std::string state;     // `QUEUED`, `STORED`, `REFUSED`, `CANCELLED`.
  std::string reason;    // Of a refusal.
  std::string submit;    // Serialised SubmitCaseRequestRequest: the bytes every retry sends. Empty once answered.
  std::string outcome;   // Serialised SendCaseRequestResponse.
  std::string manifest;  // Serialised Manifest of one of the selectors: what all have in common.
  absl::Time create_time;
};

// A request that another agency sent here.
struct HeldRow {
  int64_t row = 0;
  std::string request_id;
  std::string details;   // Sealed HeldRequest.
  absl::Time next_time;  // When something is to be done about it; InfiniteFuture: nothing more.
};

// An approval asked for: here (`own`), or by another agency of a role that somebody here holds.
struct ApprovalRow {
  std::string approval_id;
  std::string request_id;
  std::string role;
  std::string question;  // Serialised ApprovalQuestion.
  bool own = false;
  bool sent = false;     // To other agencies, for a panel's role.
  std::string state;     // `WAITING`, `APPROVED`, `REFUSED`, `LAPSED`.
  std::string reason;    // Of a refusal.
  std::string approval;  // Serialised SignedApproval.
  absl::Time due;
};

// An answer or supplement, finished and sealed.
struct AnswerRow {
  std::string share_id;
  std::string request_id;
  std::string submit;     // Serialised SubmitCaseAnswerRequest: the bytes every retry sends. Empty once answered.
  absl::Time not_before;  // The answer slot.
  std::string state;      // `QUEUED`, `STORED`, `REFUSED`.
  int64_t row = 0;
};

// What the agent must not forget of case-data requests: a SQLite file of its own beside State's, synced at every
// change. Each call is one transaction; calls that come at once share one sync. Errors of all: kUnavailable, kDataLoss
// (sql.h). Thread-safe.
class RequestState {
 public:
  static absl::StatusOr<std::unique_ptr<RequestState>> Open(const std::string& path);

  // Asked. SaveAsked: kAlreadyExists when the reference is taken.
  absl::Status SaveAsked(const AskedRow& row,
                         const std::vector<std::pair<std::string, std::string>>& manifest_by_holder);
  absl::StatusOr<std::optional<AskedRow>> FindAsked(const std::string& request_id);
  absl::StatusOr<std::optional<AskedRow>> FindReference(const std::string& request_ref);
  absl::StatusOr<std::vector<AskedRow>> QueuedRequests();
  // Newest first, below row `before` (0: from the newest).
  absl::StatusOr<std::vector<AskedRow>> ListAsked(int64_t before, int limit);
  // Oldest first, above row `after`.
  absl::StatusOr<std::vector<AskedRow>> AskedAfter(int64_t after, int limit);
  absl::Status SettleAsked(const std::string& request_id, absl::string_view state, absl::string_view reason,
                           absl::string_view outcome);
  // Replaces the outcome kept of a request, and leaves nothing of the old one in the file or its log of changes.
  absl::Status RewriteOutcome(const std::string& request_id, absl::string_view outcome);
  // Forgets the reference of a request that took no effect, so that it can be prepared afresh.
  absl::Status ReleaseReference(const std::string& request_id);
  // The selector's manifest as it was sent to a holder; empty when that holder was not asked.
  absl::StatusOr<std::string> SelectorOf(const std::string& request_id, const std::string& holder);
  // Share ids of answers that came, oldest first.
  absl::Status AddReply(const std::string& request_id, const std::string& share_id);
  absl::StatusOr<std::vector<std::string>> RepliesTo(const std::string& request_id);

  // Held. Keeps the first; a repeat changes nothing.
  absl::Status SaveHeld(const HeldRow& row);
  absl::StatusOr<std::optional<HeldRow>> FindHeld(const std::string& request_id);
  absl::StatusOr<std::vector<HeldRow>> HeldDue(absl::Time now);
  absl::StatusOr<std::vector<HeldRow>> ListHeld(int64_t before, int limit);
  absl::Status WakeHeld(const std::string& request_id, absl::Time next_time);
  // Every one of which something is still to be done.
  absl::Status WakeAllHeld(absl::Time next_time);
  // Together: how the request stands now, and the answer or supplement made of it, if any.
  absl::Status UpdateHeld(const HeldRow& row, const std::optional<AnswerRow>& answer);

  // Approvals. Adding keeps the first of an id.
  absl::Status AddApproval(const ApprovalRow& row);
  absl::StatusOr<std::optional<ApprovalRow>> FindApproval(const std::string& approval_id);
  absl::StatusOr<std::vector<ApprovalRow>> ApprovalsOf(const std::string& request_id);
  absl::StatusOr<std::vector<ApprovalRow>> WaitingApprovals();
  // How many wait and have not lapsed.
  absl::StatusOr<int64_t> CountWaitingApprovals(absl::Time now);
  absl::Status MarkAsked(const std::string& approval_id);
  // False when it was decided before: an approval counts once.
  absl::StatusOr<bool> SettleApproval(const std::string& approval_id, absl::string_view state, absl::string_view reason,
                                      absl::string_view approval);

  // Answers whose slot has come, in the order in which they were made.
  absl::StatusOr<std::vector<AnswerRow>> AnswersDue(absl::Time now);
  // Oldest first, above row `after`.
  absl::StatusOr<std::vector<AnswerRow>> AnswersAfter(int64_t after, int limit);
  absl::StatusOr<std::optional<AnswerRow>> FindAnswer(const std::string& share_id);
  absl::Status SettleAnswer(const std::string& share_id, absl::string_view state);

 private:
  explicit RequestState(std::unique_ptr<Sql> sql) : sql_(std::move(sql)), commits_(mutex_, *sql_) {}
  template <typename... Values>
  absl::Status Change(absl::string_view sql, const Values&... values);
  template <typename Row, typename Read, typename... Values>
  absl::StatusOr<std::vector<Row>> Select(const std::string& sql, Read read, const Values&... values);
  template <typename... Values>
  absl::StatusOr<std::vector<std::string>> Texts(const std::string& sql, const Values&... values);

  Mutex mutex_;
  std::unique_ptr<Sql> sql_ GUARDED_BY(mutex_);
  GroupCommit commits_;
};

}  // namespace derwent::agents
