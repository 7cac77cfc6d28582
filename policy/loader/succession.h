#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"

#include "policy/engine/model.h"

// What a bundle must not lose when it follows another. Each answer is a sentence for people, ids in backticks.

namespace derwent::policy {

// Notices that `before` honours and `after` does not, though its agreement is still of a revision that they concern:
// what one party's word stopped flows again only under a new revision, which all sign.
std::vector<std::string> StrippedNotices(const Policy& before, const Policy& after);

// Parties of agreements that have not ended on `day` and lack a party's signature; but for those that lacked it in
// `before` already, where an agreement only waits on, and those that have nobody who could sign (`signatories`).
std::vector<std::string> MissingSignatures(const Policy& before, const Policy& after, absl::CivilDay day,
                                           const std::map<std::string, std::set<std::string>>& signatories);

}  // namespace derwent::policy
