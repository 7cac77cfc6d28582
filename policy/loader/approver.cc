#include "policy/loader/approver.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace derwent::policy {
namespace {

bool MayAgree(const std::set<std::string>& may) {
  return !may.contains("push_feed") && std::any_of(may.begin(), may.end(), [](const std::string& what) {
    return absl::StartsWith(what, "approve") || absl::StartsWith(what, "request_case") ||
           absl::StartsWith(what, "push_") || absl::StartsWith(what, "run_asb");
  });
}

void Refuse(absl::string_view file, const std::string& role, Problems& problems) {
  if (role == "dpo")
    problems.Error(file, role, "separation", "a data protection officer approves operational shares", "name the SIRO");
  else
    problems.Error(file, role, "separation",
                   absl::StrCat("`", role, "` approves, and may not: it neither approves nor holds cases"),
                   "name a person's role that does, for instance the SPOC");
}

}  // namespace

void CheckApprover(absl::string_view file, const std::string& role, const Words& words, const Policy& policy,
                   Problems& problems) {
  if (role.empty() || !words.Role(role)) return;
  if (role == "dpo" || !MayAgree(policy.roles.at(role))) Refuse(file, role, problems);
}

void CheckExceptionApprover(absl::string_view file, const std::string& role, const Words& words, const Policy& policy,
                            Problems& problems) {
  if (role.empty() || !words.Role(role)) return;
  const std::set<std::string>& may = policy.roles.at(role);
  if (role == "dpo" || !(MayAgree(may) || may.contains("handle_rights"))) Refuse(file, role, problems);
}

}  // namespace derwent::policy
