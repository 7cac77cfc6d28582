#include "agents/connectors/table.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

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
  int64_t number = table.first_row;
  for (TableRow& row : table.rows) {
    if (!row.empty()) numbered.rows.push_back({number, std::move(row)});
    ++number;
  }
  return numbered;
}

// Takes rows that have not as many values as the header has columns out of the table, as problems.
void DropRagged(Numbered& table, Batch& batch) {
  std::erase_if(table.rows, [&](NumberedRow& one) {
    if (one.row.size() == table.header.size()) return false;
    batch.problems.push_back({one.number, "", "must have as many values as the header has columns"});
    batch.source.rows[one.number] = std::move(one.row);
    return true;
  });
}

// A column that is not there is not a value that is not given: somebody renamed it, or sent another file.
absl::Status CheckColumns(const Mapping& mapping, const TableRow& header) {
  std::set<std::string> missing = mapping.NeededSources();
  for (const std::string& column : header) missing.erase(column);
  if (missing.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("lacks columns of the mapping: `", absl::StrJoin(missing, "`, `"), "`"));
}

// Puts the columns of the partners' rows behind each row's own.
absl::StatusOr<Numbered> Join(const Mapping& mapping, Numbered table, Table joined, Batch& batch) {
  ASSIGN_OR_RETURN(const Numbered second, Number(std::move(joined)));
  const std::optional<size_t> mine = table.Column(mapping.join_on());
  const std::optional<size_t> theirs = second.Column(mapping.join_on());
  if (!mine.has_value() || !theirs.has_value())
    return absl::InvalidArgumentError("the joining column is not in both files");
  std::multimap<absl::string_view, const TableRow*> partners;
  for (const NumberedRow& one : second.rows) {
    const bool ragged = one.row.size() != second.header.size();
    if (ragged)
      batch.problems.push_back(
          {one.number, "", "a row of the joined file must have as many values as its header has columns"});
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
  batch.source.header = table.header;
  DropRagged(table, batch);
  const size_t width = table.header.size();
  if (!mapping.join_on().empty()) {
    ASSIGN_OR_RETURN(table, Join(mapping, std::move(table), std::move(joined), batch));
  }
  RETURN_IF_ERROR(CheckColumns(mapping, table.header));
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
    // What becomes of a referral is known only when it is sent.
    if (mapping.is_register() && batch.problems.size() == before) continue;
    one.row.resize(width);
    batch.source.rows[one.number] = std::move(one.row);
  }
  return batch;
}

}  // namespace derwent::connectors
