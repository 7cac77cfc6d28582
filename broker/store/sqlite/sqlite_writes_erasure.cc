#include "broker/store/sqlite/entry_list.h"
#include "broker/store/sqlite/sqlite_transaction.h"
#include "trust/base/status_macros.h"

namespace derwent::store {

absl::Status SqliteTransaction::EraseEntry(const EntryRow& entry, absl::Span<const std::string> erased_tags) {
  RETURN_IF_ERROR(connection().RunOne("UPDATE entry SET time_ms = ?, packed = ?, decision_request = NULL WHERE idx = ?",
                                      entry.time, AsOctets(entry.packed), entry.index));
  RETURN_IF_ERROR(
      connection().Run("DELETE FROM entry_party WHERE idx = ?1 AND agency IN (SELECT releasing FROM entry_search WHERE "
                       "idx = ?1 UNION SELECT receiving FROM entry_search WHERE idx = ?1"
                       " UNION SELECT actor FROM entry_search WHERE idx = ?1)",
                       entry.index));
  RETURN_IF_ERROR(connection().Run("DELETE FROM entry_search WHERE idx = ?", entry.index));
  for (const std::string& tag : erased_tags)
    RETURN_IF_ERROR(
        connection().Run("DELETE FROM subject_index WHERE tag = ? AND idx = ?", AsOctets(tag), entry.index));
  erased_ = true;
  return InsertIndexes(entry);
}

absl::Status SqliteTransaction::EraseShare(absl::string_view share_id) {
  // Most shares reply to none: an empty id would mean them all.
  if (share_id.empty()) return absl::InvalidArgumentError("store: a share to erase has an id");
  ASSIGN_OR_RETURN(
      const std::vector<uint64_t> positions,
      AllRows<uint64_t>(connection().Select("SELECT position FROM share WHERE share_id = ?1 UNION ALL SELECT position"
                                            " FROM share WHERE reply_to = ?1 AND reply_to <> ''",
                                            share_id),
                        [](const Query& query) -> absl::StatusOr<uint64_t> { return query.Unsigned(0); }));
  for (const uint64_t position : positions) {
    RETURN_IF_ERROR(connection().Run(
        "DELETE FROM delivery_payload WHERE sequence IN (SELECT sequence FROM delivery WHERE position = ?)", position));
    RETURN_IF_ERROR(connection().Run("DELETE FROM delivery WHERE position = ?", position));
    RETURN_IF_ERROR(connection().Run("DELETE FROM share_part WHERE position = ?", position));
    RETURN_IF_ERROR(connection().Run(
        "DELETE FROM rights_notice WHERE share_id = (SELECT share_id FROM share WHERE position = ?)", position));
    RETURN_IF_ERROR(connection().Run("DELETE FROM share WHERE position = ?", position));
  }
  erased_ = true;
  return absl::OkStatus();
}

absl::Status SqliteTransaction::InsertHold(const HoldRow& hold) {
  return connection().Run("INSERT INTO hold(idx, hold_id, agency, reason, placed_ms, entry) VALUES (?, ?, ?, ?, ?, ?)",
                          hold.index, hold.hold_id, hold.agency, hold.reason, hold.place_time, hold.entry_index);
}

absl::Status SqliteTransaction::LiftHold(absl::string_view hold_id, uint64_t lift_index) {
  return connection().RunOne("UPDATE hold SET lift = ? WHERE hold_id = ? AND lift IS NULL", lift_index, hold_id);
}

absl::StatusOr<uint64_t> SqliteTransaction::PutErasure(const ErasureRow& row) {
  // An index of none is bound as a number and made NULL: no entry is number -1.
  const int64_t entry = row.entry_index.has_value() ? static_cast<int64_t>(*row.entry_index) : -1;
  RETURN_IF_ERROR(connection().Run(
      "INSERT INTO erasure(erasure_id, agency, entries, request, approval, create_ms, expire_ms, idx)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, nullif(?8, -1)) ON CONFLICT(erasure_id) DO UPDATE SET agency = ?2,"
      " entries = ?3, request = ?4, approval = ?5, create_ms = ?6, expire_ms = ?7, idx = nullif(?8, -1)",
      row.erasure_id, row.agency, AsOctets(EncodeEntryList(row.entries)), AsOctets(row.request), AsOctets(row.approval),
      row.create_time, row.expire_time, entry));
  ASSIGN_OR_RETURN(const std::optional<ErasureRow> put, FindErasure(row.erasure_id));
  if (!put.has_value()) return absl::InternalError("store: an erasure put is not there");
  return put->position;
}

absl::Status SqliteTransaction::PutErasureParty(const ErasurePartyRow& row) {
  return connection().Run(
      "INSERT OR REPLACE INTO erasure_party(agency, position, entries, attestation, attest_ms, chase_ms, chased)"
      " VALUES (?, ?, ?, ?, ?, ?, ?)",
      row.agency, row.position, AsOctets(EncodeEntryList(row.entries)), AsOctets(row.attestation), row.attest_time,
      row.chase_time, row.chased);
}

}  // namespace derwent::store
