#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/time/civil_time.h"

#include "policy/engine/model.h"

// What the engine can see of a name. Two names that look alike here get the same decision in every question, so that
// one stands for both. Each function says everything that `policy/engine` reads of the name, and nothing else reads it.

namespace derwent::policy {

// Giver and receiver: whether they are one; validity; the giver's type among the senders; the receiver's scope by
// organisation, ceiling and consent steps; each side's basis, conditions and, where it matters, regime; the gateways
// that name both; the agreements in force between them.
std::string ViewOfParties(const Policy& policy, const Profile& profile, const std::string& giver,
                          const std::string& receiver, absl::CivilDay day);
// Asker and answerer of a written request that says whom it is about: the asker gives, the answerer is told. As of
// parties, but that the answerer is the sender and the gateways are those whose document says so. Empty: by none.
std::string ViewOfToldParties(const Policy& policy, const Profile& profile, const std::string& asker,
                              const std::string& answerer, absl::CivilDay day);
// The role's scope in the profile and what it may do, while there is such a role.
std::string ViewOfRole(const Policy& policy, const Profile& profile, const std::string& role, absl::CivilDay day);
// Whether the profile serves the purpose, whether it depersonalises, and the special routes' own purposes by name.
std::string ViewOfPurpose(const Policy& policy, const Profile& profile, const std::string& purpose, absl::CivilDay day);
// The agreements for the profile that cover the area; the area's own absence.
std::string ViewOfArea(const Policy& policy, const Profile& profile, const std::string& area, absl::CivilDay day);

using Parties = std::pair<std::string, std::string>;  // Giver, receiver.

}  // namespace derwent::policy
