#include "agents/cli/ledger/entry_rows.h"

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "agents/cli/ledger/entry_view.h"
#include "trust/entry/entry.h"

namespace derwent::cli {
namespace {

constexpr int kFields = 20;  // The others are reserved.

}  // namespace

std::vector<std::string> EntryHeader(Format format) {
  std::vector<std::string> header = {"index",   "time",    "step",    "from",    "to",   "purpose",
                                     "profile", "subject", "outcome", "reasons", "share"};
  if (format == Format::kTable) return header;
  for (const char* more : {"person", "board", "agreement", "categories"}) header.emplace_back(more);
  return header;
}

std::vector<std::string> EntryCells(const v1::LedgerEntry& entry, Format format) {
  const EntryView view(entry);
  std::vector<std::string> cells = {absl::StrCat(entry.index()),     view.Time(),
                                    view.Pair("step", "step"),       view.Field("releasing_agency"),
                                    view.Field("receiving_agency"),  view.Pair("purpose", "purpose"),
                                    view.Pair("purpose", "profile"), view.Pair("subject_role", "role"),
                                    view.Pair("outcome", "outcome"), view.Pair("outcome", "reasons"),
                                    view.Pair("ids", "share")};
  if (format == Format::kTable) return cells;
  const std::string& sender = view.Field("releasing_person");
  std::vector<std::string> categories;
  for (const absl::string_view line : absl::StrSplit(view.Field("categories"), '\n', absl::SkipEmpty())) {
    std::map<std::string, std::string> pairs = ParsePairs(line);
    categories.push_back(pairs["category"]);
  }
  cells.push_back(sender.empty() ? view.Field("receiving_person") : sender);
  cells.push_back(view.Pair("purpose", "board"));
  cells.push_back(view.Pair("agreement", "agreement"));
  cells.push_back(absl::StrJoin(categories, " "));
  return cells;
}

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
