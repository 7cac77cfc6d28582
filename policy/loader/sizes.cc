// What outgrows the index: it numbers 64 of each, and a policy with more of something is decided by the linear engine
// alone, slower and without a second opinion.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

#include "policy/engine/index.h"
#include "policy/loader/sections.h"

namespace derwent::policy {
namespace {

// From how many on there is a warning.
constexpr size_t kNearly = 56;
static_assert(kNearly < Interned::kMost);

void Warn(absl::string_view file, size_t count, absl::string_view of_what, Problems& problems) {
  if (count < kNearly) return;
  const bool over = count > Interned::kMost;
  problems.Warn(Severity::kWarning, file, "", "index-size",
                absl::StrCat(count, " ", of_what, ": ",
                             over ? "the index takes 64, so that the linear engine decides alone"
                                  : "the index takes 64; with more the linear engine decides alone"),
                over ? "remove some, or measure what it costs" : "plan for it before the next ones");
}

}  // namespace

void WarnOfSizes(const Policy& policy, Problems& problems) {
  constexpr char kVocabulary[] = "vocabulary.txtpb";
  Warn(kVocabulary, policy.categories.size(), "categories", problems);
  Warn(kVocabulary, policy.flags.size(), "flags", problems);
  Warn(kVocabulary, policy.roles.size(), "roles", problems);
  Warn(kVocabulary, policy.purposes.size(), "purposes", problems);
  Warn(kVocabulary, policy.consent_steps.size() + policy.other_steps.size(), "steps", problems);
  Warn("organisations.txtpb", policy.types.size(), "types", problems);
  Warn("organisations.txtpb", policy.organisations.size(), "agencies", problems);
  Warn("areas.txtpb", policy.areas.size(), "areas", problems);
  Warn("profiles", policy.profiles.size(), "profiles", problems);
  for (const auto& [id, profile] : policy.profiles) {
    const std::string file = absl::StrCat("profiles/", id, ".txtpb");
    const auto adopted =
        std::count_if(policy.agreements.begin(), policy.agreements.end(),
                      [&name = id](const Agreement& agreement) { return agreement.profiles.contains(name); });
    Warn(file, profile.gateways.size(), "gateways", problems);
    Warn(file, static_cast<size_t>(adopted), "agreements that adopt it", problems);
  }
}

}  // namespace derwent::policy
