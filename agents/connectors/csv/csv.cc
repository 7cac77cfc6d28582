#include "agents/connectors/csv/csv.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "trust/base/status_macros.h"

namespace derwent::connectors {
namespace {

constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Well-formed UTF-8, without overlong forms and surrogates.
bool IsUtf8(absl::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<uint8_t>(text[i]);
    const size_t size = lead < 0x80                    ? 1
                        : lead >= 0xc2 && lead <= 0xdf ? 2
                        : lead >= 0xe0 && lead <= 0xef ? 3
                        : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                       : 0;
    if (size == 0 || i + size > text.size()) return false;
    for (size_t k = 1; k < size; ++k) {
      if ((static_cast<uint8_t>(text[i + k]) & 0xc0) != 0x80) return false;
    }
    const auto second = size > 2 ? static_cast<uint8_t>(text[i + 1]) : uint8_t{0};
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) ||
        (lead == 0xf4 && second > 0x8f))
      return false;
    i += size;
  }
  return true;
}

// Reads one file from its start; the state is where it stands within a value.
class CsvParser {
 public:
  explicit CsvParser(absl::string_view text) : text_(text) {}

  absl::StatusOr<std::vector<CsvRow>> Parse() {
    while (at_ < text_.size()) {
      CsvRow row;
      RETURN_IF_ERROR(ParseRow(row));
      const bool blank = row.size() == 1 && row.front().empty();
      if (!blank) rows_.push_back(std::move(row));
      if (rows_.size() > kMaxCsvRows) return absl::InvalidArgumentError("the file has more than 100000 rows");
    }
    return std::move(rows_);
  }

 private:
  absl::Status ParseRow(CsvRow& row) {
    while (true) {
      std::string value;
      RETURN_IF_ERROR(at_ < text_.size() && text_[at_] == '"' ? ParseQuoted(value) : ParsePlain(value));
      row.push_back(std::move(value));
      if (row.size() > kMaxCsvColumns) return absl::InvalidArgumentError("the file has more than 500 columns");
      if (at_ >= text_.size()) return absl::OkStatus();
      const char end = text_[at_++];
      if (end == ',') continue;
      if (end == '\r' && at_ < text_.size() && text_[at_] == '\n') ++at_;
      return absl::OkStatus();
    }
  }

  absl::Status ParsePlain(std::string& value) {
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\n' && text_[at_] != '\r') {
      if (text_[at_] == '"')
        return absl::InvalidArgumentError(
            absl::StrCat("row ", rows_.size() + 1, " has a quote inside a value that is not quoted"));
      value.push_back(text_[at_++]);
    }
    return absl::OkStatus();
  }

  absl::Status ParseQuoted(std::string& value) {
    ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c != '"') {
        value.push_back(c);
      } else if (at_ < text_.size() && text_[at_] == '"') {
        value.push_back('"');
        ++at_;
      } else {
        const bool ends = at_ >= text_.size() || text_[at_] == ',' || text_[at_] == '\n' || text_[at_] == '\r';
        return ends ? absl::OkStatus()
                    : absl::InvalidArgumentError(
                          absl::StrCat("row ", rows_.size() + 1, " has text after a closing quote"));
      }
    }
    return absl::InvalidArgumentError(absl::StrCat("row ", rows_.size() + 1, " has a quote that does not close"));
  }

  const absl::string_view text_;
  size_t at_ = 0;
  std::vector<CsvRow> rows_;
};

// One row with its number in the file, the header being 1.
struct NumberedRow {
  int64_t number = 0;
  CsvRow row;
  bool alone = false;  // It should have a partner in the joined file and has none.
};

// A file by its columns.
struct Table {
  CsvRow header;
  std::vector<NumberedRow> rows;

  std::optional<size_t> Column(absl::string_view name) const {
    const auto found = std::ranges::find(header, name);
    if (found == header.end()) return std::nullopt;
    return static_cast<size_t>(found - header.begin());
  }
};

absl::Status CheckHeader(const CsvRow& header) {
  std::set<std::string> names(header.begin(), header.end());
  return names.size() == header.size() ? absl::OkStatus() : absl::InvalidArgumentError("two columns have one name");
}

