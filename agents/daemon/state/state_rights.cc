// Whose data went to whom, and what of their rights was told.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "agents/daemon/state/state.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

constexpr char kGivenColumns[] =
    "SELECT DISTINCT g.share_id, g.request_id, g.recipient, g.subject, g.categories, g.source, g.onward FROM given g ";
constexpr char kRightsColumns[] =
    "SELECT row, event_id, share_id, peer, own, state, because, notice, answer, ground, create_ms FROM rights ";

std::vector<std::string> Words(const std::string& text) { return absl::StrSplit(text, ' ', absl::SkipEmpty()); }

GivenRow ReadGiven(const Sql::Statement& row) {
  return {.share_id = row.Text(0),
          .request_id = row.Text(1),
          .recipient = row.Text(2),
          .subject = static_cast<uint32_t>(row.Int(3)),
          .categories = Words(row.Text(4)),
          .source_share_id = row.Text(5),
          .onward = Words(row.Text(6))};
}

RightsRow ReadRights(const Sql::Statement& row) {
  return {.row = row.Int(0),
          .event_id = row.Text(1),
          .share_id = row.Text(2),
          .peer = row.Text(3),
          .own = row.Int(4) != 0,
          .state = row.Text(5),
          .because = row.Text(6),
          .notice = row.Text(7),
          .answer = row.Text(8),
          .ground = row.Text(9),
          .create_time = absl::FromUnixMillis(row.Int(10))};
}

absl::Status InsertRights(Sql& sql, const RightsRow& row) {
  return Sql::Statement(sql,
                        "INSERT OR IGNORE INTO rights (event_id, share_id, peer, own, state, because, notice, answer,"
                        " ground, create_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .Bind(row.event_id, row.share_id, row.peer, static_cast<int64_t>(row.own ? 1 : 0), row.state, row.because,
            row.notice, row.answer, row.ground, absl::ToUnixMillis(row.create_time))
      .Run();
}

absl::Status InsertCall(Sql& sql, const RightsCall& call) {
  return Sql::Statement(sql, "INSERT OR REPLACE INTO rights_calls VALUES (?, ?, ?)")
      .Bind(call.request_id, call.method, call.request)
      .Run();
}

absl::Status DropCall(Sql& sql, const std::string& request_id) {
  return Sql::Statement(sql, "DELETE FROM rights_calls WHERE request_id = ?").Bind(request_id).Run();
}

absl::Status DropEvent(Sql& sql, const std::string& event_id) {
  return Sql::Statement(sql, "DELETE FROM rights WHERE event_id = ? AND own = 1").Bind(event_id).Run();
}

}  // namespace

absl::Status State::KeepGiven(const std::vector<GivenRow>& rows, const std::vector<GivenPerson>& persons) {
  return file_->Change([&](Sql& sql) -> absl::Status {
    for (const GivenRow& row : rows) {
      RETURN_IF_ERROR(Sql::Statement(sql, "INSERT OR REPLACE INTO given VALUES (?, ?, ?, ?, ?, ?, ?)")
                          .Bind(row.share_id, row.recipient, row.subject, row.request_id,
                                absl::StrJoin(row.categories, " "), row.source_share_id, absl::StrJoin(row.onward, " "))
                          .Run());
    }
    for (const GivenPerson& person : persons) {
      RETURN_IF_ERROR(Sql::Statement(sql, "INSERT OR IGNORE INTO given_person VALUES (?, ?, ?)")
                          .Bind(person.digest, person.share_id, person.subject)
                          .Run());
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<GivenRow>> State::GivenAbout(const std::string& person) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(),
                       absl::StrCat(kGivenColumns,
                                    "JOIN given_person p ON p.share_id = g.share_id AND p.subject = g.subject"
                                    " WHERE p.digest = ? ORDER BY g.share_id, g.recipient, g.subject"));
  query.Bind(person);
  return query.All(ReadGiven);
}

absl::StatusOr<std::vector<GivenRow>> State::GivenOnward(const std::string& source_share_id) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(),
                       absl::StrCat(kGivenColumns, "WHERE g.source = ? ORDER BY g.share_id, g.recipient, g.subject"));
  query.Bind(source_share_id);
  return query.All(ReadGiven);
}

