#include <set>

#include "broker/store/sqlite/sqlite_reads.h"
#include "trust/base/status_macros.h"

namespace derwent::store {
namespace {

#define DERWENT_KEY_EVENT_COLUMNS " agency, sequence, envelope, idx FROM key_event"

absl::StatusOr<KeyEventRow> TakeKeyEvent(const Query& query) {
  return KeyEventRow{.agency = query.Text(0),
                     .sequence = static_cast<uint32_t>(query.Int(1)),
                     .envelope = query.Text(2),
                     .entry_index = query.Unsigned(3)};
}

#define DERWENT_DIRECTORY_COLUMNS " agency, version, envelope, digest, idx FROM directory"

absl::StatusOr<DirectoryRow> TakeDirectory(const Query& query) {
  ASSIGN_OR_RETURN(const Sha256Digest digest, query.Digest(3));
  return DirectoryRow{.agency = query.Text(0),
                      .version = query.Unsigned(1),
                      .envelope = query.Text(2),
                      .payload_digest = digest,
                      .entry_index = query.Unsigned(4)};
}

absl::StatusOr<RestrictionRow> TakeRestriction(const Query& query) {
  return RestrictionRow{.restriction_id = query.Text(0),
                        .agency = query.Text(1),
                        .sequence = static_cast<uint32_t>(query.Int(2)),
                        .action = static_cast<int32_t>(query.Int(3)),
                        .envelope = query.Text(4),
                        .entry_index = query.Unsigned(5)};
}

#define DERWENT_RESTRICTION_TAG_COLUMNS " tag, agency, restriction_id FROM restriction_tag"

absl::StatusOr<RestrictionTag> TakeRestrictionTag(const Query& query) {
  return RestrictionTag{.tag = query.Text(0), .agency = query.Text(1), .restriction_id = query.Text(2)};
}

#define DERWENT_REFUSAL_COLUMNS " caller, method, reason, minute_ms, repeats FROM refusal_counter"

absl::StatusOr<RefusalRow> TakeRefusal(const Query& query) {
  return RefusalRow{.key = {.caller = query.Text(0), .method = query.Text(1), .reason = query.Text(2)},
                    .minute = query.Time(3),
                    .repeats = static_cast<uint32_t>(query.Int(4))};
}

}  // namespace

absl::StatusOr<std::vector<KeyEventRow>> SqliteReads::ListKeyEvents(absl::string_view agency) {
  return AllRows<KeyEventRow>(
      connection_.Select("SELECT" DERWENT_KEY_EVENT_COLUMNS " WHERE agency = ? ORDER BY sequence", agency),
      TakeKeyEvent);
}

absl::StatusOr<std::vector<KeyEventRow>> SqliteReads::ListAllKeyEvents() {
  return AllRows<KeyEventRow>(connection_.Select("SELECT" DERWENT_KEY_EVENT_COLUMNS " ORDER BY agency, sequence"),
                              TakeKeyEvent);
}

absl::StatusOr<std::optional<DirectoryRow>> SqliteReads::FindDirectory(absl::string_view agency) {
  return OneRow<DirectoryRow>(connection_.Select("SELECT" DERWENT_DIRECTORY_COLUMNS " WHERE agency = ?", agency),
                              TakeDirectory);
}

absl::StatusOr<std::vector<DirectoryRow>> SqliteReads::ListDirectories() {
  return AllRows<DirectoryRow>(connection_.Select("SELECT" DERWENT_DIRECTORY_COLUMNS " ORDER BY agency"),
                               TakeDirectory);
}

absl::StatusOr<std::optional<RestrictionRow>> SqliteReads::FindRestriction(absl::string_view restriction_id) {
  return OneRow<RestrictionRow>(
      connection_.Select(
          "SELECT restriction_id, agency, sequence, action, envelope, idx FROM restriction WHERE restriction_id = ?",
          restriction_id),
      TakeRestriction);
}

absl::StatusOr<std::vector<RestrictionTag>> SqliteReads::RestrictionsOfTags(absl::Span<const std::string> tags) {
  std::set<RestrictionTag> rows;
  for (const std::string& tag : tags) {
    ASSIGN_OR_RETURN(const std::vector<RestrictionTag> found,
                     AllRows<RestrictionTag>(
                         connection_.Select("SELECT" DERWENT_RESTRICTION_TAG_COLUMNS " WHERE tag = ?", AsOctets(tag)),
                         TakeRestrictionTag));
    rows.insert(found.begin(), found.end());
  }
  return std::vector<RestrictionTag>(rows.begin(), rows.end());
}

absl::StatusOr<std::vector<RestrictionTag>> SqliteReads::TagsOfRestriction(absl::string_view restriction_id) {
  return AllRows<RestrictionTag>(
      connection_.Select("SELECT" DERWENT_RESTRICTION_TAG_COLUMNS " WHERE restriction_id = ? ORDER BY tag",
                         restriction_id),
      TakeRestrictionTag);
}

absl::StatusOr<std::optional<RefusalRow>> SqliteReads::FindRefusal(const RefusalKey& key) {
  return OneRow<RefusalRow>(
      connection_.Select("SELECT" DERWENT_REFUSAL_COLUMNS " WHERE caller = ? AND method = ? AND reason = ?", key.caller,
                         key.method, key.reason),
      TakeRefusal);
}

absl::StatusOr<std::vector<RefusalRow>> SqliteReads::RefusalsBefore(absl::Time time, size_t limit) {
  return AllRows<RefusalRow>(
      connection_.Select("SELECT" DERWENT_REFUSAL_COLUMNS
                         " WHERE minute_ms <= ? ORDER BY minute_ms, caller, method, reason LIMIT ?",
                         time, limit),
      TakeRefusal);
}

absl::StatusOr<std::optional<std::string>> SqliteReads::GetSetting(absl::string_view name) {
  return OneRow<std::string>(connection_.Select("SELECT value FROM setting WHERE name = ?", name),
                             [](const Query& query) -> absl::StatusOr<std::string> { return query.Text(0); });
}

}  // namespace derwent::store
