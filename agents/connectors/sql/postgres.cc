#include "agents/connectors/sql/postgres.h"

#include <libpq-fe.h>
#include <poll.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

#include "agents/connectors/sql/bounded_table.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::connectors {
namespace {

constexpr char kConnectSeconds[] = "5";                   // For each address of the server.
constexpr std::chrono::milliseconds kServersGrace(1000);  // Its own answer that the time is over says more.
constexpr unsigned kBool = 16;                            // Its number in pg_type, which never changes.
constexpr absl::string_view kCursor = "DECLARE derwent NO SCROLL CURSOR FOR ";

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, Clear>;

// What the server's five letters mean for whoever wrote the query. Never its text: it may repeat a value.
absl::Status Refused(absl::string_view state, absl::Duration timeout) {
  const std::string code = absl::StrCat(" (SQLSTATE ", state, ")");
  if (state == "57014")
    return absl::DeadlineExceededError(
        absl::StrCat("the query took longer than ", absl::FormatDuration(timeout), code));
  if (state == "25006") return absl::PermissionDeniedError("the query tries to write: the server refuses it" + code);
  if (state == "42501") return absl::PermissionDeniedError("the agent may not read what the query names" + code);
  if (state == "42601" || state == "0A000")
    return absl::FailedPreconditionError("the query must be one SELECT that only reads" + code);
  if (state == "42P01")
    return absl::FailedPreconditionError("the query names a table or view that is not there" + code);
  if (state == "42703") return absl::FailedPreconditionError("the query names a column that is not there" + code);
  if (state.empty() || absl::StartsWith(state, "08") || absl::StartsWith(state, "53") ||
      absl::StartsWith(state, "57P") || absl::StartsWith(state, "58"))
    return absl::UnavailableError("the server ended the query" + (state.empty() ? "" : code));
  return absl::FailedPreconditionError("the server refuses the query" + code);
}

// One connection and one read-only transaction on it, rolled back when it ends. Not thread-safe.
class Reading {
 public:
  explicit Reading(const SqlView& view) : view_(view) {}

  absl::Status Begin() {
    RETURN_IF_ERROR(Connect());
    deadline_ = std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(view_.timeout) + kServersGrace;
    RETURN_IF_ERROR(Command("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"));
    return Command(absl::StrCat("SELECT set_config('statement_timeout', '", absl::ToInt64Milliseconds(view_.timeout),
                                "', true), set_config('DateStyle', 'ISO, YMD', true), "
                                "set_config('TimeZone', 'Europe/London', true)"));
  }

