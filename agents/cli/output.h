#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "google/protobuf/message.h"

namespace derwent::cli {

enum class Format { kTable, kJson, kJsonLines, kCsv };

// A table on its way out: header and rows of text.
class Rows {
 public:
  explicit Rows(std::vector<std::string> header) : header_(std::move(header)) {}
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  // In CSV a cell that a spreadsheet would take for a formula is quoted with an apostrophe before it.
  void Print(Format format, std::ostream& out) const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

// ProtoJSON, on one line for JSON Lines.
std::string ToJson(const google::protobuf::Message& message, bool pretty);

}  // namespace derwent::cli
