#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"

#include "agents/connectors/table.h"

namespace derwent::connectors {

// Takes what a query gives, within the limits of a file: a query must not fill the agent's memory.
class BoundedTable {
 public:
  // Error: kInvalidArgument over 500 columns, or a name that is not UTF-8.
  absl::Status Begin(TableRow header);
  // After Begin; as many values as the header. Error: kInvalidArgument over 100,000 rows or 32 MiB; a value that is not
  // UTF-8, named by row and column.
  absl::Status Add(TableRow row);
  Table Take() { return std::move(table_); }

 private:
  Table table_;
  size_t octets_ = 0;
};

}  // namespace derwent::connectors
