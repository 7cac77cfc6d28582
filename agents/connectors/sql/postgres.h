#pragma once

#include <string>

#include "absl/status/status.h"

#include "agents/connectors/sql/database.h"

namespace derwent::connectors {

// A libpq connection string or URI that holds no password. Error: kInvalidArgument, never repeating it.
absl::Status CheckConnectionString(const std::string& text);

// A PostgreSQL server. Every query has a connection of its own and runs as a cursor in a READ ONLY transaction, which
// the server ends after the timeout; the agent itself waits a second longer at most. Rows come one at a time: memory is
// bounded by the limits of a table and one row. A server that is not on this machine's socket must prove who it is
// (`sslmode=verify-full`) unless the connection string says otherwise. Dates come as ISO dates of London, true and
// false as those words.
class PostgresDatabase final : public Database {
 public:
  explicit PostgresDatabase(SqlView view) : view_(std::move(view)) {}

  // A digest of the rows of `version`; without it, of the query's own.
  absl::StatusOr<std::string> Version() override;
  absl::StatusOr<Table> Read() override;

 private:
  const SqlView view_;
};

}  // namespace derwent::connectors
