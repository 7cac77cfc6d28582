#include "policy/loader/problem.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace derwent::policy {
namespace {

// The first line from `first` on where `near` stands as a word or as one side of `word=word`; 0: none.
int LineOf(absl::string_view text, absl::string_view near, int first) {
  if (near.empty()) return 0;
  int line = 1;
  for (const absl::string_view next : absl::StrSplit(text, '\n')) {
    for (const std::string& word :
         {absl::StrCat("\"", near, "\""), absl::StrCat("\"", near, "="), absl::StrCat("=", near, "\"")}) {
      if (line >= first && absl::StrContains(next, word)) return line;
    }
    ++line;
  }
  return 0;
}

size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t corner = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, corner + (a[i - 1] == b[j - 1] ? 0 : 1)});
      corner = above;
    }
  }
  return row[b.size()];
}

absl::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return "error";
    case Severity::kWarning:
      return "warning";
    case Severity::kUnconfirmed:
      return "needs confirmation";
  }
  return "";
}

}  // namespace

std::string Problem::ToString() const {
  std::string text = file;
  if (line > 0) absl::StrAppend(&text, ":", line);
  absl::StrAppend(&text, ": ", SeverityName(severity), ": ", message, " [", rule, "]");
  if (!advice.empty()) absl::StrAppend(&text, "; ", advice);
  return text;
}

void Problems::Error(absl::string_view file, absl::string_view near, absl::string_view rule, std::string message,
                     std::string advice) {
  Warn(Severity::kError, file, near, rule, std::move(message), std::move(advice));
}

void Problems::Warn(Severity severity, absl::string_view file, absl::string_view near, absl::string_view rule,
                    std::string message, std::string advice) {
  const auto text = files_.find(std::string(file));
  const int found = text == files_.end() ? 0 : LineOf(text->second, near, line_);
  list_.push_back({.severity = severity,
                   .file = std::string(file),
                   .line = found > 0 ? found : line_,
                   .rule = std::string(rule),
                   .message = std::move(message),
                   .advice = std::move(advice)});
}

void Problems::Keep(absl::string_view file, const google::protobuf::Descriptor* message,
                    std::unique_ptr<FieldLines> lines) {
  parsed_[std::string(file)] = {.message = message, .lines = std::move(lines)};
}

void Problems::Stand(absl::string_view file, const char* field, int index) {
  line_ = 0;
  const auto parsed = parsed_.find(std::string(file));
  if (parsed == parsed_.end()) return;
  line_ = parsed->second.lines->GetLocation(parsed->second.message->FindFieldByName(field), index).line + 1;
}

bool Problems::any_error() const {
  return std::any_of(list_.begin(), list_.end(),
                     [](const Problem& problem) { return problem.severity == Severity::kError; });
}

std::string Closest(absl::string_view name, const std::vector<std::string>& known) {
  std::string best;
  size_t least = name.size() / 2 + 1;
  for (const std::string& candidate : known) {
    const size_t distance = Distance(name, candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace derwent::policy
