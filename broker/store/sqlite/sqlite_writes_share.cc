#include <algorithm>

#include "absl/strings/str_cat.h"

#include "broker/store/sqlite/entry_list.h"
#include "broker/store/sqlite/sqlite_transaction.h"
#include "broker/store/sqlite/subject_tags.h"
#include "trust/base/status_macros.h"

namespace derwent::store {
namespace {

// The earliest deadline that still runs.
std::optional<absl::Time> NextDueOf(const PartRow& part) {
  std::optional<absl::Time> next;
  for (const Due* due : {&part.collection, &part.acceptance, &part.outcome}) {
    if (!due->time.has_value() || due->overdue) continue;
    next = next.has_value() ? std::min(*next, *due->time) : *due->time;
  }
  return next;
}

}  // namespace

absl::Status SqliteTransaction::InsertIdempotency(const IdempotencyRow& row) {
  return connection().Run(
      "INSERT INTO idempotency(caller, method, request_id, digest, response, expire_ms) VALUES (?, ?, ?, ?, ?, ?)",
      row.key.caller_agency, row.key.method, row.key.request_id, row.request_digest, AsOctets(row.response),
      row.expire_time);
}

absl::StatusOr<size_t> SqliteTransaction::DeleteIdempotencyBefore(absl::Time time, size_t limit) {
  RETURN_IF_ERROR(connection().Run(
      "DELETE FROM idempotency WHERE id IN (SELECT id FROM idempotency WHERE expire_ms < ? ORDER BY expire_ms LIMIT ?)",
      time, limit));
  return static_cast<size_t>(sqlite3_changes(connection().database()));
}

absl::Status SqliteTransaction::InsertShare(const ShareRow& share) {
  return connection().Run(
      "INSERT INTO share(share_id, version, kind, sender, profile, purpose, board, area, case_id, existence_sensitive, "
      "create_ms,"
      " expire_ms, supersedes, superseded_by, reply_to) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      share.share_id, share.version, share.kind, share.sender_agency, share.profile, share.purpose, share.board,
      share.area, share.case_id, share.existence_sensitive, share.create_time, share.expire_time,
      share.supersedes_share_id, share.superseded_by_share_id, share.reply_to_share_id);
}

absl::Status SqliteTransaction::SetSuperseded(absl::string_view share_id, absl::string_view by_share_id) {
  return connection().RunOne("UPDATE share SET superseded_by = ? WHERE share_id = ?", by_share_id, share_id);
}

// Not INSERT … SELECT: SQLite would keep a copy of every page that it changes, to undo it half-way.
absl::Status SqliteTransaction::InsertPart(const PartRow& part) {
  auto share = connection().Select("SELECT position FROM share WHERE share_id = ?", part.key.share_id);
  ASSIGN_OR_RETURN(const bool found, share->Next());
  if (!found) return absl::NotFoundError("no such row in the store");
  return connection().Run(
      "INSERT INTO share_part(position, recipient, role, person, state, reason, manifest_digest, collection_ms, "
      "collection_over,"
      " acceptance_ms, acceptance_over, outcome_ms, outcome_over, next_due_ms, update_ms, sender_sequence, "
      "recipient_sequence, tags, context) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      share->Unsigned(0), part.key.recipient_agency, part.role, part.person, part.state, part.reason,
      part.manifest_digest, part.collection.time, part.collection.overdue, part.acceptance.time,
      part.acceptance.overdue, part.outcome.time, part.outcome.overdue, NextDueOf(part), part.update_time,
      part.sender_sequence, part.recipient_sequence, AsOctets(EncodeSubjectTags(part.tags)), AsOctets(part.context));
}

absl::Status SqliteTransaction::UpdatePart(const PartRow& part) {
  return connection().RunOne(
      "UPDATE share_part SET role = ?, person = ?, state = ?, reason = ?, manifest_digest = ?, collection_ms = ?, "
      "collection_over = ?,"
      " acceptance_ms = ?, acceptance_over = ?, outcome_ms = ?, outcome_over = ?, next_due_ms = ?, update_ms = ?, "
      "sender_sequence = ?,"
      " recipient_sequence = ?, tags = ?, context = ? WHERE position = (SELECT position FROM share WHERE share_id = ?) "
      "AND "
      "recipient = ?",
      part.role, part.person, part.state, part.reason, part.manifest_digest, part.collection.time,
      part.collection.overdue, part.acceptance.time, part.acceptance.overdue, part.outcome.time, part.outcome.overdue,
      NextDueOf(part), part.update_time, part.sender_sequence, part.recipient_sequence,
      AsOctets(EncodeSubjectTags(part.tags)), AsOctets(part.context), part.key.share_id, part.key.recipient_agency);
}

absl::StatusOr<uint64_t> SqliteTransaction::InsertDelivery(const DeliveryRow& delivery) {
  RETURN_IF_ERROR(
      connection().Run("INSERT INTO delivery(delivery_id, mailbox, share_id, position, kind, entries, create_ms, "
                       "not_before_ms, collected, held)"
                       " VALUES (?1, ?2, ?3, (SELECT position FROM share WHERE share_id = ?3), ?4, ?5, ?6, ?7, ?8, ?9)",
                       delivery.delivery_id, delivery.mailbox_agency, delivery.share_id, delivery.kind,
                       AsOctets(EncodeEntryList(delivery.entry_indexes)), delivery.create_time, delivery.not_before,
                       delivery.collected_count, delivery.held));
  const auto sequence = static_cast<uint64_t>(sqlite3_last_insert_rowid(connection().database()));
  RETURN_IF_ERROR(connection().Run("INSERT INTO delivery_payload(sequence, payload) VALUES (?, ?)", sequence,
                                   AsOctets(delivery.payload)));
  return sequence;
}

absl::Status SqliteTransaction::MarkCollected(uint64_t sequence) {
  return connection().RunOne("UPDATE delivery SET collected = collected + 1 WHERE sequence = ?", sequence);
}

absl::Status SqliteTransaction::SetDeliveryEntries(uint64_t sequence, absl::Span<const uint64_t> entry_indexes) {
  return connection().RunOne("UPDATE delivery SET entries = ? WHERE sequence = ?",
                             AsOctets(EncodeEntryList(entry_indexes)), sequence);
}

absl::Status SqliteTransaction::HoldDelivery(uint64_t sequence) {
  return connection().RunOne("UPDATE delivery SET held = 1 WHERE sequence = ?", sequence);
}

absl::Status SqliteTransaction::DeleteDelivery(uint64_t sequence) {
  RETURN_IF_ERROR(connection().Run("DELETE FROM delivery WHERE sequence = ?", sequence));
  return connection().Run("DELETE FROM delivery_payload WHERE sequence = ?", sequence);
}

}  // namespace derwent::store
