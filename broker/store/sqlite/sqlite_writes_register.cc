#include "broker/store/sqlite/sqlite_transaction.h"

namespace derwent::store {

absl::Status SqliteTransaction::InsertKeyEvent(const KeyEventRow& event) {
  return connection().Run("INSERT INTO key_event(agency, sequence, envelope, idx) VALUES (?, ?, ?, ?)", event.agency,
                          event.sequence, AsOctets(event.envelope), event.entry_index);
}

absl::Status SqliteTransaction::PutDirectory(const DirectoryRow& directory) {
  return connection().Run(
      "INSERT OR REPLACE INTO directory(agency, version, envelope, digest, idx) VALUES (?, ?, ?, ?, ?)",
      directory.agency, directory.version, AsOctets(directory.envelope), directory.payload_digest,
      directory.entry_index);
}

absl::Status SqliteTransaction::PutRestriction(const RestrictionRow& restriction) {
  return connection().Run(
      "INSERT OR REPLACE INTO restriction(restriction_id, agency, sequence, action, envelope, idx) VALUES (?, ?, ?, ?, "
      "?, ?)",
      restriction.restriction_id, restriction.agency, restriction.sequence, restriction.action,
      AsOctets(restriction.envelope), restriction.entry_index);
}

absl::Status SqliteTransaction::InsertRestrictionTag(const RestrictionTag& tag) {
  return connection().Run("INSERT INTO restriction_tag(tag, agency, restriction_id) VALUES (?, ?, ?)",
                          AsOctets(tag.tag), tag.agency, tag.restriction_id);
}

absl::Status SqliteTransaction::DeleteRestrictionTags(absl::string_view restriction_id) {
  return connection().Run("DELETE FROM restriction_tag WHERE restriction_id = ?", restriction_id);
}

absl::Status SqliteTransaction::PutRefusal(const RefusalRow& row) {
  return connection().Run(
      "INSERT OR REPLACE INTO refusal_counter(caller, method, reason, minute_ms, repeats) VALUES (?, ?, ?, ?, ?)",
      row.key.caller, row.key.method, row.key.reason, row.minute, row.repeats);
}

absl::Status SqliteTransaction::DeleteRefusal(const RefusalKey& key) {
  return connection().Run("DELETE FROM refusal_counter WHERE caller = ? AND method = ? AND reason = ?", key.caller,
                          key.method, key.reason);
}

absl::Status SqliteTransaction::PutSetting(absl::string_view name, absl::string_view value) {
  return connection().Run("INSERT OR REPLACE INTO setting(name, value) VALUES (?, ?)", name, AsOctets(value));
}

}  // namespace derwent::store
