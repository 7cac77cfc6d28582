#include "agents/connectors/csv/csv.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "agents/connectors/csv/windows_1252.h"
#include "trust/base/status_macros.h"
#include "trust/base/utf8.h"

namespace derwent::connectors {
namespace {

constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Reads one file from its start; the state is where it stands within a value.
class CsvParser {
 public:
  explicit CsvParser(absl::string_view text) : text_(text) {}

  absl::StatusOr<std::vector<CsvRow>> Parse() {
    while (at_ < text_.size()) {
      CsvRow row;
      RETURN_IF_ERROR(ParseRow(row));
      const bool blank = row.size() == 1 && row.front().empty();
      rows_.push_back(blank ? CsvRow() : std::move(row));
      if (rows_.size() > kMaxTableRows) return absl::InvalidArgumentError("the file has more than 100000 rows");
    }
    return std::move(rows_);
  }

 private:
  absl::Status ParseRow(CsvRow& row) {
    while (true) {
      std::string value;
      RETURN_IF_ERROR(at_ < text_.size() && text_[at_] == '"' ? ParseQuoted(value) : ParsePlain(value));
      row.push_back(std::move(value));
      if (row.size() > kMaxTableColumns) return absl::InvalidArgumentError("the file has more than 500 columns");
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

// Octets as UTF-8. One that starts with a byte order mark says itself what it is.
absl::StatusOr<std::string> TextOf(const Mapping& mapping, absl::string_view octets) {
  if (!mapping.windows_1252() || IsUtf8(octets) || absl::StartsWith(octets, kByteOrderMark)) return std::string(octets);
  return FromWindows1252(octets);
}

absl::StatusOr<Table> ReadCsvTable(const Mapping& mapping, absl::string_view octets) {
  ASSIGN_OR_RETURN(const std::string text, TextOf(mapping, octets));
  ASSIGN_OR_RETURN(std::vector<CsvRow> rows, ParseCsv(text));
  const auto header = std::ranges::find_if(rows, [](const CsvRow& row) { return !row.empty(); });
  if (header == rows.end()) return absl::InvalidArgumentError("the file has no header");
  Table table{.header = std::move(*header), .first_row = header - rows.begin() + 2};
  table.rows.assign(std::make_move_iterator(header + 1), std::make_move_iterator(rows.end()));
  return table;
}

}  // namespace

absl::StatusOr<std::vector<CsvRow>> ParseCsv(absl::string_view text) {
  if (!IsUtf8(text))
    return absl::InvalidArgumentError(
        "the file is not UTF-8: export it as such, or name its `encoding` in the mapping");
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
  ASSIGN_OR_RETURN(Table table, ReadCsvTable(mapping, text));
  if (mapping.join_on().empty()) return ReadTable(mapping, std::move(table));
  ASSIGN_OR_RETURN(Table second, ReadCsvTable(mapping, joined));
  return ReadTable(mapping, std::move(table), std::move(second));
}

}  // namespace derwent::connectors
