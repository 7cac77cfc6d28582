#include "policy/loader/directory.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "policy/loader/problem.h"
#include "policy/loader/words.h"
#include "trust/base/london.h"

namespace derwent::policy {

absl::StatusOr<std::vector<DirectoryEntry>> CompileDirectory(const v1::Directory& directory, const Policy& policy) {
  const Files none;
  Problems problems(none);
  const Words words("directory", policy, problems);
  words.Organisation(directory.agency());
  if (directory.version() < 1) problems.Error("directory", "", "version", "the version is not at least 1");
  std::vector<DirectoryEntry> entries;
  for (const v1::DirectoryEntry& text : directory.entries()) {
    DirectoryEntry entry{.id = text.id()};
    if (text.id().empty()) problems.Error("directory", "", "id", "an entry has no id");
    if (!text.training_until().empty()) entry.training_until = words.Day(text.training_until(), absl::CivilDay::min());
    for (const v1::RoleHolding& holding : text.roles()) {
      words.Role(holding.role());
      for (const std::string& area : holding.areas()) words.Area(area);
      entry.roles.push_back({.role = holding.role(),
                             .boards = {holding.boards().begin(), holding.boards().end()},
                             .areas = {holding.areas().begin(), holding.areas().end()},
                             .valid = words.Between(holding.valid_from(), holding.valid_to())});
    }
    entries.push_back(std::move(entry));
  }
  if (!problems.any_error()) return entries;
  return absl::InvalidArgumentError(absl::StrJoin(
      problems.list(), "\n", [](std::string* out, const Problem& p) { absl::StrAppend(out, p.ToString()); }));
}

}  // namespace derwent::policy