  absl::StatusOr<Table> Rows(const std::string& query) {
    // A cursor takes nothing but a SELECT or VALUES, and this protocol nothing but one statement.
    RETURN_IF_ERROR(Command(absl::StrCat(kCursor, query)));
    RETURN_IF_ERROR(Send(absl::StrCat("FETCH ", kMaxTableRows + 1, " FROM derwent")));
    PQsetSingleRowMode(connection_.get());
    BoundedTable table;
    bool begun = false;
    while (true) {
      ASSIGN_OR_RETURN(const Result result, Next());
      if (result == nullptr) return table.Take();
      const ExecStatusType status = PQresultStatus(result.get());
      if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK) return RefusedBy(*result);
      if (!begun) RETURN_IF_ERROR(table.Begin(Header(*result)));
      begun = true;
      for (int i = 0; i < PQntuples(result.get()); ++i) RETURN_IF_ERROR(table.Add(Values(*result, i)));
    }
  }

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };

  absl::Status Connect() {
    // What stands before the connection string it may change, what stands after it not.
    const char* const keys[] = {"sslmode", "dbname", "connect_timeout", "client_encoding", "application_name", nullptr};
    const char* const values[] = {"verify-full", view_.postgres.c_str(), kConnectSeconds,
                                  "UTF8",        "derwent-agent",        nullptr};
    connection_.reset(PQconnectdbParams(keys, values, /*expand_dbname=*/1));
    if (connection_ == nullptr) return absl::ResourceExhaustedError("no memory for a connection");
    PQsetNoticeReceiver(
        connection_.get(), [](void*, const PGresult*) {}, nullptr);  // They may repeat a value.
    if (PQstatus(connection_.get()) == CONNECTION_OK) return absl::OkStatus();
    const std::string text = PQerrorMessage(connection_.get());
    const char* password = PQpass(connection_.get());
    const bool tells = password != nullptr && *password != '\0' && absl::StrContains(text, password);
    const std::pair<absl::string_view, absl::string_view> first = absl::StrSplit(text, absl::MaxSplits('\n', 1));
    return absl::UnavailableError(
        absl::StrCat("the server cannot be reached", tells ? "" : ": ", tells ? "" : first.first));
  }

  // One statement, always: the extended protocol takes no second one.
  absl::Status Send(const std::string& statement) {
    if (PQsendQueryParams(connection_.get(), statement.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0) == 1)
      return absl::OkStatus();
    return Refused("", view_.timeout);
  }

  absl::Status Command(const std::string& statement) {
    RETURN_IF_ERROR(Send(statement));
    while (true) {
      ASSIGN_OR_RETURN(const Result result, Next());
      if (result == nullptr) return absl::OkStatus();
      const ExecStatusType status = PQresultStatus(result.get());
      if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) return RefusedBy(*result);
    }
  }

  // The next result of what was sent; null after the last.
  absl::StatusOr<Result> Next() {
    while (PQisBusy(connection_.get()) == 1) {
      RETURN_IF_ERROR(WaitForOctets());
      if (PQconsumeInput(connection_.get()) == 0) return Refused("", view_.timeout);
    }
    return Result(PQgetResult(connection_.get()));
  }

  absl::Status WaitForOctets() {
    while (true) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now()).count();
      if (left <= 0) return absl::DeadlineExceededError("the server did not answer in time");
      pollfd socket = {.fd = PQsocket(connection_.get()), .events = POLLIN, .revents = 0};
      const int ready = poll(&socket, 1, static_cast<int>(left));
      if (ready > 0) return absl::OkStatus();
      if (ready < 0 && errno != EINTR) return absl::UnavailableError("the connection cannot be waited for");
    }
  }

  absl::Status RefusedBy(const PGresult& result) const {
    const char* state = PQresultErrorField(&result, PG_DIAG_SQLSTATE);
    return Refused(state == nullptr ? "" : state, view_.timeout);
  }

  static TableRow Header(const PGresult& result) {
    TableRow header;
    for (int i = 0; i < PQnfields(&result); ++i) header.emplace_back(PQfname(&result, i));
    return header;
  }

  static TableRow Values(const PGresult& result, int row) {
    TableRow values;
    for (int i = 0; i < PQnfields(&result); ++i) {
      const std::string text(PQgetvalue(&result, row, i), static_cast<size_t>(PQgetlength(&result, row, i)));
      const bool word = PQftype(&result, i) == kBool && !text.empty();
      values.push_back(word ? (text == "t" ? "true" : "false") : text);
    }
    return values;
  }

  const SqlView& view_;
  std::unique_ptr<PGconn, Finish> connection_;
  std::chrono::steady_clock::time_point deadline_;
};

absl::StatusOr<Table> RowsOf(const SqlView& view, const std::string& query) {
  Reading reading(view);
  RETURN_IF_ERROR(reading.Begin());
  return reading.Rows(query);
}

}  // namespace

absl::Status CheckConnectionString(const std::string& text) {
  struct Free {
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
  };
  char* error = nullptr;
  const std::unique_ptr<PQconninfoOption, Free> options(PQconninfoParse(text.c_str(), &error));
  PQfreemem(error);  // It may repeat a password.
  if (options == nullptr) return absl::InvalidArgumentError("`postgres` must be a connection string of libpq");
  for (const PQconninfoOption* one = options.get(); one->keyword != nullptr; ++one) {
    const absl::string_view keyword = one->keyword;
    if ((keyword == "password" || keyword == "sslpassword") && one->val != nullptr)
      return absl::InvalidArgumentError("`postgres` must hold no password: keep it in libpq's passfile");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> PostgresDatabase::Version() {
  ASSIGN_OR_RETURN(const Table table, RowsOf(view_, view_.version.empty() ? view_.query : view_.version));
  std::string digest = trust::Sha256(absl::StrCat(table.header.size())).bytes();
  const auto add = [&](const TableRow& row) {
    std::string text = digest;
    for (const std::string& value : row) absl::StrAppend(&text, value.size(), ":", value);
    digest = trust::Sha256(text).bytes();
  };
  add(table.header);
  for (const TableRow& row : table.rows) add(row);
  return digest;
}

absl::StatusOr<Table> PostgresDatabase::Read() { return RowsOf(view_, view_.query); }

}  // namespace derwent::connectors
