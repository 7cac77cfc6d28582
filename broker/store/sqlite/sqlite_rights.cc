#include "broker/store/sqlite/sqlite_reads.h"
#include "broker/store/sqlite/sqlite_transaction.h"

// Rights events: whom they were told, and who has still to answer.

namespace derwent::store {
namespace {

#define DERWENT_RIGHTS_COLUMNS \
  " event_id, share_id, recipient, sender, notice, answer, create_ms, chase_ms, chased FROM rights_notice"

absl::StatusOr<RightsNoticeRow> TakeNotice(const Query& query) {
  return RightsNoticeRow{
      .key = {.event_id = query.Text(0), .share_id = query.Text(1), .recipient_agency = query.Text(2)},
      .sender_agency = query.Text(3),
      .notice = query.Text(4),
      .answer = query.Text(5),
      .create_time = query.Time(6),
      .chase_time = query.OptionalTime(7),
      .chased = static_cast<uint32_t>(query.Int(8))};
}

}  // namespace

absl::StatusOr<std::optional<RightsNoticeRow>> SqliteReads::FindRightsNotice(const RightsNoticeKey& key) {
  return OneRow<RightsNoticeRow>(
      connection_.Select("SELECT" DERWENT_RIGHTS_COLUMNS " WHERE event_id = ? AND share_id = ? AND recipient = ?",
                         key.event_id, key.share_id, key.recipient_agency),
      TakeNotice);
}

absl::StatusOr<std::vector<RightsNoticeRow>> SqliteReads::ListRightsNotices(absl::string_view event_id) {
  return AllRows<RightsNoticeRow>(
      connection_.Select("SELECT" DERWENT_RIGHTS_COLUMNS " WHERE event_id = ? ORDER BY share_id, recipient", event_id),
      TakeNotice);
}

absl::StatusOr<std::vector<RightsNoticeRow>> SqliteReads::RightsNoticesToChase(absl::Time time, size_t limit) {
  return AllRows<RightsNoticeRow>(
      connection_.Select("SELECT" DERWENT_RIGHTS_COLUMNS " WHERE chase_ms <= ? ORDER BY chase_ms LIMIT ?", time, limit),
      TakeNotice);
}

absl::Status SqliteTransaction::PutRightsNotice(const RightsNoticeRow& row) {
  return connection().Run(
      "INSERT OR REPLACE INTO rights_notice(event_id, share_id, recipient, sender, notice, answer, create_ms, chase_ms,"
      " chased) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      row.key.event_id, row.key.share_id, row.key.recipient_agency, row.sender_agency, AsOctets(row.notice),
      AsOctets(row.answer), row.create_time, row.chase_time, row.chased);
}

}  // namespace derwent::store