absl::StatusOr<Table> ReadTable(absl::string_view text) {
  ASSIGN_OR_RETURN(std::vector<CsvRow> rows, ParseCsv(text));
  if (rows.empty()) return absl::InvalidArgumentError("the file has no header");
  RETURN_IF_ERROR(CheckHeader(rows.front()));
  Table table{.header = std::move(rows.front())};
  for (size_t i = 1; i < rows.size(); ++i) table.rows.push_back({static_cast<int64_t>(i) + 1, std::move(rows[i])});
  return table;
}

// Makes problems of the rows of one file, and keeps them to be put right.
class Rejects {
 public:
  Rejects(const CsvRow& header, Batch& batch) : header_(header), batch_(batch) {}

  // Keeps a row whose first problem is the `first` of the batch.
  void Keep(const CsvRow& row, size_t first) {
    if (batch_.rejected_rows.empty()) {
      CsvRow head = header_;
      head.insert(head.end(), {"_row", "_column", "_rule"});
      batch_.rejected_rows = FormatCsvRow(head);
    }
    const Problem& problem = batch_.problems[first];
    CsvRow copy = row;
    copy.insert(copy.end(), {absl::StrCat(problem.row), problem.column, problem.rule});
    absl::StrAppend(&batch_.rejected_rows, FormatCsvRow(copy));
  }
  void Add(const CsvRow& row, Problem problem) {
    Name(std::move(problem));
    Keep(row, batch_.problems.size() - 1);
  }
  void Name(Problem problem) { batch_.problems.push_back(std::move(problem)); }
  // Takes rows that have not as many values as the header has columns out of the table.
  void DropRagged(Table& table) {
    std::erase_if(table.rows, [&](const NumberedRow& one) {
      const bool ragged = one.row.size() != header_.size();
      if (ragged) Add(one.row, {one.number, "", "must have as many values as the header has columns"});
      return ragged;
    });
  }

 private:
  const CsvRow header_;
  Batch& batch_;
};

// Puts the columns of the partners' rows behind each row's own.
absl::StatusOr<Table> Join(const Mapping& mapping, Table table, absl::string_view joined, Rejects& rejects) {
  ASSIGN_OR_RETURN(Table second, ReadTable(joined));
  const std::optional<size_t> mine = table.Column(mapping.join_on());
  const std::optional<size_t> theirs = second.Column(mapping.join_on());
  if (!mine.has_value() || !theirs.has_value())
    return absl::InvalidArgumentError("the joining column is not in both files");
  std::multimap<absl::string_view, const CsvRow*> partners;
  for (const NumberedRow& one : second.rows) {
    const bool ragged = one.row.size() != second.header.size();
    if (ragged)
      rejects.Name({one.number, "", "a row of the joined file must have as many values as its header has columns"});
    if (!ragged) partners.emplace(one.row[*theirs], &one.row);
  }
  const auto append = [&](CsvRow& row, const CsvRow& other) {
    for (size_t i = 0; i < other.size(); ++i) {
      if (i != *theirs) row.push_back(other[i]);
    }
  };
  Table whole{.header = table.header};
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
      if (whole.rows.size() > kMaxCsvRows)
        return absl::InvalidArgumentError("the files joined have more than 100000 rows");
    }
  }
  return whole;
}

}  // namespace

absl::StatusOr<std::vector<CsvRow>> ParseCsv(absl::string_view text) {
  if (!IsUtf8(text)) return absl::InvalidArgumentError("the file is not UTF-8: export it as such");
  return CsvParser(absl::StripPrefix(text, kByteOrderMark)).Parse();
}

std::string FormatCsvRow(const CsvRow& row) {
  std::string text;
  for (size_t i = 0; i < row.size(); ++i) {
    if (i > 0) text.push_back(',');
    const bool quoted =
        row[i].find_first_of(",\"\r\n") != std::string::npos || absl::StartsWith(row[i], kByteOrderMark);
    if (quoted) text.push_back('"');
    for (const char c : row[i]) text.append(quoted && c == '"' ? 2 : 1, c);
    if (quoted) text.push_back('"');
  }
  text.push_back('\n');
  return text;
}

absl::StatusOr<Batch> ReadCsv(const Mapping& mapping, absl::string_view text, absl::string_view joined) {
  ASSIGN_OR_RETURN(Table table, ReadTable(text));
  Batch batch;
  Rejects rejects(table.header, batch);
  rejects.DropRagged(table);
  const size_t width = table.header.size();
  if (!mapping.join_on().empty()) {
    ASSIGN_OR_RETURN(table, Join(mapping, std::move(table), joined, rejects));
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
