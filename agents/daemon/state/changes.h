#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "agents/daemon/state/rows.h"
#include "agents/daemon/state/sql.h"

namespace derwent::agents {

// What is done in one transaction of the agent's file (State::Together): all of it is durable with one sync, or nothing
// of it was done. Errors of all: kUnavailable, kDataLoss (sql.h); return the first. Lives as long as the transaction.
class Changes {
 public:
  Changes(Sql& sql, absl::Time now) : sql_(sql), now_(now) {}

  // Shares that came. SaveReceived keeps the first of a share; a repeat changes nothing and returns false. The content
  // of the same sender's share `supersedes`, if any, is deleted, as is the row's own when its later version came first.
  absl::StatusOr<bool> SaveReceived(const InboxRow& row, const std::string& supersedes);
  absl::Status EraseReceived(const std::string& share_id);
  // From one state to another; false, and nothing is changed, when it is not in `from`.
  absl::StatusOr<bool> MoveReceived(const std::string& share_id, absl::string_view from, absl::string_view to);
  // Evidence, of each entry of a share the first: it may be final by now, or erased. With a single value of the moment:
  // it is asked for when it is written, one after another, and so never goes back when what it says does not.
  using Value = std::function<std::string()>;
  absl::Status AddReceipts(const std::vector<ReceiptRow>& receipts, const std::string& name, const Value& value);
  // What the access log says.
  absl::Status LogAccess(absl::string_view person, absl::string_view share_id, absl::string_view action);
  absl::Status Keep(const std::string& name, absl::string_view value);

  // Messages out: numbers, signs (by `sign`) and keeps. Returns false when `once_key` was queued before.
  using Signer = std::function<absl::StatusOr<std::string>(uint32_t sequence)>;
  absl::StatusOr<bool> QueueMessage(OutgoingMessage message, const std::string& once_key, const Signer& sign);
  // Forgets a message that the broker will never take, the oldest that waits of its share and peer. Numbers have no
  // gaps: those behind it move up by one and are signed anew by `sign`.
  using Renumbering = std::function<absl::StatusOr<std::string>(const OutgoingMessage& message, uint32_t sequence)>;
  absl::Status DropMessage(const OutgoingMessage& message, const Renumbering& sign);
  // The broker took it, and said `reply`.
  absl::Status MessageSent(int64_t row, absl::string_view reply);
  // Messages in. A recipient of a share was heard of: `ACKNOWLEDGED` or `EXPIRED`.
  absl::Status HeardOf(const std::string& share_id, const std::string& agency, absl::string_view what);
  // The message was applied, and what was held up to it is forgotten.
  absl::Status AcceptSequence(const std::string& share_id, const std::string& peer, uint32_t sequence);
  absl::Status AddProgress(const std::string& share_id, const ProgressRow& progress);

  // Requests that this agency sent. SaveAsked: kAlreadyExists when the reference is taken.
  absl::Status SaveAsked(const AskedRow& row,
                         const std::vector<std::pair<std::string, std::string>>& manifest_by_holder);
  absl::Status SettleAsked(const std::string& request_id, absl::string_view state, absl::string_view reason,
                           absl::string_view outcome);
  absl::Status AddReply(const std::string& request_id, const std::string& share_id);
  // Requests that others sent here. SaveHeld keeps the first; a repeat changes nothing.
  absl::Status SaveHeld(const HeldRow& row);
  // How the request stands now, and the answer or supplement made of it, if any.
  absl::Status UpdateHeld(const HeldRow& row, const std::optional<AnswerRow>& answer);
  absl::Status SettleAnswer(const std::string& share_id, absl::string_view state);

  // Restrictions. Numbers, signs (by `sign`) and keeps what the broker is to be told. A restriction stops at once what
  // is about one of `references`, in place of those before; one that is lifted does until the broker took that.
  absl::Status QueueRestriction(RestrictionRow row, const std::vector<std::string>& references, const Signer& sign);
  // The broker took it.
  absl::Status RestrictionTaken(const RestrictionRow& row);
  // The broker does not take it, nor what follows of the same restriction: the numbers are given again. Skip: but not
  // its own, which the broker has.
  absl::Status DropRestriction(const RestrictionRow& row);
  absl::Status SkipRestriction(const RestrictionRow& row);
  absl::Status SetVeto(const std::string& restriction_id, const std::vector<std::string>& references);
  // Whom a share that waits to be sent is about; nobody: it waits no more.
  absl::Status SetAbout(const std::string& share_id, const std::vector<KnownAs>& about);

 private:
  absl::StatusOr<uint32_t> LastOfRestriction(const std::string& restriction_id);
  absl::Status GoesFirst(const std::string& share_id);  // Of an emergency.
  template <typename... Values>
  absl::Status Run(absl::string_view text, const Values&... values) {
    return Sql::Statement(sql_, text).Bind(values...).Run();
  }

  Sql& sql_;
  const absl::Time now_;
};

}  // namespace derwent::agents
