#include "agents/connectors/sql/bounded_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "trust/base/utf8.h"

namespace derwent::connectors {

absl::Status BoundedTable::Begin(TableRow header) {
  if (header.size() > kMaxTableColumns) return absl::InvalidArgumentError("the query gives more than 500 columns");
  if (!std::ranges::all_of(header, IsUtf8)) return absl::InvalidArgumentError("the name of a column is not UTF-8");
  table_.header = std::move(header);
  return absl::OkStatus();
}

absl::Status BoundedTable::Add(TableRow row) {
  if (table_.rows.size() == kMaxTableRows) return absl::InvalidArgumentError("the query gives more than 100000 rows");
  for (size_t i = 0; i < row.size(); ++i) {
    octets_ += row[i].size() + 1;
    if (octets_ > kMaxTableOctets) return absl::InvalidArgumentError("the query gives more than 32 MiB");
    if (!IsUtf8(row[i])) {
      return absl::InvalidArgumentError(
          absl::StrCat("row ", table_.rows.size() + 2, ", column `", table_.header[i], "` is not UTF-8"));
    }
  }
  table_.rows.push_back(std::move(row));
  return absl::OkStatus();
}

}  // namespace derwent::connectors
