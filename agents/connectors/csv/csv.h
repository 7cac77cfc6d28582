#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "agents/connectors/batch.h"
#include "agents/connectors/mapping.h"
#include "agents/connectors/table.h"

namespace derwent::connectors {

// A CSV file (RFC 4180): UTF-8, a byte order mark is skipped, CRLF or LF, quotes doubled inside quotes. A blank line is
// a row without values.
using CsvRow = TableRow;
// Errors: kInvalidArgument not UTF-8, an open quote, a quote inside an unquoted value, over the limits.
absl::StatusOr<std::vector<CsvRow>> ParseCsv(absl::string_view text);
// One row as text, quoted where needed, with its newline.
std::string FormatCsvRow(const CsvRow& row);

// Reads an export, as UTF-8 or else in the encoding that the mapping names: the first row that is not blank names the
// columns, blank ones count and say nothing. `joined` is the second file of a mapping with `join`. Errors:
// kInvalidArgument not a CSV, no header, and those of ReadTable. Bad rows are problems, not errors.
absl::StatusOr<Batch> ReadCsv(const Mapping& mapping, absl::string_view text, absl::string_view joined = "");

}  // namespace derwent::connectors
