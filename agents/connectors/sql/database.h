#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "agents/connectors/table.h"

namespace derwent::connectors {

// Which rows of an agency's own database the agent reads: one of `sqlite` and `postgres`, and a query.
struct SqlView {
  std::string sqlite;    // Path of a SQLite file.
  std::string postgres;  // libpq's connection string or URI, without a password: that stands in a passfile.
  std::string query;     // One SELECT; its columns are the mapping's sources. ORDER BY keeps the numbers of its rows.
  std::string version;   // PostgreSQL; may be empty. A cheap SELECT whose rows differ whenever those of `query` do.
  absl::Duration timeout = absl::Seconds(10);  // Of one query, at most ten minutes.
};

// Error: kInvalidArgument saying what is wrong; never repeats the connection string, for it may hold a password.
absl::Status CheckSqlView(const SqlView& view);

// An agency's own database, only ever read: the engine itself refuses to write. Nothing is opened before the first
// call. Not thread-safe. Errors of both calls, none of which repeats a value, a password or the engine's text about
// rows: kInvalidArgument over 100,000 rows, 500 columns or 32 MiB (values with one separator each), not UTF-8;
// kUnavailable not reachable; kDeadlineExceeded the query took longer than its timeout; kPermissionDenied it tries to
// write, or reads what it may not; kFailedPrecondition it is not one SELECT that this database can run; kDataLoss the
// file is broken. All but the first may pass by themselves.
class Database {
 public:
  virtual ~Database() = default;
  // Differs from the one before when rows may have changed; equal only if they did not. Holds no value.
  virtual absl::StatusOr<std::string> Version() = 0;
  // All rows as they are at one moment. NULL is the empty value.
  virtual absl::StatusOr<Table> Read() = 0;
};

// Error: that of CheckSqlView.
absl::StatusOr<std::unique_ptr<Database>> OpenDatabase(const SqlView& view);

}  // namespace derwent::connectors
