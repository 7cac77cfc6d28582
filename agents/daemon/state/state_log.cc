// What the agent remembers besides shares and messages: progress, alarms, openings, receipts, files taken,
// single values.
#include <utility>

#include "agents/daemon/state/state.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {

absl::StatusOr<std::vector<ProgressRow>> State::ProgressOf(const std::string& share_id) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(
      reading.sql(),
      "SELECT agency, state, reason, note, create_ms FROM progress WHERE share_id = ? ORDER BY create_ms, row");
  query.Bind(share_id);
  return query.All([](const Sql::Statement& row) {
    return ProgressRow{.agency = row.Text(0),
                       .state = static_cast<int>(row.Int(1)),
                       .reason = row.Text(2),
                       .note = row.Text(3),
                       .create_time = absl::FromUnixMillis(row.Int(4))};
  });
}

absl::StatusOr<bool> State::WasRejected(const std::string& delivery_id) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(), "SELECT 1 FROM rejected WHERE delivery_id = ?");
  query.Bind(delivery_id);
  return query.Next();
}

absl::Status State::Reject(const std::string& delivery_id) {
  return Change("INSERT OR IGNORE INTO rejected VALUES (?)", delivery_id);
}

absl::StatusOr<bool> State::RaiseAlarm(absl::string_view code, absl::string_view share_id, absl::string_view agency,
                                       absl::string_view key_id) {
  return ChangeOne(
      "INSERT INTO alarms_raised (code, share_id, agency, key_id, time_ms) VALUES (?, ?, ?, ?, ?) "
      "ON CONFLICT (code, share_id, agency, key_id) DO UPDATE SET time_ms = excluded.time_ms "
      "WHERE abs(excluded.time_ms - alarms_raised.time_ms) >= ?",
      code, share_id, agency, key_id, absl::ToUnixMillis(clock_.Now()), absl::ToInt64Milliseconds(kAlarmQuiet));
}

absl::StatusOr<std::vector<AlarmRow>> State::Alarms(int limit) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(
      reading.sql(),
      "SELECT code, share_id, agency, time_ms, key_id FROM alarms_raised ORDER BY time_ms DESC, row DESC LIMIT ?");
  query.Bind(static_cast<int64_t>(limit));
  return query.All([](const Sql::Statement& row) {
    return AlarmRow{.code = row.Text(0),
                    .share_id = row.Text(1),
                    .agency = row.Text(2),
                    .key_id = row.Text(4),
                    .time = absl::FromUnixMillis(row.Int(3))};
  });
}

absl::StatusOr<std::vector<AccessRow>> State::Accesses(const AccessQuery& query) {
  const StateFile::Reading reading(*file_);
  Sql::Statement statement(
      reading.sql(),
      "SELECT row, time_ms, person, share_id, action FROM access_log WHERE row > ?1 AND time_ms >= ?2 AND time_ms < ?3"
      " AND (?4 = x'' OR person = ?4) AND (?5 = x'' OR share_id = ?5) ORDER BY row LIMIT ?6");
  statement.Bind(query.after, absl::ToUnixMillis(query.start), absl::ToUnixMillis(query.end), query.person,
                 query.share_id, static_cast<int64_t>(query.limit));
  return statement.All([](const Sql::Statement& row) {
    return AccessRow{.row = row.Int(0),
                     .time = absl::FromUnixMillis(row.Int(1)),
                     .person = row.Text(2),
                     .share_id = row.Text(3),
                     .action = row.Text(4)};
  });
}

absl::StatusOr<std::vector<ReceiptRow>> State::ReceiptsBetween(uint64_t from, uint64_t before) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(),
                       "SELECT share_id, idx, receipt FROM receipts WHERE idx >= ? AND idx < ? ORDER BY idx");
  query.Bind(static_cast<int64_t>(from), static_cast<int64_t>(before));
  return query.All([](const Sql::Statement& row) {
    return ReceiptRow{.share_id = row.Text(0), .index = static_cast<uint64_t>(row.Int(1)), .receipt = row.Text(2)};
  });
}

absl::StatusOr<std::vector<ReceiptRow>> State::PendingReceipts(uint64_t index, int limit) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(),
                       "SELECT r.share_id, r.idx, r.receipt FROM receipts_pending p JOIN receipts r ON r.share_id = "
                       "p.share_id AND r.idx = p.idx WHERE p.idx < ? ORDER BY p.idx LIMIT ?");
  query.Bind(static_cast<int64_t>(index), static_cast<int64_t>(limit));
  return query.All([](const Sql::Statement& row) {
    return ReceiptRow{.share_id = row.Text(0), .index = static_cast<uint64_t>(row.Int(1)), .receipt = row.Text(2)};
  });
}

absl::StatusOr<std::vector<std::string>> State::SharesPendingSince(absl::Time time, int limit) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(), "SELECT DISTINCT share_id FROM receipts_pending WHERE since_ms < ? LIMIT ?");
  query.Bind(absl::ToUnixMillis(time), static_cast<int64_t>(limit));
  return query.All([](const Sql::Statement& row) { return row.Text(0); });
}

absl::Status State::KeepFinal(const ReceiptRow& before, absl::string_view receipt) {
  return file_->Change([&](Sql& sql) -> absl::Status {
    const auto index = static_cast<int64_t>(before.index);
    RETURN_IF_ERROR(
        Sql::Statement(sql, "UPDATE receipts SET receipt = ? WHERE share_id = ? AND idx = ? AND receipt = ?")
            .Bind(receipt, before.share_id, index, before.receipt)
            .Run());
    if (sql.changes() == 0) return absl::OkStatus();
    return Sql::Statement(sql, "DELETE FROM receipts_pending WHERE share_id = ? AND idx = ?")
        .Bind(before.share_id, index)
        .Run();
  });
}

absl::StatusOr<std::vector<std::string>> State::ReceiptsOf(const std::string& share_id) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(), "SELECT receipt FROM receipts WHERE share_id = ? ORDER BY idx");
  query.Bind(share_id);
  return query.All([](const Sql::Statement& row) { return row.Text(0); });
}

absl::StatusOr<std::optional<std::string>> State::SeenFile(absl::string_view digest) {
  return First("SELECT result FROM files WHERE digest = ?", digest);
}

absl::Status State::SaveFile(absl::string_view digest, const std::string& result) {
  return Change("INSERT OR REPLACE INTO files VALUES (?, ?)", digest, result);
}

absl::StatusOr<std::string> State::Kept(const std::string& name) {
  ASSIGN_OR_RETURN(const std::optional<std::string> value, First("SELECT value FROM kept WHERE name = ?", name));
  return value.value_or("");
}

}  // namespace derwent::agents