absl::Status State::ForgetGiven(const std::string& share_id) {
  return file_->Change([&](Sql& sql) -> absl::Status {
    RETURN_IF_ERROR(Sql::Statement(sql, "DELETE FROM given_person WHERE share_id = ?").Bind(share_id).Run());
    return Sql::Statement(sql, "DELETE FROM given WHERE share_id = ?").Bind(share_id).Run();
  });
}

absl::Status State::SaveRights(const std::vector<RightsRow>& rows, const RightsCall& call) {
  return file_->Change([&](Sql& sql) -> absl::Status {
    RETURN_IF_ERROR(DropEvent(sql, call.request_id));
    for (const RightsRow& row : rows) RETURN_IF_ERROR(InsertRights(sql, row));
    return InsertCall(sql, call);
  });
}

absl::Status State::SettleRights(const std::string& event_id, absl::string_view state) {
  return file_->Change([&](Sql& sql) -> absl::Status {
    RETURN_IF_ERROR(
        Sql::Statement(sql, "UPDATE rights SET state = ? WHERE event_id = ? AND own = 1").Bind(state, event_id).Run());
    return DropCall(sql, event_id);
  });
}

absl::Status State::ForgetRights(const std::string& event_id) {
  return file_->Change([&](Sql& sql) -> absl::Status {
    RETURN_IF_ERROR(DropEvent(sql, event_id));
    return DropCall(sql, event_id);
  });
}

absl::Status State::TakeRights(const RightsRow& row) {
  return file_->Change([&](Sql& sql) { return InsertRights(sql, row); });
}

absl::Status State::SaveRightsAnswer(const RightsRow& row, const RightsCall& call) {
  return file_->Change([&](Sql& sql) -> absl::Status {
    RETURN_IF_ERROR(Sql::Statement(sql, "UPDATE rights SET state = ?, answer = ? WHERE row = ?")
                        .Bind(row.state, row.answer, row.row)
                        .Run());
    return InsertCall(sql, call);
  });
}

absl::Status State::SettleRightsAnswer(const std::string& request_id, const RightsRow& row) {
  return file_->Change([&](Sql& sql) -> absl::Status {
    RETURN_IF_ERROR(Sql::Statement(sql, "UPDATE rights SET state = ?, answer = ? WHERE row = ?")
                        .Bind(row.state, row.answer, row.row)
                        .Run());
    return DropCall(sql, request_id);
  });
}

absl::Status State::TakeRightsAnswer(const RightsRow& row) {
  return Change("UPDATE rights SET answer = ? WHERE row = ? AND answer = x''", row.answer, row.row);
}

absl::Status State::AllowRestricted(const std::string& event_id, absl::string_view ground) {
  return Change("UPDATE rights SET ground = ? WHERE event_id = ? AND own = 0", ground, event_id);
}

absl::StatusOr<std::vector<RightsRow>> State::RightsOf(const std::string& event_id) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(), absl::StrCat(kRightsColumns, "WHERE event_id = ? ORDER BY row"));
  query.Bind(event_id);
  return query.All(ReadRights);
}

absl::StatusOr<std::vector<RightsRow>> State::RightsAbout(const std::string& share_id) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(), absl::StrCat(kRightsColumns, "WHERE share_id = ? ORDER BY row"));
  query.Bind(share_id);
  return query.All(ReadRights);
}

absl::StatusOr<std::vector<RightsRow>> State::RightsBecauseOf(const std::string& event_id) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(), absl::StrCat(kRightsColumns, "WHERE because = ? ORDER BY row"));
  query.Bind(event_id);
  return query.All(ReadRights);
}

absl::StatusOr<std::vector<RightsRow>> State::ListRights(int64_t before, int limit) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(), absl::StrCat(kRightsColumns,
                                                   "WHERE row IN (SELECT min(row) FROM rights GROUP BY event_id)"
                                                   " AND (?1 = 0 OR row < ?1) ORDER BY row DESC LIMIT ?2"));
  query.Bind(before, static_cast<int64_t>(limit));
  return query.All(ReadRights);
}

absl::StatusOr<std::vector<RightsCall>> State::PendingRightsCalls() {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(),
                       "SELECT request_id, method, request FROM rights_calls ORDER BY request_id LIMIT 100");
  return query.All([](const Sql::Statement& row) {
    return RightsCall{.request_id = row.Text(0), .method = row.Text(1), .request = row.Text(2)};
  });
}

}  // namespace derwent::agents
