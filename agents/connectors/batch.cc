#include "agents/connectors/batch.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "agents/connectors/csv/csv.h"

namespace derwent::connectors {

std::string RejectedRows(const SourceRows& source, const std::vector<Problem>& problems) {
  std::map<int64_t, std::vector<const Problem*>> of_rows;
  for (const Problem& problem : problems) {
    if (source.rows.contains(problem.row)) of_rows[problem.row].push_back(&problem);
  }
  if (of_rows.empty()) return "";
  CsvRow head = source.header;
  head.insert(head.end(), {"_row", "_column", "_rule"});
  std::string text = FormatCsvRow(head);
  for (const auto& [row, broken] : of_rows) {
    const auto joined = [&broken = broken](std::string Problem::*part) {
      return absl::StrJoin(broken, "; ",
                           [&](std::string* out, const Problem* one) { absl::StrAppend(out, one->*part); });
    };
    CsvRow copy = source.rows.at(row);
    copy.insert(copy.end(), {absl::StrCat(row), joined(&Problem::column), joined(&Problem::rule)});
    absl::StrAppend(&text, FormatCsvRow(copy));
  }
  return text;
}

}  // namespace derwent::connectors
