#include "agents/sdk/json_problem.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace derwent::agents {

FieldProblem JsonProblem(absl::string_view complaint) {
  std::string text(complaint.substr(0, complaint.find('\n')));  // What follows shows the file.
  // From the first quote to the last: a value may hold quotes of its own.
  const size_t first = text.find('"');
  if (first != std::string::npos) text.erase(first, text.rfind('"') - first + 1);
  const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits(": ", 1));
  if (parts.size() == 1) return {.field = "", .rule = text};
  return {.field = absl::StrReplaceAll(parts[0], {{"(", ""}, {") ", "."}, {")", ""}}),
          .rule = std::string(absl::StripAsciiWhitespace(parts[1]))};
}

}  // namespace derwent::agents
