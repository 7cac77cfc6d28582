#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "broker/store/sqlite/sqlite_transaction.h"
#include "trust/base/status_macros.h"

namespace derwent::store {

absl::Status SqliteTransaction::AdvanceLog(const LogState& from, const LogState& to) {
  absl::Status moved = connection().RunOne(
      "UPDATE log_state SET size = ?, root = ?, newest_ms = ? WHERE id = 0 AND size = ? AND epoch = ?", to.size,
      to.root, to.newest_time, from.size, from.epoch);
  if (absl::IsNotFound(moved)) return absl::AbortedError("store: another writer moved the head of the log");
  return moved;
}

absl::StatusOr<uint64_t> SqliteTransaction::RaiseEpoch() {
  RETURN_IF_ERROR(connection().RunOne("UPDATE log_state SET epoch = epoch + 1 WHERE id = 0"));
  ASSIGN_OR_RETURN(const LogState state, GetLogState());
  return state.epoch;
}

absl::Status SqliteTransaction::InsertEntry(const EntryRow& entry) {
  RETURN_IF_ERROR(
      connection().Run("INSERT INTO entry(idx, time_ms, packed, decision_request) VALUES (?, ?, ?, nullif(?, x''))",
                       entry.index, entry.time, AsOctets(entry.packed), AsOctets(entry.decision_request)));
  return InsertIndexes(entry);
}

absl::Status SqliteTransaction::InsertIndexes(const EntryRow& entry) {
  const EntryColumns& columns = entry.columns;
  std::set<absl::string_view> parties = {columns.releasing_agency, columns.receiving_agency, columns.actor_agency};
  parties.erase("");
  if (!parties.empty()) {
    RETURN_IF_ERROR(
        connection().Run("INSERT INTO entry_search(idx, releasing, receiving, actor, supplier, purpose, profile, board,"
                         " outcome, reasons, share_id, step) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                         entry.index, columns.releasing_agency, columns.receiving_agency, columns.actor_agency,
                         columns.supplier_agency, columns.purpose, columns.profile, columns.board, columns.outcome,
                         absl::StrJoin(columns.reasons, " "), columns.share_id, columns.step));
  }
  for (const absl::string_view agency : parties) {
    RETURN_IF_ERROR(connection().Run("INSERT INTO entry_party(agency, idx) VALUES (?, ?)", agency, entry.index));
  }
  for (const std::string& tag : entry.tags) {
    RETURN_IF_ERROR(connection().Run("INSERT INTO subject_index(tag, idx) VALUES (?, ?)", AsOctets(tag), entry.index));
  }
  return absl::OkStatus();
}

absl::Status SqliteTransaction::ExtendTile(TileKey key, absl::string_view hashes) {
  // CAST: concatenation gives text, and a STRICT column keeps octets apart from text.
  return connection().Run(
      "INSERT INTO tile(id, hashes) VALUES (?1, ?2) ON CONFLICT(id) DO UPDATE SET hashes = CAST(hashes || "
      "excluded.hashes AS BLOB)",
      TileRowId(key), AsOctets(hashes));
}

absl::Status SqliteTransaction::InsertCheckpoint(const CheckpointRow& checkpoint) {
  return connection().Run("INSERT INTO checkpoint(size, note) VALUES (?, ?)", checkpoint.size, checkpoint.note);
}

absl::Status SqliteTransaction::InsertPublicBody(const PublicBodyRow& body) {
  return connection().Run("INSERT INTO public_body(idx, kind, body) VALUES (?, ?, ?)", body.index, body.kind,
                          AsOctets(body.body));
}

absl::Status SqliteTransaction::KeepCosignature(const CosignatureRow& cosignature) {
  return connection().Run(
      "INSERT INTO cosignature(size, witness, line, added_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
      cosignature.size, cosignature.witness, cosignature.line, cosignature.add_time);
}

absl::Status SqliteTransaction::PutWitnessView(const WitnessViewRow& view) {
  return connection().Run(
      "INSERT INTO witness_view(witness, size, seen_ms) VALUES (?, ?, ?) ON CONFLICT (witness) DO UPDATE SET size ="
      " excluded.size, seen_ms = excluded.seen_ms WHERE excluded.size >= size",
      view.witness, view.size, view.seen_time);
}

absl::Status SqliteTransaction::MarkCosigned(uint64_t size, absl::Time time) {
  RETURN_IF_ERROR(
      connection().Run("INSERT INTO cosigned(size, met_ms, void) VALUES (?, ?, 0) ON CONFLICT (size) DO UPDATE SET"
                       " met_ms = excluded.met_ms, void = 0 WHERE void = 1",
                       size, time));
  return connection().Run(
      "DELETE FROM cosignature WHERE size < ?1 AND size > coalesce((SELECT max(size) FROM cosigned WHERE size < ?1),"
      " -1)",
      size);
}

absl::Status SqliteTransaction::UnmarkCosigned(uint64_t size) {
  return connection().Run("UPDATE cosigned SET void = 1 WHERE size = ? AND void = 0", size);
}

absl::Status SqliteTransaction::UnmarkCosignedDownFrom(uint64_t size) {
  return connection().RunOne("UPDATE cosigned SET void = 2 WHERE size = ?", size);
}

}  // namespace derwent::store
