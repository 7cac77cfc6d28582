#include "policy/loader/sections.h"
#include "policy/loader/words.h"

namespace derwent::policy {

void CompileCompanions(absl::string_view file, const v1::Profile& text, Policy& policy, Problems& problems) {
  const auto profile = policy.profiles.find(text.id());
  if (profile == policy.profiles.end()) return;  // Reported already.
  const Words words(file, policy, problems);
  for (const v1::CompanionShare& next : text.companions()) {
    CompanionShare share{
        .subject_role = next.subject_role(), .profile = next.profile(), .purpose = next.purpose(), .role = next.role()};
    words.OneOf(next.subject_role(), KeysOf(policy.subject_roles), "subject role");
    const bool purpose_known = words.Purpose(next.purpose());
    words.Role(next.role());
    const bool profile_known = words.Profile(next.profile());
    if (profile_known && purpose_known && !policy.profiles.at(next.profile()).purposes.contains(next.purpose())) {
      problems.Error(file, next.purpose(), "companion", "the companion's profile does not serve its purpose",
                     "name a purpose of that profile");
    }
    if (next.profile() == text.id())
      problems.Error(file, next.profile(), "companion", "a profile is its own companion", "name another profile");
    if (next.agencies().empty())
      problems.Error(file, next.role(), "companion", "a companion share names no agency", "name who receives it");
    for (const std::string& agency : next.agencies()) {
      if (words.Organisation(agency)) share.agencies.push_back(agency);
    }
    profile->second.companions.push_back(std::move(share));
  }
}

}  // namespace derwent::policy
