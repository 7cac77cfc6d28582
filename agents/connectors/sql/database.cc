#include "agents/connectors/sql/database.h"

#include "agents/connectors/sql/postgres.h"
#include "agents/connectors/sql/sqlite.h"
#include "trust/base/status_macros.h"

namespace derwent::connectors {
namespace {

constexpr absl::Duration kLongestTimeout = absl::Minutes(10);

bool HoldsNul(const std::string& text) { return text.find('\0') != std::string::npos; }

}  // namespace

absl::Status CheckSqlView(const SqlView& view) {
  if (view.sqlite.empty() == view.postgres.empty())
    return absl::InvalidArgumentError("a database is either `sqlite` or `postgres`");
  if (view.query.empty()) return absl::InvalidArgumentError("a database needs a `query`");
  if (!view.sqlite.empty() && !view.version.empty())
    return absl::InvalidArgumentError("`version` is for `postgres`: SQLite says itself what changed");
  if (HoldsNul(view.sqlite) || HoldsNul(view.postgres) || HoldsNul(view.query) || HoldsNul(view.version))
    return absl::InvalidArgumentError("a database's members hold no NUL");
  if (view.timeout < absl::Milliseconds(1) || view.timeout > kLongestTimeout)
    return absl::InvalidArgumentError("`timeout_millis` must be 1 to 600000");
  return view.postgres.empty() ? absl::OkStatus() : CheckConnectionString(view.postgres);
}

absl::StatusOr<std::unique_ptr<Database>> OpenDatabase(const SqlView& view) {
  RETURN_IF_ERROR(CheckSqlView(view));
  if (view.postgres.empty()) return std::make_unique<SqliteDatabase>(view);
  return std::make_unique<PostgresDatabase>(view);
}

}  // namespace derwent::connectors
