#include "agents/connectors/table.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "agents/connectors/csv/csv.h"
#include "trust/base/status_macros.h"

namespace derwent::connectors {
namespace {

// One row with its number, the header being 1.
struct NumberedRow {
  int64_t number = 0;
  TableRow row;
  bool alone = false;  // It should have a partner in the joined file and has none.
};

// A table whose rows know their numbers.
struct Numbered {
  TableRow header;
  std::vector<NumberedRow> rows;

  std::optional<size_t> Column(absl::string_view name) const {
    const auto found = std::ranges::find(header, name);
    if (found == header.end()) return std::nullopt;
    return static_cast<size_t>(found - header.begin());
  }
};

absl::Status CheckHeader(const TableRow& header) {
  std::set<std::string> names(header.begin(), header.end());
  return names.size() == header.size() ? absl::OkStatus() : absl::InvalidArgumentError("two columns have one name");
}

absl::StatusOr<Numbered> Number(Table table) {
  RETURN_IF_ERROR(CheckHeader(table.header));
  Numbered numbered{.header = std::move(table.header)};
  numbered.rows.reserve(table.rows.size());
  for (TableRow& row : table.rows)
    numbered.rows.push_back({static_cast<int64_t>(numbered.rows.size()) + 2, std::move(row)});
  return numbered;
}

// Makes problems of the rows of one file, and keeps them to be put right.
class Rejects {
 public:
  Rejects(const TableRow& header, Batch& batch) : header_(header), batch_(batch) {}

  // Keeps a row whose first problem is the `first` of the batch.
  void Keep(const TableRow& row, size_t first) {
    if (batch_.rejected_rows.empty()) {
      TableRow head = header_;
      head.insert(head.end(), {"_row", "_column", "_rule"});
      batch_.rejected_rows = FormatCsvRow(head);
    }
    const Problem& problem = batch_.problems[first];
    TableRow copy = row;
    copy.insert(copy.end(), {absl::StrCat(problem.row), problem.column, problem.rule});
    absl::StrAppend(&batch_.rejected_rows, FormatCsvRow(copy));
  }
  void Add(const TableRow& row, Problem problem) {
    Name(std::move(problem));
    Keep(row, batch_.problems.size() - 1);
  }
  void Name(Problem problem) { batch_.problems.push_back(std::move(problem)); }
  // Takes rows that have not as many values as the header has columns out of the table.
  void DropRagged(Numbered& table) {
    std::erase_if(table.rows, [&](const NumberedRow& one) {
      const bool ragged = one.row.size() != header_.size();
      if (ragged) Add(one.row, {one.number, "", "must have as many values as the header has columns"});
      return ragged;
    });
  }

 private:
  const TableRow header_;
  Batch& batch_;
};

// Puts the columns of the partners' rows behind each row's own.
absl::StatusOr<Numbered> Join(const Mapping& mapping, Numbered table, Table joined, Rejects& rejects) {
  ASSIGN_OR_RETURN(const Numbered second, Number(std::move(joined)));
  const std::optional<size_t> mine = table.Column(mapping.join_on());
  const std::optional<size_t> theirs = second.Column(mapping.join_on());
  if (!mine.has_value() || !theirs.has_value())
    return absl::InvalidArgumentError("the joining column is not in both files");
  std::multimap<absl::string_view, const TableRow*> partners;
  for (const NumberedRow& one : second.rows) {
    const bool ragged = one.row.size() != second.header.size();
    if (ragged)
      rejects.Name({one.number, "", "a row of the joined file must have as many values as its header has columns"});
    if (!ragged) partners.emplace(one.row[*theirs], &one.row);
  }
  const auto append = [&](TableRow& row, const TableRow& other) {
    for (size_t i = 0; i < other.size(); ++i) {
      if (i != *theirs) row.push_back(other[i]);
    }
  };
  Numbered whole{.header = table.header};
  append(whole.header, second.header);
  RETURN_IF_ERROR(CheckHeader(whole.header));
  for (const NumberedRow& one : table.rows) {
    const auto [begin, end] = partners.equal_range(one.row[*mine]);
    if (begin == end && !mapping.join_optional()) {
      NumberedRow& alone = whole.rows.emplace_back(one);
      alone.row.resize(whole.header.size());
      alone.alone = true;
    }
    for (auto partner = begin; partner != end; ++partner) {
      append(whole.rows.emplace_back(one).row, *partner->second);
      if (whole.rows.size() > kMaxTableRows)
        return absl::InvalidArgumentError("the files joined have more than 100000 rows");
    }
  }
  return whole;
}

}  // namespace

absl::StatusOr<Batch> ReadTable(const Mapping& mapping, Table read, Table joined) {
  ASSIGN_OR_RETURN(Numbered table, Number(std::move(read)));
  Batch batch;
  Rejects rejects(table.header, batch);
  rejects.DropRagged(table);
  const size_t width = table.header.size();
  if (!mapping.join_on().empty()) {
    ASSIGN_OR_RETURN(table, Join(mapping, std::move(table), std::move(joined), rejects));
  }
  std::map<std::string, size_t> columns;
  for (size_t i = 0; i < table.header.size(); ++i) columns.emplace(table.header[i], i);
  for (NumberedRow& one : table.rows) {
    const auto lookup = [&](const std::string& source) -> std::optional<std::string> {
      const auto column = columns.find(source);
      if (column == columns.end()) return std::nullopt;
      return one.row[column->second];
    };
    const size_t before = batch.problems.size();
    if (one.alone) batch.problems.push_back({one.number, mapping.join_on(), "must be found in the joined file"});
    one.alone ? mapping.Refuse(lookup, one.number, batch) : mapping.Apply(lookup, one.number, batch);
    one.row.resize(width);
    if (batch.problems.size() > before) rejects.Keep(one.row, before);
  }
  return batch;
}

}  // namespace derwent::connectors
