#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/text_format.h"

namespace derwent::policy {

// Files of a bundle: path relative to it, `/` separated, to exact octets.
using Files = std::map<std::string, std::string>;

enum class Severity { kError, kWarning, kUnconfirmed };

// Something wrong with the bundle's text: where, which rule, what to do.
struct Problem {
  Severity severity = Severity::kError;
  std::string file;
  int line = 0;  // From 1; 0: the whole file.
  std::string rule;
  std::string message;
  std::string advice;

  // `file:line: error: message [rule]; advice`.
  std::string ToString() const;
};

// Where the fields of a parsed file stand.
using FieldLines = google::protobuf::TextFormat::ParseInfoTree;

// Collects problems and finds the line that each stands on.
class Problems {
 public:
  explicit Problems(const Files& files) : files_(files) {}

  // Remembers where the fields of `file` stand.
  void Keep(absl::string_view file, const google::protobuf::Descriptor* message, std::unique_ptr<FieldLines> lines);
  // What is reported from now on concerns the `index`-th `field` (-1: the only one) of `file`: a name is looked for
  // from its first line on, so that the same name elsewhere in the file does not matter.
  void Stand(absl::string_view file, const char* field, int index);
  void Leave() { line_ = 0; }

  void Error(absl::string_view file, absl::string_view near, absl::string_view rule, std::string message,
             std::string advice = "");
  void Warn(Severity severity, absl::string_view file, absl::string_view near, absl::string_view rule,
            std::string message, std::string advice = "");
  void At(Problem problem) { list_.push_back(std::move(problem)); }

  const std::vector<Problem>& list() const { return list_; }
  bool any_error() const;

 private:
  struct Parsed {
    const google::protobuf::Descriptor* message = nullptr;
    std::unique_ptr<FieldLines> lines;
  };

  const Files& files_;
  std::map<std::string, Parsed> parsed_;
  int line_ = 0;  // Where the field under discussion starts; 0: nowhere in particular.
  std::vector<Problem> list_;
};

// The known name closest to `name` when it is close enough, else empty: "did you mean".
std::string Closest(absl::string_view name, const std::vector<std::string>& known);

}  // namespace derwent::policy
