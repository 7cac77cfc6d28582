#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "agents/connectors/batch.h"
#include "agents/connectors/mapping.h"

namespace derwent::connectors {

inline constexpr size_t kMaxTableRows = 100'000;
inline constexpr size_t kMaxTableColumns = 500;
inline constexpr size_t kMaxTableOctets = 32 << 20;  // Of a file, or of what a query gives.

using TableRow = std::vector<std::string>;

// What a CSV file or a query of a database gives. Rows count as in a file whose first row is the header; an empty value
// is not given, and a row without values counts and is passed over.
struct Table {
  TableRow header;
  std::vector<TableRow> rows;
  int64_t first_row = 2;  // Number of the first of them.
};

// Each row is one item. Under a mapping with `join` it goes on with the columns of every row of `joined` that has the
// same value in the joining column. Errors: kInvalidArgument two columns of one name, a column of the mapping that
// is not there, no joining column, over 100,000 rows when joined. Bad rows are problems, not errors; so are rows that
// have not as many values as the header.
absl::StatusOr<Batch> ReadTable(const Mapping& mapping, Table table, Table joined = {});

}  // namespace derwent::connectors
