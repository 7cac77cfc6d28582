#include "agents/cli/output.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

namespace derwent::cli {
namespace {

std::string CsvCell(const std::string& cell) {
  std::string safe = cell;
  if (!safe.empty() && std::string("=+-@\t\r").find(safe[0]) != std::string::npos) safe.insert(0, "'");
  return absl::StrCat("\"", absl::StrReplaceAll(safe, {{"\"", "\"\""}}), "\"");
}

std::string RowJson(const std::vector<std::string>& header, const std::vector<std::string>& row) {
  google::protobuf::Struct object;
  for (size_t i = 0; i < header.size(); ++i) (*object.mutable_fields())[header[i]].set_string_value(row[i]);
  return ToJson(object, false);
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
  if (format == Format::kJson || format == Format::kJsonLines) {
    const bool list = format == Format::kJson;
    if (list) out << "[";
    for (size_t i = 0; i < rows_.size(); ++i) out << (list && i > 0 ? ",\n " : "") << RowJson(header_, rows_[i]) << (list ? "" : "\n");
    if (list) out << "]\n";
    return;
  }
  if (format == Format::kCsv) {
    for (const auto* line : {&header_}) {
      for (size_t i = 0; i < line->size(); ++i) out << (i > 0 ? "," : "") << CsvCell((*line)[i]);
    }
    out << "\r\n";
    for (const auto& row : rows_) {
      for (size_t i = 0; i < row.size(); ++i) out << (i > 0 ? "," : "") << CsvCell(row[i]);
      out << "\r\n";
    }
    return;
  }
  std::vector<size_t> widths;
  for (const std::string& cell : header_) widths.push_back(cell.size());
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    for (size_t i = 0; i < cells.size(); ++i) {
      out << cells[i];
      if (i + 1 < cells.size()) out << std::string(widths[i] - cells[i].size() + 2, ' ');
    }
    out << "\n";
  };
  line(header_);
  for (const auto& row : rows_) line(row);
}

}  // namespace derwent::cli
