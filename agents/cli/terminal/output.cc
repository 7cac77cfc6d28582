#include "agents/cli/terminal/output.h"

#include <algorithm>
#include <fstream>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/util/json_util.h"

#include "agents/cli/terminal/text.h"
#include "trust/signature/key_file.h"

namespace derwent::cli {
namespace {

std::string CsvCell(const std::string& cell) {
  std::string safe = cell;
  // A spreadsheet may drop what is blank before it looks for a formula.
  const size_t first = safe.find_first_not_of(' ');
  if (first != std::string::npos && std::string("=+-@\t\r\n").find(safe[first]) != std::string::npos)
    safe.insert(0, "'");
  return absl::StrCat("\"", absl::StrReplaceAll(safe, {{"\"", "\"\""}}), "\"");
}

void PrintCsvLine(const std::vector<std::string>& cells, std::ostream& out) {
  for (size_t i = 0; i < cells.size(); ++i) out << (i > 0 ? "," : "") << CsvCell(cells[i]);
  out << "\r\n";
}

}  // namespace

std::string ToJson(const google::protobuf::Message& message, bool pretty) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = pretty;
  std::string json;
  // Printing our own messages cannot fail.
  static_cast<void>(google::protobuf::util::MessageToJsonString(message, &json, options));
  return json;
}

void Rows::Print(Format format, std::ostream& out) const {
  switch (format) {
    case Format::kJson:
      return PrintJson(true, out);
    case Format::kJsonLines:
      return PrintJson(false, out);
    case Format::kCsv:
      return PrintCsv(out);
    case Format::kTable:
      return PrintTable(out);
  }
}

void Rows::PrintJson(bool list, std::ostream& out) const {
  if (list) out << "[";
  for (size_t r = 0; r < rows_.size(); ++r) {
    if (list && r > 0) out << ",\n ";
    out << "{";
    for (size_t i = 0; i < header_.size(); ++i)
      out << (i > 0 ? "," : "") << JsonText(header_[i]) << ":" << JsonText(rows_[r][i]);
    out << "}" << (list ? "" : "\n");
  }
  if (list) out << "]\n";
}

void Rows::PrintCsv(std::ostream& out) const {
  PrintCsvLine(header_, out);
  PrintMore(Format::kCsv, out);
}

void Rows::PrintMore(Format format, std::ostream& out) const {
  if (format != Format::kCsv) return PrintJson(false, out);
  for (const auto& row : rows_) PrintCsvLine(row, out);
}

void Rows::PrintTable(std::ostream& out) const {
  std::vector<std::vector<std::string>> lines = {header_};
  lines.insert(lines.end(), rows_.begin(), rows_.end());
  std::vector<size_t> widths(header_.size(), 0);
  for (auto& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) {
      line[i] = SafeText(line[i]);
      widths[i] = std::max(widths[i], Width(line[i]));
    }
  }
  for (const auto& line : lines) {
    std::string text;
    for (size_t i = 0; i < line.size(); ++i)
      absl::StrAppend(&text, line[i], std::string(widths[i] - Width(line[i]) + 2, ' '));
    text.erase(text.find_last_not_of(' ') + 1);
    out << text << "\n";
  }
}

absl::Status NotWritten(absl::string_view where) { return absl::UnknownError(absl::StrCat("cannot write to ", where)); }

absl::Status WriteOut(const std::string& path, absl::string_view content) {
  if (path == "-") {
    std::cout << content << std::flush;
    return std::cout ? absl::OkStatus() : NotWritten("standard output");
  }
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content;
  file.close();
  return file ? absl::OkStatus() : NotWritten(absl::StrCat("`", path, "`"));
}

absl::StatusOr<std::string> ReadIn(const std::string& path, size_t limit) {
  if (path != "-") {
    absl::StatusOr<std::string> content = trust::ReadFile(path, limit);
    if (!content.ok()) return absl::InvalidArgumentError(content.status().message());
    return content;
  }
  std::string content;
  for (char c; content.size() <= limit && std::cin.get(c);) content += c;
  if (content.size() > limit)
    return absl::InvalidArgumentError(absl::StrCat("standard input is over ", limit, " octets"));
  return content;
}

}  // namespace derwent::cli
