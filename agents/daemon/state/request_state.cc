#include "agents/daemon/state/request_state.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

constexpr char kSchema[] = R"sql(
CREATE TABLE IF NOT EXISTS asked (row INTEGER PRIMARY KEY AUTOINCREMENT, request_id BLOB NOT NULL UNIQUE, request_ref BLOB UNIQUE, request_digest BLOB NOT NULL,
  acting_person BLOB NOT NULL, state BLOB NOT NULL, reason BLOB NOT NULL, submit BLOB NOT NULL, outcome BLOB NOT NULL, manifest BLOB NOT NULL, create_ms INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS asked_by_state ON asked (state);
CREATE TABLE IF NOT EXISTS selectors (request_id BLOB, holder BLOB, manifest BLOB NOT NULL, PRIMARY KEY (request_id, holder)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS replies (row INTEGER PRIMARY KEY AUTOINCREMENT, request_id BLOB NOT NULL, share_id BLOB NOT NULL UNIQUE);
CREATE INDEX IF NOT EXISTS replies_by_request ON replies (request_id);
CREATE TABLE IF NOT EXISTS held_requests (row INTEGER PRIMARY KEY AUTOINCREMENT, request_id BLOB NOT NULL UNIQUE, details BLOB NOT NULL, next_ms INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS held_requests_by_time ON held_requests (next_ms);
CREATE TABLE IF NOT EXISTS approvals (approval_id BLOB PRIMARY KEY, request_id BLOB NOT NULL, role BLOB NOT NULL, question BLOB NOT NULL, own INTEGER NOT NULL,
  sent INTEGER NOT NULL, state BLOB NOT NULL, reason BLOB NOT NULL, approval BLOB NOT NULL, due_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS approvals_by_request ON approvals (request_id);
CREATE INDEX IF NOT EXISTS approvals_by_state ON approvals (state, due_ms);
CREATE TABLE IF NOT EXISTS approval_askers (approval_id BLOB PRIMARY KEY, agency BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS approval_askers_by_agency ON approval_askers (agency);
CREATE TABLE IF NOT EXISTS answers (row INTEGER PRIMARY KEY AUTOINCREMENT, share_id BLOB NOT NULL UNIQUE, request_id BLOB NOT NULL, submit BLOB NOT NULL,
  not_before_ms INTEGER NOT NULL, state BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS answers_by_state ON answers (state, not_before_ms);
CREATE TABLE IF NOT EXISTS emergency_shares (share_id BLOB PRIMARY KEY) WITHOUT ROWID;
)sql";

constexpr char kAsked[] =
    "SELECT row, request_id, coalesce(request_ref, x''), request_digest, acting_person, state, reason, submit, "
    "outcome, manifest, create_ms, request_id IN (SELECT share_id FROM emergency_shares) AS emergency FROM asked ";
constexpr char kHeld[] = "SELECT row, request_id, details, next_ms FROM held_requests ";
constexpr char kApprovals[] =
    "SELECT approval_id, request_id, role, question, own, sent, state, reason, approval, due_ms FROM approvals ";
constexpr char kAnswers[] =
    "SELECT share_id, request_id, submit, not_before_ms, state, row, share_id IN (SELECT share_id FROM "
    "emergency_shares) AS emergency FROM answers ";

int64_t Millis(absl::Time time) { return time == absl::InfiniteFuture() ? INT64_MAX : absl::ToUnixMillis(time); }
absl::Time TimeOf(int64_t millis) {
  return millis == INT64_MAX ? absl::InfiniteFuture() : absl::FromUnixMillis(millis);
}
int64_t Below(int64_t before) { return before > 0 ? before : INT64_MAX; }

AskedRow ReadAsked(const Sql::Statement& row) {
  return {.row = row.Int(0),
          .request_id = row.Text(1),
          .request_ref = row.Text(2),
          .request_digest = row.Text(3),
          .acting_person = row.Text(4),
          .state = row.Text(5),
          .reason = row.Text(6),
          .submit = row.Text(7),
          .outcome = row.Text(8),
          .manifest = row.Text(9),
          .create_time = TimeOf(row.Int(10)),
          .emergency = row.Int(11) != 0};
}

HeldRow ReadHeld(const Sql::Statement& row) {
  return {.row = row.Int(0), .request_id = row.Text(1), .details = row.Text(2), .next_time = TimeOf(row.Int(3))};
}

ApprovalRow ReadApproval(const Sql::Statement& row) {
  return {.approval_id = row.Text(0),
          .request_id = row.Text(1),
          .role = row.Text(2),
          .question = row.Text(3),
          .own = row.Int(4) != 0,
          .sent = row.Int(5) != 0,
          .state = row.Text(6),
          .reason = row.Text(7),
          .approval = row.Text(8),
          .due = TimeOf(row.Int(9))};
}

AnswerRow ReadAnswer(const Sql::Statement& row) {
  return {.share_id = row.Text(0),
          .request_id = row.Text(1),
          .submit = row.Text(2),
          .not_before = TimeOf(row.Int(3)),
          .state = row.Text(4),
          .row = row.Int(5),
          .emergency = row.Int(6) != 0};
}

template <typename Row>
absl::StatusOr<std::optional<Row>> First(absl::StatusOr<std::vector<Row>> rows) {
  RETURN_IF_ERROR(rows.status());
  if (rows->empty()) return std::optional<Row>();
  return std::optional<Row>(std::move(rows->front()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<RequestState>> RequestState::Open(State& state) {
  RETURN_IF_ERROR(state.file().Change([](Sql& sql) { return sql.Execute(kSchema); }));
  return std::unique_ptr<RequestState>(new RequestState(state));
}

template <typename... Values>
absl::Status RequestState::Change(absl::string_view text, const Values&... values) {
  return state_.file().Change([&](Sql& sql) { return Sql::Statement(sql, text).Bind(values...).Run(); });
}

template <typename Row, typename Read, typename... Values>
absl::StatusOr<std::vector<Row>> RequestState::Select(const std::string& sql, Read read, const Values&... values) {
  const StateFile::Reading reading(state_.file());
  Sql::Statement query(reading.sql(), sql);
  query.Bind(values...);
  return query.All(read);
}

template <typename... Values>
absl::StatusOr<std::vector<std::string>> RequestState::Texts(const std::string& sql, const Values&... values) {
  return Select<std::string>(
      sql, [](const Sql::Statement& row) { return row.Text(0); }, values...);
}

template <typename... Values>
absl::StatusOr<int64_t> RequestState::Count(const std::string& sql, const Values&... values) {
  ASSIGN_OR_RETURN(const std::vector<int64_t> counts,
                   Select<int64_t>(
                       sql, [](const Sql::Statement& row) { return row.Int(0); }, values...));
  return counts.empty() ? 0 : counts.front();
}

absl::StatusOr<std::optional<AskedRow>> RequestState::FindAsked(const std::string& request_id) {
  return First(Select<AskedRow>(absl::StrCat(kAsked, "WHERE request_id = ?"), ReadAsked, request_id));
}

absl::StatusOr<std::optional<AskedRow>> RequestState::FindReference(const std::string& request_ref) {
  return First(Select<AskedRow>(absl::StrCat(kAsked, "WHERE request_ref = ?"), ReadAsked, request_ref));
}

absl::StatusOr<std::vector<AskedRow>> RequestState::QueuedRequests() {
  return Select<AskedRow>(absl::StrCat(kAsked, "WHERE state = ? ORDER BY emergency DESC, row LIMIT 100"), ReadAsked,
                          std::string("QUEUED"));
}

absl::StatusOr<std::vector<AskedRow>> RequestState::ListAsked(int64_t before, int limit) {
  return Select<AskedRow>(absl::StrCat(kAsked, "WHERE row < ? ORDER BY row DESC LIMIT ?"), ReadAsked, Below(before),
                          static_cast<int64_t>(limit));
}

absl::StatusOr<std::vector<AskedRow>> RequestState::AskedAfter(int64_t after, int limit) {
  return Select<AskedRow>(absl::StrCat(kAsked, "WHERE row > ? ORDER BY row LIMIT ?"), ReadAsked, after,
                          static_cast<int64_t>(limit));
}

absl::Status RequestState::RewriteOutcome(const std::string& request_id, absl::string_view outcome) {
  RETURN_IF_ERROR(Change("UPDATE asked SET outcome = ? WHERE request_id = ?", outcome, request_id));
  return state_.EmptyLog();
}

absl::Status RequestState::ReleaseReference(const std::string& request_id) {
  return Change("UPDATE asked SET request_ref = NULL WHERE request_id = ?", request_id);
}

absl::StatusOr<std::string> RequestState::SelectorOf(const std::string& request_id, const std::string& holder) {
  ASSIGN_OR_RETURN(std::vector<std::string> found,
                   Texts("SELECT manifest FROM selectors WHERE request_id = ? AND holder = ?", request_id, holder));
  return found.empty() ? "" : std::move(found.front());
}

absl::StatusOr<std::vector<std::string>> RequestState::RepliesTo(const std::string& request_id) {
  return Texts("SELECT share_id FROM replies WHERE request_id = ? ORDER BY row", request_id);
}

absl::StatusOr<std::optional<HeldRow>> RequestState::FindHeld(const std::string& request_id) {
  return First(Select<HeldRow>(absl::StrCat(kHeld, "WHERE request_id = ?"), ReadHeld, request_id));
}

absl::StatusOr<std::vector<HeldRow>> RequestState::HeldDue(absl::Time now) {
  return Select<HeldRow>(absl::StrCat(kHeld, "WHERE next_ms <= ? ORDER BY next_ms, row LIMIT 100"), ReadHeld,
                         Millis(now));
}

absl::StatusOr<std::vector<HeldRow>> RequestState::ListHeld(int64_t before, int limit) {
  return Select<HeldRow>(absl::StrCat(kHeld, "WHERE row < ? ORDER BY row DESC LIMIT ?"), ReadHeld, Below(before),
                         static_cast<int64_t>(limit));
}

absl::Status RequestState::WakeHeld(const std::string& request_id, absl::Time next_time) {
  return Change("UPDATE held_requests SET next_ms = ? WHERE request_id = ?", Millis(next_time), request_id);
}

absl::Status RequestState::WakeAllHeld(absl::Time next_time) {
  return Change("UPDATE held_requests SET next_ms = ?1 WHERE next_ms > ?1 AND next_ms < ?2", Millis(next_time),
                Millis(absl::InfiniteFuture()));
}

absl::Status RequestState::AddApproval(const ApprovalRow& row) {
  return state_.file().Change([&](Sql& sql) -> absl::Status {
    Sql::Statement insert(sql, "INSERT OR IGNORE INTO approvals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    insert.Bind(row.approval_id, row.request_id, row.role, row.question, static_cast<int64_t>(row.own),
                static_cast<int64_t>(row.sent), row.state, row.reason, row.approval, Millis(row.due));
    RETURN_IF_ERROR(insert.Run());
    if (row.asked_by.empty()) return absl::OkStatus();
    return Sql::Statement(sql, "INSERT OR IGNORE INTO approval_askers VALUES (?, ?)")
        .Bind(row.approval_id, row.asked_by)
        .Run();
  });
}

absl::StatusOr<std::optional<ApprovalRow>> RequestState::FindApproval(const std::string& approval_id) {
  return First(Select<ApprovalRow>(absl::StrCat(kApprovals, "WHERE approval_id = ?"), ReadApproval, approval_id));
}

absl::StatusOr<std::vector<ApprovalRow>> RequestState::ApprovalsOf(const std::string& request_id) {
  return Select<ApprovalRow>(absl::StrCat(kApprovals, "WHERE request_id = ? AND own = 1"), ReadApproval, request_id);
}

absl::StatusOr<std::vector<ApprovalRow>> RequestState::WaitingApprovals(absl::Time now) {
  return Select<ApprovalRow>(absl::StrCat(kApprovals, "WHERE state = ? AND due_ms > ? ORDER BY due_ms LIMIT 500"),
                             ReadApproval, std::string("WAITING"), Millis(now));
}

absl::StatusOr<int64_t> RequestState::CountWaitingApprovals(absl::Time now) {
  return Count("SELECT count(*) FROM approvals WHERE state = ? AND due_ms > ?", std::string("WAITING"), Millis(now));
}

absl::StatusOr<int64_t> RequestState::CountWaitingOf(const std::string& agency, absl::Time now) {
  return Count(
      "SELECT count(*) FROM approval_askers k JOIN approvals a ON a.approval_id = k.approval_id WHERE k.agency = ? AND "
      "a.state = ? AND a.due_ms > ?",
      agency, std::string("WAITING"), Millis(now));
}

absl::Status RequestState::LapseElsewhere(absl::Time now) {
  const std::string lapsed = "LAPSED";
  const std::string waiting = "WAITING";
  return Change("UPDATE approvals SET state = ? WHERE own = 0 AND state = ? AND due_ms <= ?", lapsed, waiting,
                Millis(now));
}

absl::Status RequestState::MarkAsked(const std::string& approval_id) {
  return Change("UPDATE approvals SET sent = 1 WHERE approval_id = ?", approval_id);
}

absl::StatusOr<bool> RequestState::SettleApproval(const std::string& approval_id, absl::string_view state,
                                                  absl::string_view reason, absl::string_view approval) {
  bool settled = false;
  RETURN_IF_ERROR(state_.file().Change([&](Sql& sql) {
    Sql::Statement update(
        sql, "UPDATE approvals SET state = ?, reason = ?, approval = ? WHERE approval_id = ? AND state = ?");
    const std::string waiting = "WAITING";
    update.Bind(state, reason, approval, approval_id, waiting);
    const absl::Status run = update.Run();
    settled = sql.changes() > 0;
    return run;
  }));
  return settled;
}

absl::StatusOr<std::vector<AnswerRow>> RequestState::AnswersDue(absl::Time now) {
  return Select<AnswerRow>(
      absl::StrCat(kAnswers, "WHERE state = ? AND not_before_ms <= ? ORDER BY emergency DESC, row LIMIT 100"),
      ReadAnswer, std::string("QUEUED"), Millis(now));
}

absl::StatusOr<std::vector<AnswerRow>> RequestState::AnswersAfter(int64_t after, int limit) {
  return Select<AnswerRow>(absl::StrCat(kAnswers, "WHERE row > ? ORDER BY row LIMIT ?"), ReadAnswer, after,
                           static_cast<int64_t>(limit));
}

absl::StatusOr<std::vector<std::string>> RequestState::WaitingAnswers(const std::string& request_id) {
  return Texts("SELECT share_id FROM answers WHERE state = ? AND request_id = ? ORDER BY row", std::string("QUEUED"),
               request_id);
}

absl::StatusOr<std::optional<AnswerRow>> RequestState::FindAnswer(const std::string& share_id) {
  return First(Select<AnswerRow>(absl::StrCat(kAnswers, "WHERE share_id = ?"), ReadAnswer, share_id));
}

}  // namespace derwent::agents
