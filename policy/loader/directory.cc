#include "policy/loader/directory.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "policy/engine/agreements.h"
#include "policy/loader/problem.h"
#include "policy/loader/words.h"
#include "trust/base/london.h"

namespace derwent::policy {

namespace {

constexpr char kFile[] = "directory";

class Compiler {
 public:
  // `anew`: it is to be in force, so that its boards must be right too.
  Compiler(const v1::Directory& text, const Policy& policy, bool anew, Problems& problems)
      : text_(text), policy_(policy), anew_(anew), problems_(problems), words_(kFile, policy, problems) {}

  Directory Compile() {
    words_.Organisation(text_.agency());
    Require(text_.version() >= 1, "", "version", "the version is not at least 1");
    Directory directory;
    for (const v1::DirectoryEntry& next : text_.entries()) directory.people.push_back(Entry(next));
    for (const v1::Appointment& next : text_.appointments()) directory.appointments.push_back(Appointed(next));
    return directory;
  }

 private:
  void Require(bool holds, absl::string_view near, absl::string_view field, const std::string& message) {
    if (!holds) problems_.Error(kFile, near, field, message);
  }
  void RequireAnew(bool holds, absl::string_view near, absl::string_view field, const std::string& message) {
    Require(holds || !anew_, near, field, message);
  }

  RoleHolding Holding(const v1::RoleHolding& text) {
    words_.Role(text.role());
    for (const std::string& board : text.boards()) {
      if (anew_) words_.Profile(board);
    }
    for (const std::string& area : text.areas()) words_.Area(area);
    return {.role = text.role(),
            .boards = {text.boards().begin(), text.boards().end()},
            .areas = {text.areas().begin(), text.areas().end()},
            .valid = words_.Between(text.valid_from(), text.valid_to())};
  }

  DirectoryEntry Entry(const v1::DirectoryEntry& text) {
    DirectoryEntry entry{.id = text.id()};
    Require(!text.id().empty(), "", "id", "an entry has no id");
    if (!text.training_until().empty()) entry.training_until = words_.Day(text.training_until(), absl::CivilDay::min());
    for (const v1::RoleHolding& next : text.roles()) {
      entry.roles.push_back(Holding(next));
      RequireAnew(!policy_.board_roles.contains(next.role()) || !next.boards().empty(), next.role(), "boards",
                  absl::StrCat("role `", next.role(), "` is one that a board's owner appoints to: name the board"));
    }
    return entry;
  }

  // A board that is of no owner was reported as a word the policy has not, or is nobody's to appoint to.
  bool Owns(const std::string& board) const {
    const auto profile = policy_.profiles.find(board);
    return profile == policy_.profiles.end() || profile->second.owners.contains(text_.agency());
  }

  Appointment Appointed(const v1::Appointment& text) {
    const v1::RoleHolding& holding = text.holding();
    words_.Organisation(text.agency());
    Require(!text.person().empty(), "", "appointments.person", "an appointment names no person");
    Require(!holding.boards().empty(), holding.role(), "appointments.holding.boards", "an appointment names no board");
    for (const std::string& board : holding.boards()) {
      RequireAnew(Owns(board), board, "appointments.holding.boards",
                  absl::StrCat("`", text_.agency(), "` does not own `", board, "`, and appoints nobody to its roles"));
      RequireAnew(IsRoleOf(policy_, holding.role(), board), holding.role(), "appointments.holding.role",
                  absl::StrCat("`", holding.role(), "` is no role to which the owner of `", board, "` appoints"));
    }
    return {.agency = text.agency(), .person = text.person(), .holding = Holding(holding)};
  }

  const v1::Directory& text_;
  const Policy& policy_;
  const bool anew_;
  Problems& problems_;
  Words words_;
};

absl::StatusOr<Directory> Compiled(const v1::Directory& directory, const Policy& policy, bool anew) {
  const Files none;
  Problems problems(none);
  Directory compiled = Compiler(directory, policy, anew, problems).Compile();
  if (!problems.any_error()) return compiled;
  return absl::InvalidArgumentError(absl::StrJoin(
      problems.list(), "\n", [](std::string* out, const Problem& p) { absl::StrAppend(out, p.ToString()); }));
}

}  // namespace

absl::StatusOr<Directory> CompileDirectory(const v1::Directory& directory, const Policy& policy) {
  return Compiled(directory, policy, /*anew=*/false);
}

absl::StatusOr<Directory> CheckDirectory(const v1::Directory& directory, const Policy& policy) {
  return Compiled(directory, policy, /*anew=*/true);
}

}  // namespace derwent::policy
