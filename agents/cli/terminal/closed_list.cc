#include "agents/cli/terminal/closed_list.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "agents/cli/terminal/suggest.h"

namespace derwent::cli {

CLI::Option* FromList(CLI::Option* option, absl::Span<const absl::string_view> codes) {
  const std::vector<std::string> known(codes.begin(), codes.end());
  const std::string listed = absl::StrJoin(known, ", ");
  const std::string before = option->get_description();
  option->description(absl::StrCat(before, before.empty() ? "" : ": ", listed));
  return option->check([known, listed](const std::string& given) -> std::string {
    if (std::find(known.begin(), known.end(), given) != known.end()) return "";
    const auto near = Nearest(given, known);
    // What was given is not repeated: it may be a sentence about somebody.
    return absl::StrCat("must be one of ", listed,
                        near.has_value() ? absl::StrCat("; did you mean `", *near, "`?") : "");
  });
}

}  // namespace derwent::cli
