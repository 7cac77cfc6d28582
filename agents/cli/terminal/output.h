#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace derwent::cli {

enum class Format { kTable, kJson, kJsonLines, kCsv };

// A table on its way out: header and rows of text.
class Rows {
 public:
  explicit Rows(std::vector<std::string> header) : header_(std::move(header)) {}
  // As many cells as the header has.
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  // Table: aligned, safe for a terminal. CSV: RFC 4180, each cell quoted; one that a spreadsheet would take for a
  // formula has an apostrophe before it. JSON: a list of objects, keys in the order of the header; JSON Lines: one a
  // line.
  void Print(Format format, std::ostream& out) const;
  // The rows alone, as CSV or JSON Lines: what follows in a file already begun.
  void PrintMore(Format format, std::ostream& out) const;

 private:
  void PrintJson(bool list, std::ostream& out) const;
  void PrintCsv(std::ostream& out) const;
  void PrintTable(std::ostream& out) const;

  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

// ProtoJSON, on one line for JSON Lines.
std::string ToJson(const google::protobuf::Message& message, bool pretty);

// What was to be told is lost (a full device, a closed one): exit code 1, whatever else became of the command.
absl::Status NotWritten(absl::string_view where);
// Writes a file whole, or to standard output when `path` is `-`. Error: NotWritten.
absl::Status WriteOut(const std::string& path, absl::string_view content);
// Reads a file, or standard input when `path` is `-`. Errors: kInvalidArgument missing or over `limit` octets.
absl::StatusOr<std::string> ReadIn(const std::string& path, size_t limit);

}  // namespace derwent::cli
