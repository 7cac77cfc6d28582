#include "agents/connectors/csv/csv.h"

#include <cstdint>
#include <map>
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
    const size_t size = lead < 0x80 ? 1 : lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
    if (size == 0 || i + size > text.size()) return false;
    for (size_t k = 1; k < size; ++k) {
      if ((static_cast<uint8_t>(text[i + k]) & 0xc0) != 0x80) return false;
    }
    const auto second = size > 2 ? static_cast<uint8_t>(text[i + 1]) : uint8_t{0};
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) return false;
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
      if (text_[at_] == '"') return absl::InvalidArgumentError(absl::StrCat("row ", rows_.size() + 1, " has a quote inside a value that is not quoted"));
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
        return ends ? absl::OkStatus() : absl::InvalidArgumentError(absl::StrCat("row ", rows_.size() + 1, " has text after a closing quote"));
      }
    }
    return absl::InvalidArgumentError(absl::StrCat("row ", rows_.size() + 1, " has a quote that does not close"));
  }

  const absl::string_view text_;
  size_t at_ = 0;
  std::vector<CsvRow> rows_;
};

void Reject(const CsvRow& row, const std::vector<Problem>& problems, size_t first, std::string& rejected) {
  CsvRow copy = row;
  copy.push_back(absl::StrCat(problems[first].row));
  copy.push_back(problems[first].column);
  copy.push_back(problems[first].rule);
  absl::StrAppend(&rejected, FormatCsvRow(copy));
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
    const bool quoted = row[i].find_first_of(",\"\r\n") != std::string::npos || absl::StartsWith(row[i], kByteOrderMark);
    if (quoted) text.push_back('"');
    for (const char c : row[i]) text.append(quoted && c == '"' ? 2 : 1, c);
    if (quoted) text.push_back('"');
  }
  text.push_back('\n');
  return text;
}

absl::StatusOr<Batch> ReadCsv(const Mapping& mapping, absl::string_view text) {
  ASSIGN_OR_RETURN(const std::vector<CsvRow> rows, ParseCsv(text));
  if (rows.empty()) return absl::InvalidArgumentError("the file has no header");
  const CsvRow& header = rows.front();
  std::map<std::string, size_t> columns;
  for (size_t i = 0; i < header.size(); ++i) {
    if (!columns.emplace(header[i], i).second) return absl::InvalidArgumentError("two columns have one name");
  }
  Batch batch;
  for (size_t i = 1; i < rows.size(); ++i) {
    const CsvRow& row = rows[i];
    const size_t before = batch.problems.size();
    const auto number = static_cast<int64_t>(i) + 1;
    if (row.size() != header.size()) batch.problems.push_back({number, "", "must have as many values as the header has columns"});
    const auto lookup = [&](const std::string& source) -> std::optional<std::string> {
      const auto column = columns.find(source);
      if (column == columns.end() || column->second >= row.size()) return std::nullopt;
      return row[column->second];
    };
    v1::PushReferralRequest referral = mapping.Apply(lookup, number, batch.problems);
    if (batch.problems.size() == before) {
      batch.referrals.push_back(std::move(referral));
      continue;
    }
    if (batch.rejected_rows.empty()) {
      CsvRow head = header;
      head.insert(head.end(), {"_row", "_column", "_rule"});
      batch.rejected_rows = FormatCsvRow(head);
    }
    Reject(row, batch.problems, before, batch.rejected_rows);
  }
  return batch;
}

}  // namespace derwent::connectors
