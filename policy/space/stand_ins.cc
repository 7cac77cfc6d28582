#include "policy/space/stand_ins.h"

#include <set>
#include <string>

#include "absl/strings/str_cat.h"

namespace derwent::policy {

Policy WithStandIns(Policy policy) {
  std::set<std::string> staffed;
  for (const auto& [id, organisation] : policy.organisations) staffed.insert(organisation.type);
  for (const auto& [type, contents] : policy.types) {
    if (staffed.contains(type)) continue;
    const std::string id = absl::StrCat(kStandIn, type);
    policy.organisations[id] = Organisation{.id = id, .type = type, .valid = {}};
    for (Agreement& agreement : policy.agreements) agreement.parties.insert(id);
  }
  return policy;
}

}  // namespace derwent::policy
