#include "agents/daemon/state/changes.h"

#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

int64_t Millis(absl::Time time) { return time == absl::InfiniteFuture() ? INT64_MAX : absl::ToUnixMillis(time); }

// What is kept of a share that a later version took the place of: that it was here.
absl::Status EndSuperseded(Sql& sql, const std::string& share_id, const std::string& sender) {
  return Sql::Statement(sql,
                        "UPDATE inbox SET state = ?, content = x'', handed_over = 1 WHERE share_id = ? AND sender = ?")
      .Bind(std::string("SUPERSEDED"), share_id, sender)
      .Run();
}

}  // namespace

absl::StatusOr<bool> Changes::SaveReceived(const InboxRow& row, const std::string& supersedes) {
  RETURN_IF_ERROR(
      Run("INSERT OR IGNORE INTO inbox (share_id, delivery_id, sender, state, manifest, manifest_digest, content, "
          "receive_ms, handed_over) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
          row.share_id, row.delivery_id, row.sender, row.state, row.manifest, row.manifest_digest, row.content,
          Millis(row.receive_time), static_cast<int64_t>(row.handed_over)));
  const bool fresh = sql_.changes() > 0;
  if (!supersedes.empty()) {
    RETURN_IF_ERROR(Run("INSERT OR IGNORE INTO superseded (share_id, sender, by_share) VALUES (?, ?, ?)", supersedes,
                        row.sender, row.share_id));
    RETURN_IF_ERROR(EndSuperseded(sql_, supersedes, row.sender));
  }
  // The later version may have come first.
  Sql::Statement later(sql_, "SELECT 1 FROM superseded WHERE share_id = ? AND sender = ?");
  later.Bind(row.share_id, row.sender);
  ASSIGN_OR_RETURN(const bool over, later.Next());
  if (over) RETURN_IF_ERROR(EndSuperseded(sql_, row.share_id, row.sender));
  return fresh;
}

absl::Status Changes::EraseReceived(const std::string& share_id) {
  return Run("UPDATE inbox SET content = x'', handed_over = 1 WHERE share_id = ?", share_id);
}

absl::StatusOr<bool> Changes::MoveReceived(const std::string& share_id, absl::string_view from, absl::string_view to) {
  RETURN_IF_ERROR(Run("UPDATE inbox SET state = ? WHERE share_id = ? AND state = ?", to, share_id, from));
  return sql_.changes() > 0;
}

absl::Status Changes::AddReceipts(const std::vector<ReceiptRow>& receipts, const std::string& name,
                                  const Value& value) {
  for (const ReceiptRow& one : receipts) {
    const auto index = static_cast<int64_t>(one.index);
    RETURN_IF_ERROR(Run("INSERT OR IGNORE INTO receipts VALUES (?, ?, ?)", one.share_id, index, one.receipt));
    if (sql_.changes() > 0)
      RETURN_IF_ERROR(
          Run("INSERT OR REPLACE INTO receipts_pending VALUES (?, ?, ?)", index, one.share_id, Millis(now_)));
  }
  return Keep(name, value());
}

absl::Status Changes::LogAccess(absl::string_view person, absl::string_view share_id, absl::string_view action) {
  return Run("INSERT INTO access_log (time_ms, person, share_id, action) VALUES (?, ?, ?, ?)", Millis(now_), person,
             share_id, action);
}

absl::Status Changes::Keep(const std::string& name, absl::string_view value) {
  return Run("INSERT OR REPLACE INTO kept VALUES (?, ?)", name, value);
}

absl::StatusOr<bool> Changes::QueueMessage(OutgoingMessage message, const std::string& once_key, const Signer& sign) {
  {
    Sql::Statement known(sql_, "SELECT 1 FROM out_messages WHERE once_key = ?");
    known.Bind(once_key);
    ASSIGN_OR_RETURN(const bool queued, known.Next());
    if (queued) return false;
  }
  int64_t last = 0;
  {
    Sql::Statement query(sql_, "SELECT last FROM out_sequences WHERE share_id = ? AND peer = ?");
    query.Bind(message.share_id, message.peer);
    ASSIGN_OR_RETURN(const bool found, query.Next());
    if (found) last = query.Int(0);
  }
  ASSIGN_OR_RETURN(message.envelope, sign(static_cast<uint32_t>(last + 1)));
  RETURN_IF_ERROR(
      Run("INSERT OR REPLACE INTO out_sequences VALUES (?, ?, ?)", message.share_id, message.peer, last + 1));
  RETURN_IF_ERROR(
      Run("INSERT INTO out_messages (once_key, request_id, share_id, peer, kind, delivery_id, envelope) "
          "VALUES (?, ?, ?, ?, ?, ?, ?)",
          once_key, message.request_id, message.share_id, message.peer, message.kind, message.delivery_id,
          message.envelope));
  if (!message.note.empty())
    RETURN_IF_ERROR(
        Run("INSERT INTO out_notes SELECT row, ? FROM out_messages WHERE once_key = ?", message.note, once_key));
  return true;
}

