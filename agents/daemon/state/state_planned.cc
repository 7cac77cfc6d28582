// Shares from their plan to the broker's answer.
#include "agents/daemon/state/state.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

int64_t Millis(absl::Time time) { return absl::ToUnixMillis(time); }

absl::Status Insert(Sql& sql, const std::string& referral_ref, const OutboxRow& share, absl::Time now) {
  Sql::Statement insert(sql,
                        "INSERT INTO outbox (share_id, referral_ref, state, reason, submit, outcome, create_ms, "
                        "deadline_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  insert.Bind(share.share_id, referral_ref, share.state, share.reason, share.submit, share.outcome,
              Millis(share.create_time), Millis(share.collect_deadline));
  RETURN_IF_ERROR(insert.Run());
  RETURN_IF_ERROR(Changes(sql, now).SetAbout(share.share_id, share.about));
  if (!share.planned.empty()) {
    RETURN_IF_ERROR(
        Sql::Statement(sql, "INSERT INTO planned VALUES (?, ?, 1)").Bind(share.share_id, share.planned).Run());
  }
  if (share.supersedes.empty()) return absl::OkStatus();
  return Sql::Statement(sql, "INSERT INTO supersedes (share_id, older) VALUES (?, ?)")
      .Bind(share.share_id, share.supersedes)
      .Run();
}

absl::Status Insert(Sql& sql, const std::vector<HeldBackRow>& held_back) {
  for (const HeldBackRow& row : held_back) {
    RETURN_IF_ERROR(Sql::Statement(sql, "INSERT INTO held_back VALUES (?, ?, ?)")
                        .Bind(row.share_id, row.units, Millis(row.next_time))
                        .Run());
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status State::SavePush(const std::string& referral_ref, absl::string_view request_digest,
                             const std::vector<OutboxRow>& shares, const std::vector<HeldBackRow>& held_back) {
  return file_->Change([&](Sql& sql) -> absl::Status {
    RETURN_IF_ERROR(Sql::Statement(sql, "INSERT INTO pushes VALUES (?, ?)").Bind(referral_ref, request_digest).Run());
    for (const OutboxRow& share : shares) RETURN_IF_ERROR(Insert(sql, referral_ref, share, clock_.Now()));
    return Insert(sql, held_back);
  });
}

absl::StatusOr<std::optional<PlannedRow>> State::FindPlanned(const std::string& share_id) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(), "SELECT planned, plans FROM planned WHERE share_id = ?");
  query.Bind(share_id);
  return query.First([](const Sql::Statement& row) {
    return PlannedRow{.planned = row.Text(0), .plans = static_cast<int>(row.Int(1))};
  });
}

absl::Status State::AwaitPlan(const std::string& share_id, absl::string_view reason) {
  return Change("UPDATE outbox SET reason = ?, submit = x'' WHERE share_id = ?", reason, share_id);
}

absl::Status State::SavePlan(const OutboxRow& again, const std::vector<OutboxRow>& waiting,
                             const std::vector<HeldBackRow>& held_back) {
  return file_->Change([&](Sql& sql) -> absl::Status {
    Sql::Statement update(sql,
                          "UPDATE outbox SET state = ?, reason = ?, submit = ?, outcome = ?, create_ms = ?, "
                          "deadline_ms = ? WHERE share_id = ?");
    update.Bind(again.state, again.reason, again.submit, again.outcome, Millis(again.create_time),
                Millis(again.collect_deadline), again.share_id);
    RETURN_IF_ERROR(update.Run());
    RETURN_IF_ERROR(Changes(sql, clock_.Now()).SetAbout(again.share_id, again.about));
    // Once it is not to be sent, nothing is kept of what it was made of.
    RETURN_IF_ERROR(again.planned.empty()
                        ? Sql::Statement(sql, "DELETE FROM planned WHERE share_id = ?").Bind(again.share_id).Run()
                        : Sql::Statement(sql, "UPDATE planned SET planned = ?, plans = plans + 1 WHERE share_id = ?")
                              .Bind(again.planned, again.share_id)
                              .Run());
    for (const OutboxRow& share : waiting) RETURN_IF_ERROR(Insert(sql, again.referral_ref, share, clock_.Now()));
    return Insert(sql, held_back);
  });
}

}  // namespace derwent::agents
