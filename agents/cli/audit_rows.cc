#include "agents/cli/audit_rows.h"

#include <string>

#include "absl/strings/str_cat.h"

#include "agents/cli/audit_query.h"
#include "agents/cli/entry_view.h"
#include "trust/entry/entry.h"

namespace derwent::cli {
namespace {

constexpr int kFields = 20;  // The others are reserved.

}  // namespace

Rows ExportRows(const std::vector<v1::LedgerEntry>& entries) {
  std::vector<std::string> header = EntryHeader(Format::kCsv);
  for (int number = 1; number <= kFields; ++number) header.push_back(absl::StrCat("field.", trust::FieldName(number)));
  Rows rows(std::move(header));
  for (const v1::LedgerEntry& entry : entries) {
    std::vector<std::string> cells = EntryCells(entry, Format::kCsv);
    const EntryView view(entry);
    for (int number = 1; number <= kFields; ++number) cells.push_back(view.Field(trust::FieldName(number)));
    rows.Add(std::move(cells));
  }
  return rows;
}

}  // namespace derwent::cli