absl::Status Changes::DropMessage(const OutgoingMessage& message, const Renumbering& sign) {
  std::vector<OutgoingMessage> behind;
  {
    Sql::Statement query(sql_,
                         "SELECT m.row, m.kind, m.envelope, coalesce(n.note, x'') FROM out_messages m LEFT JOIN "
                         "out_notes n ON n.row = m.row WHERE m.share_id = ? AND m.peer = ? AND m.sent = 0 AND m.row > "
                         "? ORDER BY m.row");
    query.Bind(message.share_id, message.peer, message.row);
    ASSIGN_OR_RETURN(behind, query.All([&](const Sql::Statement& row) {
      return OutgoingMessage{.row = row.Int(0),
                             .share_id = message.share_id,
                             .peer = message.peer,
                             .kind = row.Text(1),
                             .envelope = row.Text(2),
                             .note = row.Text(3)};
    }));
  }
  RETURN_IF_ERROR(Run("DELETE FROM out_messages WHERE row = ?", message.row));
  RETURN_IF_ERROR(Run("DELETE FROM out_notes WHERE row = ?", message.row));
  RETURN_IF_ERROR(
      Run("UPDATE out_sequences SET last = last - 1 WHERE share_id = ? AND peer = ?", message.share_id, message.peer));
  int64_t number = 0;
  {
    Sql::Statement query(sql_, "SELECT last FROM out_sequences WHERE share_id = ? AND peer = ?");
    query.Bind(message.share_id, message.peer);
    ASSIGN_OR_RETURN(const bool found, query.Next());
    if (found) number = query.Int(0) - static_cast<int64_t>(behind.size());
  }
  for (const OutgoingMessage& next : behind) {
    ASSIGN_OR_RETURN(const std::string envelope, sign(next, static_cast<uint32_t>(++number)));
    RETURN_IF_ERROR(Run("UPDATE out_messages SET envelope = ? WHERE row = ?", envelope, next.row));
  }
  return absl::OkStatus();
}

absl::Status Changes::MessageSent(int64_t row, absl::string_view reply) {
  RETURN_IF_ERROR(Run("UPDATE out_messages SET sent = 1 WHERE row = ?", row));
  RETURN_IF_ERROR(Run("DELETE FROM out_notes WHERE row = ?", row));
  return Run("INSERT OR REPLACE INTO out_replies SELECT once_key, ? FROM out_messages WHERE row = ?", reply, row);
}

absl::Status Changes::HeardOf(const std::string& share_id, const std::string& agency, absl::string_view what) {
  return Run("INSERT OR REPLACE INTO heard VALUES (?, ?, ?)", share_id, agency, what);
}

absl::Status Changes::AcceptSequence(const std::string& share_id, const std::string& peer, uint32_t sequence) {
  RETURN_IF_ERROR(Run("DELETE FROM held WHERE share_id = ? AND peer = ? AND sequence <= ?", share_id, peer, sequence));
  return Run("INSERT OR REPLACE INTO in_sequences VALUES (?, ?, ?)", share_id, peer, sequence);
}

absl::Status Changes::AddProgress(const std::string& share_id, const ProgressRow& progress) {
  return Run(
      "INSERT OR IGNORE INTO progress (share_id, agency, state, reason, note, create_ms) VALUES (?, ?, ?, ?, ?, ?)",
      share_id, progress.agency, static_cast<int64_t>(progress.state), progress.reason, progress.note,
      Millis(progress.create_time));
}

absl::Status Changes::SaveAsked(const AskedRow& row,
                                const std::vector<std::pair<std::string, std::string>>& manifest_by_holder) {
  RETURN_IF_ERROR(
      Run("INSERT INTO asked (request_id, request_ref, request_digest, acting_person, state, reason, submit, outcome, "
          "manifest, create_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          row.request_id, row.request_ref, row.request_digest, row.acting_person, row.state, row.reason, row.submit,
          row.outcome, row.manifest, Millis(row.create_time)));
  if (row.emergency) RETURN_IF_ERROR(GoesFirst(row.request_id));
  for (const auto& [holder, manifest] : manifest_by_holder)
    RETURN_IF_ERROR(Run("INSERT INTO selectors VALUES (?, ?, ?)", row.request_id, holder, manifest));
  return absl::OkStatus();
}

absl::Status Changes::SettleAsked(const std::string& request_id, absl::string_view state, absl::string_view reason,
                                  absl::string_view outcome) {
  return Run("UPDATE asked SET state = ?, reason = ?, outcome = ?, submit = x'' WHERE request_id = ?", state, reason,
             outcome, request_id);
}

absl::Status Changes::AddReply(const std::string& request_id, const std::string& share_id) {
  return Run("INSERT OR IGNORE INTO replies (request_id, share_id) VALUES (?, ?)", request_id, share_id);
}

absl::Status Changes::SaveHeld(const HeldRow& row) {
  return Run("INSERT OR IGNORE INTO held_requests (request_id, details, next_ms) VALUES (?, ?, ?)", row.request_id,
             row.details, Millis(row.next_time));
}

absl::Status Changes::UpdateHeld(const HeldRow& row, const std::optional<AnswerRow>& answer) {
  RETURN_IF_ERROR(Run("UPDATE held_requests SET details = ?, next_ms = ? WHERE request_id = ?", row.details,
                      Millis(row.next_time), row.request_id));
  if (!answer.has_value()) return absl::OkStatus();
  RETURN_IF_ERROR(SetAbout(answer->share_id, answer->about));
  if (answer->emergency) RETURN_IF_ERROR(GoesFirst(answer->share_id));
  return Run("INSERT INTO answers (share_id, request_id, submit, not_before_ms, state) VALUES (?, ?, ?, ?, ?)",
             answer->share_id, answer->request_id, answer->submit, Millis(answer->not_before), answer->state);
}

absl::Status Changes::GoesFirst(const std::string& share_id) {
  return Run("INSERT OR IGNORE INTO emergency_shares VALUES (?)", share_id);
}

absl::Status Changes::SettleAnswer(const std::string& share_id, absl::string_view state) {
  RETURN_IF_ERROR(SetAbout(share_id, {}));
  return Run("UPDATE answers SET state = ?, submit = x'' WHERE share_id = ?", state, share_id);
}

}  // namespace derwent::agents
