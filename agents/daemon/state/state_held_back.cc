// Units of shares that wait for somebody's agreement.
#include "agents/daemon/state/state.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

constexpr char kColumns[] = "SELECT share_id, units, next_ms FROM held_back ";

HeldBackRow ReadRow(const Sql::Statement& row) {
  return {.share_id = row.Text(0), .units = row.Text(1), .next_time = absl::FromUnixMillis(row.Int(2))};
}

absl::Status Forget(Sql& sql, const std::string& share_id) {
  return Sql::Statement(sql, "DELETE FROM held_back WHERE share_id = ?").Bind(share_id).Run();
}

}  // namespace

absl::StatusOr<std::vector<HeldBackRow>> State::HeldBackDue(absl::Time now) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(), std::string(kColumns) + "WHERE next_ms <= ? ORDER BY next_ms LIMIT 100");
  query.Bind(absl::ToUnixMillis(now));
  return query.All(ReadRow);
}

absl::StatusOr<std::optional<HeldBackRow>> State::FindHeldBack(const std::string& share_id) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(), std::string(kColumns) + "WHERE share_id = ?");
  query.Bind(share_id);
  return query.First(ReadRow);
}

absl::Status State::WakeHeldBack(const std::string& share_id, absl::Time next_time) {
  return Change("UPDATE held_back SET next_ms = ? WHERE share_id = ?", absl::ToUnixMillis(next_time), share_id);
}

absl::Status State::WakeAllHeldBack(absl::Time next_time) {
  return Change("UPDATE held_back SET next_ms = ?1 WHERE next_ms > ?1", absl::ToUnixMillis(next_time));
}

absl::Status State::UpdateHeldBack(const HeldBackRow& row, absl::string_view reason, absl::string_view outcome) {
  return file_->Change([&](Sql& sql) -> absl::Status {
    RETURN_IF_ERROR(Sql::Statement(sql, "UPDATE held_back SET units = ?, next_ms = ? WHERE share_id = ?")
                        .Bind(row.units, absl::ToUnixMillis(row.next_time), row.share_id)
                        .Run());
    return Sql::Statement(sql, "UPDATE outbox SET state = ?, reason = ?, outcome = ?, submit = x'' WHERE share_id = ?")
        .Bind(std::string("PENDING"), reason, outcome, row.share_id)
        .Run();
  });
}

absl::Status State::ReleaseHeldBack(const OutboxRow& sealed) {
  return file_->Change([&](Sql& sql) -> absl::Status {
    RETURN_IF_ERROR(Changes(sql, clock_.Now()).SetAbout(sealed.share_id, sealed.about));
    Sql::Statement update(
        sql,
        "UPDATE outbox SET state = ?, reason = ?, submit = ?, outcome = ?, create_ms = ?, deadline_ms = ? "
        "WHERE share_id = ?");
    const std::string queued = "QUEUED";
    update.Bind(queued, sealed.reason, sealed.submit, sealed.outcome, absl::ToUnixMillis(sealed.create_time),
                absl::ToUnixMillis(sealed.collect_deadline), sealed.share_id);
    return update.Run();
  });
}

absl::Status State::ForgetHeldBack(const std::string& share_id) {
  return file_->Change([&](Sql& sql) { return Forget(sql, share_id); });
}

absl::Status State::RefuseHeldBack(const std::string& share_id, absl::string_view reason, absl::string_view outcome) {
  return file_->Change([&](Sql& sql) -> absl::Status {
    RETURN_IF_ERROR(Forget(sql, share_id));
    return Sql::Statement(sql, "UPDATE outbox SET state = ?, reason = ?, outcome = ?, submit = x'' WHERE share_id = ?")
        .Bind(std::string("REFUSED"), reason, outcome, share_id)
        .Run();
  });
}

}  // namespace derwent::agents
