#include "agents/daemon/state/state.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

constexpr char kSchema[] = R"sql(
CREATE TABLE IF NOT EXISTS pushes (referral_ref BLOB PRIMARY KEY, request_digest BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox (row INTEGER PRIMARY KEY AUTOINCREMENT, share_id BLOB NOT NULL UNIQUE, referral_ref BLOB NOT NULL,
  state BLOB NOT NULL, reason BLOB NOT NULL, submit BLOB NOT NULL, outcome BLOB NOT NULL, create_ms INTEGER NOT NULL, deadline_ms INTEGER NOT NULL, reconciled INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS outbox_by_ref ON outbox (referral_ref);
CREATE INDEX IF NOT EXISTS outbox_by_state ON outbox (state, reconciled, deadline_ms);
CREATE TABLE IF NOT EXISTS planned (share_id BLOB PRIMARY KEY, planned BLOB NOT NULL, plans INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS supersedes (share_id BLOB PRIMARY KEY, older BLOB NOT NULL, finished INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS supersedes_by_older ON supersedes (older);
CREATE INDEX IF NOT EXISTS supersedes_unfinished ON supersedes (share_id) WHERE finished = 0;
CREATE TABLE IF NOT EXISTS superseded (share_id BLOB, sender BLOB, by_share BLOB NOT NULL, told INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (share_id, sender)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS superseded_untold ON superseded (share_id) WHERE told = 0;
CREATE TABLE IF NOT EXISTS held_back (share_id BLOB PRIMARY KEY, units BLOB NOT NULL, next_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS held_back_due ON held_back (next_ms);
CREATE TABLE IF NOT EXISTS heard (share_id BLOB, agency BLOB, what BLOB NOT NULL, PRIMARY KEY (share_id, agency)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS out_sequences (share_id BLOB, peer BLOB, last INTEGER NOT NULL, PRIMARY KEY (share_id, peer)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS out_messages (row INTEGER PRIMARY KEY AUTOINCREMENT, once_key BLOB NOT NULL UNIQUE, request_id BLOB NOT NULL,
  share_id BLOB NOT NULL, peer BLOB NOT NULL, kind BLOB NOT NULL, delivery_id BLOB NOT NULL, envelope BLOB NOT NULL, sent INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS out_notes (row INTEGER PRIMARY KEY, note BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS out_replies (once_key BLOB PRIMARY KEY, reply BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS out_messages_pending ON out_messages (sent, row);
CREATE INDEX IF NOT EXISTS out_messages_by_share ON out_messages (share_id, peer, kind);
CREATE TABLE IF NOT EXISTS in_sequences (share_id BLOB, peer BLOB, last INTEGER NOT NULL, PRIMARY KEY (share_id, peer)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS held (share_id BLOB, peer BLOB, sequence INTEGER, envelope BLOB NOT NULL, PRIMARY KEY (share_id, peer, sequence)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS inbox (row INTEGER PRIMARY KEY AUTOINCREMENT, share_id BLOB NOT NULL UNIQUE, delivery_id BLOB NOT NULL, sender BLOB NOT NULL,
  state BLOB NOT NULL, manifest BLOB NOT NULL, manifest_digest BLOB NOT NULL, content BLOB NOT NULL, receive_ms INTEGER NOT NULL,
  handover_started INTEGER NOT NULL DEFAULT 0, handed_over INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS inbox_not_handed_over ON inbox (row) WHERE handed_over = 0;
CREATE TABLE IF NOT EXISTS progress (row INTEGER PRIMARY KEY AUTOINCREMENT, share_id BLOB NOT NULL, agency BLOB NOT NULL, state INTEGER NOT NULL,
  reason BLOB NOT NULL, note BLOB NOT NULL, create_ms INTEGER NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS progress_once ON progress (share_id, agency, create_ms, state, reason);
CREATE TABLE IF NOT EXISTS rejected (delivery_id BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alarms_raised (row INTEGER PRIMARY KEY AUTOINCREMENT, code BLOB NOT NULL, share_id BLOB NOT NULL, agency BLOB NOT NULL,
  key_id BLOB NOT NULL, time_ms INTEGER NOT NULL, UNIQUE (code, share_id, agency, key_id));
CREATE TABLE IF NOT EXISTS alarms (code, share_id, agency, time_ms);  -- Of agents before 2026-11-27, taken over.
INSERT OR IGNORE INTO alarms_raised (code, share_id, agency, key_id, time_ms) SELECT code, share_id, agency, x'', time_ms FROM alarms;
DROP TABLE alarms;
CREATE TABLE IF NOT EXISTS access_log (row INTEGER PRIMARY KEY AUTOINCREMENT, time_ms INTEGER NOT NULL, person BLOB NOT NULL, share_id BLOB NOT NULL, action BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS receipts (share_id BLOB, idx INTEGER, receipt BLOB NOT NULL, PRIMARY KEY (share_id, idx)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS receipts_by_index ON receipts (idx);
CREATE TABLE IF NOT EXISTS receipts_pending (idx INTEGER, share_id BLOB, since_ms INTEGER NOT NULL, PRIMARY KEY (idx, share_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS receipts_pending_since ON receipts_pending (since_ms);
CREATE TABLE IF NOT EXISTS vetoes (reference BLOB, restriction_id BLOB, PRIMARY KEY (reference, restriction_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS given (share_id BLOB, recipient BLOB, subject INTEGER, request_id BLOB NOT NULL, categories BLOB NOT NULL,
  source BLOB NOT NULL, onward BLOB NOT NULL, PRIMARY KEY (share_id, recipient, subject)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS given_by_source ON given (source);
CREATE TABLE IF NOT EXISTS given_person (digest BLOB, share_id BLOB, subject INTEGER, PRIMARY KEY (digest, share_id, subject)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS given_person_by_share ON given_person (share_id);
CREATE TABLE IF NOT EXISTS rights (row INTEGER PRIMARY KEY AUTOINCREMENT, event_id BLOB NOT NULL, share_id BLOB NOT NULL, peer BLOB NOT NULL,
  own INTEGER NOT NULL, state BLOB NOT NULL, because BLOB NOT NULL, notice BLOB NOT NULL, answer BLOB NOT NULL, ground BLOB NOT NULL,
  create_ms INTEGER NOT NULL, UNIQUE (event_id, share_id, peer));
CREATE INDEX IF NOT EXISTS rights_by_share ON rights (share_id);
CREATE INDEX IF NOT EXISTS rights_by_because ON rights (because);
CREATE TABLE IF NOT EXISTS rights_calls (request_id BLOB PRIMARY KEY, method BLOB NOT NULL, request BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS restrictions_due (row INTEGER PRIMARY KEY AUTOINCREMENT, restriction_id BLOB NOT NULL, sequence INTEGER NOT NULL, lifts INTEGER NOT NULL,
  request BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS restrictions_untold (restriction_id BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS about (share_id BLOB, reference BLOB, at_broker INTEGER NOT NULL, PRIMARY KEY (share_id, reference)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (digest BLOB PRIMARY KEY, result BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kept (name BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
-- Receipts of agents before 2026-11-28, none of them final: taken over once.
INSERT OR IGNORE INTO receipts_pending SELECT idx, share_id, unixepoch() * 1000 FROM receipts WHERE NOT EXISTS (SELECT 1 FROM kept WHERE name = CAST('receipts_finished' AS BLOB));
INSERT OR IGNORE INTO kept VALUES (CAST('receipts_finished' AS BLOB), CAST('from now on' AS BLOB));
)sql";

constexpr char kOutboxColumns[] =
    "SELECT row, share_id, referral_ref, state, reason, submit, outcome, create_ms, deadline_ms FROM outbox ";
constexpr char kInboxColumns[] =
    "SELECT row, share_id, delivery_id, sender, state, manifest, manifest_digest, content, receive_ms, "
    "handover_started, handed_over FROM inbox ";

int64_t Millis(absl::Time time) { return absl::ToUnixMillis(time); }

OutboxRow ReadOutbox(const Sql::Statement& row) {
  return {.row = row.Int(0),
          .share_id = row.Text(1),
          .referral_ref = row.Text(2),
          .state = row.Text(3),
          .reason = row.Text(4),
          .submit = row.Text(5),
          .outcome = row.Text(6),
          .create_time = absl::FromUnixMillis(row.Int(7)),
          .collect_deadline = absl::FromUnixMillis(row.Int(8))};
}

InboxRow ReadInbox(const Sql::Statement& row) {
  return {.row = row.Int(0),
          .share_id = row.Text(1),
          .delivery_id = row.Text(2),
          .sender = row.Text(3),
          .state = row.Text(4),
          .manifest = row.Text(5),
          .manifest_digest = row.Text(6),
          .content = row.Text(7),
          .receive_time = absl::FromUnixMillis(row.Int(8)),
          .handover_started = row.Int(9) != 0,
          .handed_over = row.Int(10) != 0};
}

}  // namespace

absl::StatusOr<std::unique_ptr<State>> State::Open(const std::string& path, const Clock& clock) {
  ASSIGN_OR_RETURN(std::unique_ptr<StateFile> file, StateFile::Open(path, kSchema));
  return std::unique_ptr<State>(new State(std::move(file), clock));
}

template <typename... Values>
absl::StatusOr<std::vector<OutboxRow>> State::Outbox(absl::string_view where, const Values&... values) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(), absl::StrCat(kOutboxColumns, where));
  query.Bind(values...);
  return query.All(ReadOutbox);
}

template <typename... Values>
absl::StatusOr<std::vector<InboxRow>> State::Inbox(absl::string_view where, const Values&... values) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(), absl::StrCat(kInboxColumns, where));
  query.Bind(values...);
  return query.All(ReadInbox);
}

absl::StatusOr<int64_t> State::Count(absl::string_view sql) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(), sql);
  ASSIGN_OR_RETURN(const bool row, query.Next());
  return row ? query.Int(0) : 0;
}

absl::StatusOr<std::optional<std::string>> State::First(absl::string_view sql, absl::string_view value) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(), sql);
  query.Bind(value);
  return query.First([](const Sql::Statement& row) { return row.Text(0); });
}

absl::StatusOr<std::optional<std::string>> State::FindPush(const std::string& referral_ref) {
  return First("SELECT request_digest FROM pushes WHERE referral_ref = ?", referral_ref);
}

absl::StatusOr<std::vector<OutboxRow>> State::SharesOf(const std::string& referral_ref) {
  return Outbox("WHERE referral_ref = ? ORDER BY row", referral_ref);
}

absl::StatusOr<std::vector<OutboxRow>> State::QueuedShares() {
  return Outbox("WHERE state = ? ORDER BY row LIMIT 100", std::string("QUEUED"));
}

absl::StatusOr<std::optional<OutboxRow>> State::FindShare(const std::string& share_id) {
  ASSIGN_OR_RETURN(std::vector<OutboxRow> rows, Outbox("WHERE share_id = ?", share_id));
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

absl::StatusOr<std::vector<OutboxRow>> State::ListOutbox(int64_t before, int limit) {
  const int64_t below = before > 0 ? before : INT64_MAX;
  return Outbox("WHERE row < ? ORDER BY row DESC LIMIT ?", below, static_cast<int64_t>(limit));
}

absl::StatusOr<std::vector<OutboxRow>> State::OutboxAfter(int64_t after, int limit) {
  return Outbox("WHERE row > ? ORDER BY row LIMIT ?", after, static_cast<int64_t>(limit));
}

absl::Status State::SettleShare(const std::string& share_id, absl::string_view state, absl::string_view reason,
                                absl::string_view outcome) {
  return file_->Change([&](Sql& sql) -> absl::Status {
    RETURN_IF_ERROR(Changes(sql, clock_.Now()).SetAbout(share_id, {}));
    RETURN_IF_ERROR(Sql::Statement(sql, "DELETE FROM planned WHERE share_id = ?").Bind(share_id).Run());
    return Sql::Statement(sql, "UPDATE outbox SET state = ?, reason = ?, outcome = ?, submit = x'' WHERE share_id = ?")
        .Bind(state, reason, outcome, share_id)
        .Run();
  });
}

absl::StatusOr<std::vector<OutboxRow>> State::OverdueShares(absl::Time now) {
  return Outbox("WHERE state = ? AND reconciled = 0 AND deadline_ms < ? ORDER BY row LIMIT 100", std::string("STORED"),
                Millis(now));
}

absl::Status State::MarkReconciled(const std::string& share_id) {
  return Change("UPDATE outbox SET reconciled = 1 WHERE share_id = ?", share_id);
}

absl::StatusOr<bool> State::WasHeardOf(const std::string& share_id, const std::string& agency) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(), "SELECT 1 FROM heard WHERE share_id = ? AND agency = ?");
  query.Bind(share_id, agency);
  return query.Next();
}

absl::StatusOr<bool> State::QueueMessage(const OutgoingMessage& message, const std::string& once_key,
                                         const Changes::Signer& sign) {
  bool fresh = false;
  RETURN_IF_ERROR(Together([&](Changes& changes) -> absl::Status {
    ASSIGN_OR_RETURN(fresh, changes.QueueMessage(message, once_key, sign));
    return absl::OkStatus();
  }));
  return fresh;
}

absl::StatusOr<bool> State::WasQueued(const std::string& once_key) {
  ASSIGN_OR_RETURN(const std::optional<std::string> found,
                   First("SELECT request_id FROM out_messages WHERE once_key = ?", once_key));
  return found.has_value();
}

absl::StatusOr<bool> State::HasMessage(const std::string& share_id, const std::string& peer, absl::string_view kind) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(),
                       "SELECT 1 FROM out_messages WHERE share_id = ? AND peer = ? AND kind = ? LIMIT 1");
  query.Bind(share_id, peer, kind);
  return query.Next();
}

absl::StatusOr<std::vector<OutgoingMessage>> State::PendingMessages() {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(),
                       "SELECT row, request_id, share_id, peer, kind, delivery_id, envelope FROM out_messages WHERE "
                       "sent = 0 ORDER BY row LIMIT 200");
  return query.All([](const Sql::Statement& row) {
    return OutgoingMessage{.row = row.Int(0),
                           .request_id = row.Text(1),
                           .share_id = row.Text(2),
                           .peer = row.Text(3),
                           .kind = row.Text(4),
                           .delivery_id = row.Text(5),
                           .envelope = row.Text(6)};
  });
}

absl::StatusOr<std::optional<std::string>> State::ReplyTo(const std::string& once_key) {
  return First("SELECT reply FROM out_replies WHERE once_key = ?", once_key);
}

absl::StatusOr<std::optional<std::string>> State::TakeReply(const std::string& once_key) {
  ASSIGN_OR_RETURN(std::optional<std::string> reply, ReplyTo(once_key));
  if (reply.has_value()) RETURN_IF_ERROR(Change("DELETE FROM out_replies WHERE once_key = ?", once_key));
  return reply;
}

absl::Status State::DropMessage(const OutgoingMessage& message, const Changes::Renumbering& sign) {
  return Together([&](Changes& changes) { return changes.DropMessage(message, sign); });
}

absl::StatusOr<uint32_t> State::LastSequence(const std::string& share_id, const std::string& peer) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(), "SELECT last FROM in_sequences WHERE share_id = ? AND peer = ?");
  query.Bind(share_id, peer);
  ASSIGN_OR_RETURN(const bool found, query.Next());
  return found ? static_cast<uint32_t>(query.Int(0)) : 0;
}

absl::Status State::HoldMessage(const std::string& share_id, const std::string& peer, uint32_t sequence,
                                const std::string& envelope) {
  return Change("INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?)", share_id, peer, sequence, envelope);
}

absl::Status State::PassOver(const std::string& share_id, const std::string& peer, uint32_t sequence) {
  return Change("INSERT OR IGNORE INTO held VALUES (?, ?, ?, x'')", share_id, peer, sequence);
}

absl::StatusOr<std::optional<std::string>> State::HeldMessage(const std::string& share_id, const std::string& peer,
                                                              uint32_t sequence) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(), "SELECT envelope FROM held WHERE share_id = ? AND peer = ? AND sequence = ?");
  query.Bind(share_id, peer, sequence);
  return query.First([](const Sql::Statement& row) { return row.Text(0); });
}

absl::StatusOr<std::optional<InboxRow>> State::FindReceived(const std::string& share_id) {
  ASSIGN_OR_RETURN(std::vector<InboxRow> rows, Inbox("WHERE share_id = ?", share_id));
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

absl::StatusOr<std::vector<InboxRow>> State::ListInbox(int64_t before, int limit) {
  const int64_t below = before > 0 ? before : INT64_MAX;
  return Inbox("WHERE row < ? ORDER BY row DESC LIMIT ?", below, static_cast<int64_t>(limit));
}

absl::StatusOr<std::vector<InboxRow>> State::InboxAfter(int64_t after, int limit) {
  return Inbox("WHERE row > ? ORDER BY row LIMIT ?", after, static_cast<int64_t>(limit));
}

absl::StatusOr<std::vector<InboxRow>> State::NotHandedOver() {
  return Inbox("WHERE handed_over = 0 ORDER BY row LIMIT 100");
}

absl::Status State::StartHandover(const std::string& share_id) {
  return Change("UPDATE inbox SET handover_started = 1 WHERE share_id = ?", share_id);
}

absl::Status State::FinishHandover(const std::string& share_id) {
  return Change("UPDATE inbox SET handed_over = 1 WHERE share_id = ?", share_id);
}

absl::Status State::SetReceivedState(const std::string& share_id, absl::string_view state) {
  return Change("UPDATE inbox SET state = ? WHERE share_id = ?", state, share_id);
}

absl::StatusOr<bool> State::MoveReceived(const std::string& share_id, absl::string_view from, absl::string_view to) {
  bool moved = false;
  RETURN_IF_ERROR(Together([&](Changes& changes) -> absl::Status {
    ASSIGN_OR_RETURN(moved, changes.MoveReceived(share_id, from, to));
    return absl::OkStatus();
  }));
  return moved;
}

absl::StatusOr<int64_t> State::OutboxDepth() {
  return Count("SELECT count(*) FROM outbox WHERE state = CAST('QUEUED' AS BLOB)");
}

absl::StatusOr<int64_t> State::InboxDepth() { return Count("SELECT count(*) FROM inbox WHERE handed_over = 0"); }

}  // namespace derwent::agents
