#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "agents/connectors/batch.h"
#include "agents/connectors/mapping.h"

namespace derwent::connectors {

inline constexpr size_t kMaxCsvRows = 100'000;
inline constexpr size_t kMaxCsvColumns = 500;

// A CSV file (RFC 4180): UTF-8, a byte order mark is skipped, CRLF or LF, quotes doubled inside quotes.
using CsvRow = std::vector<std::string>;
// Errors: kInvalidArgument not UTF-8, an open quote, a quote inside an unquoted value, over the limits.
absl::StatusOr<std::vector<CsvRow>> ParseCsv(absl::string_view text);
// One row as text, quoted where needed, with its newline.
std::string FormatCsvRow(const CsvRow& row);

// Reads an export: the first row names the columns; each other row is one item. Under a mapping with `join` each row
// goes on with the columns of every row of `joined` that has the same value in the joining column. Errors:
// kInvalidArgument not a CSV, no header, two columns of one name, no joining column, over 100,000 rows when joined. Bad
// rows are problems, not errors.
absl::StatusOr<Batch> ReadCsv(const Mapping& mapping, absl::string_view text, absl::string_view joined = "");

}  // namespace derwent::connectors
