// Steps of consent, once the profiles that they bind are known.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "policy/loader/lawful.h"
#include "policy/loader/sections.h"
#include "policy/loader/words.h"

namespace derwent::policy {
namespace {

constexpr char kVocabulary[] = "vocabulary.txtpb";

bool RestsOn(const Profile& profile, absl::string_view gateway) {
  return std::find(profile.gateways.begin(), profile.gateways.end(), gateway) != profile.gateways.end();
}

// Whether some gateway of the profile lets the organisation have anything.
bool Reaches(const Profile& profile, const Organisation& receiver, const Policy& policy) {
  return std::any_of(profile.gateways.begin(), profile.gateways.end(), [&](const std::string& id) {
    const Gateway& gateway = policy.gateways.at(id);
    return gateway.StandsAlone() && std::any_of(gateway.to.begin(), gateway.to.end(), [&](const std::string& name) {
             return name == "*" || name == receiver.id || name == receiver.type;
           });
  });
}

bool Names(const v1::ConsentStep& step) {
  return !step.profile().empty() || !step.receiver().empty() || !step.product().empty();
}

// Whether some share under the profile can have all that the step names.
bool BindsUnder(const v1::ConsentStep& step, const Profile& profile, const Policy& policy) {
  return (step.profile().empty() || step.profile() == profile.id) &&
         (step.product().empty() || profile.products.contains(step.product())) &&
         (step.receiver().empty() || Reaches(profile, policy.organisations.at(step.receiver()), policy));
}

void CheckBinds(const v1::ConsentStep& step, const Policy& policy, Problems& problems) {
  const bool binds = Names(step)
                         ? std::any_of(policy.profiles.begin(), policy.profiles.end(),
                                       [&](const auto& profile) { return BindsUnder(step, profile.second, policy); })
                         : step.subject_role().empty();  // It binds the shares that name it, whoever they are about.
  if (!binds)
    problems.Error(kVocabulary, step.id(), "consent-step",
                   absl::StrCat("`", step.id(), "` binds nothing: no share has all that it names"),
                   "name a profile, a receiver or a product that go together");
}

// Organisations that the panel's gateway or the profile's ceilings name one by one, not as a kind of partner: only
// support brings them in (Counter-Terrorism and Security Act 2015 Schedule 7, s36).
std::set<std::string> SupportersOf(const Profile& profile, const Policy& policy) {
  std::set<std::string> supporters;
  const auto one_by_one = [&](const std::string& name) {
    if (policy.organisations.contains(name)) supporters.insert(name);
  };
  for (const std::string& name : policy.gateways.at(kChannelPanel).to) one_by_one(name);
  for (const auto& [name, ceiling] : profile.ceilings) one_by_one(name);
  return supporters;
}

// Whether every share with the supporter hangs on the step.
bool BindsAll(const v1::ConsentStep& step, const Profile& profile, const std::string& supporter) {
  return Names(step) && (step.profile().empty() || step.profile() == profile.id) &&
         (step.receiver().empty() || step.receiver() == supporter) && step.product().empty() &&
         step.subject_role().empty();
}

// Counter-Terrorism and Security Act 2015 s41: whoever gives support gets nothing without consent; a parent or guardian
// gives it for a child.
void CheckSupport(const v1::Vocabulary& text, const Profile& profile, const Words& words, const Policy& policy,
                  Problems& problems) {
  for (const std::string& supporter : SupportersOf(profile, policy)) {
    bool asked = false;
    words.Each("consent_steps", text.consent_steps(), [&](const v1::ConsentStep& step) {
      if (!BindsAll(step, profile, supporter)) return;
      asked = true;
      if (step.giver_under_18() != "GUARDIAN")
        problems.Error(kVocabulary, step.id(), "consent-giver",
                       absl::StrCat("`", step.id(), "` takes a child's own consent for a guardian's"),
                       "set giver_under_18: \"GUARDIAN\"");
    });
    if (!asked)
      problems.Error(absl::StrCat("profiles/", profile.id, ".txtpb"), supporter, "consent-step",
                     absl::StrCat("no consent step binds every share with `", supporter, "`, which gives support"),
                     "name profile and receiver in a consent step of the vocabulary");
  }
}

}  // namespace

void CheckConsentSteps(const v1::Vocabulary& text, const Policy& policy, Problems& problems) {
  const Words words(kVocabulary, policy, problems);
  std::set<std::string> products;
  for (const auto& [id, profile] : policy.profiles) {
    for (const auto& [product, allowed] : profile.products) products.insert(product);
  }
  words.Each("consent_steps", text.consent_steps(), [&](const v1::ConsentStep& step) {
    const bool profile = step.profile().empty() || words.Profile(step.profile());
    const bool receiver = step.receiver().empty() || words.Organisation(step.receiver());
    const bool product = step.product().empty() || words.OneOf(step.product(), KeysOf(products), "product");
    if (profile && receiver && product) CheckBinds(step, policy, problems);
    // For a child somebody else may; an adult decides for themselves.
    if (step.giver() == "GUARDIAN")
      problems.Error(kVocabulary, step.id(), "consent-giver",
                     absl::StrCat("`", step.id(), "` takes a guardian's consent for an adult's"),
                     "set giver: \"SUBJECT\", and giver_under_18: \"GUARDIAN\"");
  });
  for (const auto& [id, profile] : policy.profiles) {
    if (RestsOn(profile, kChannelPanel)) CheckSupport(text, profile, words, policy, problems);
  }
}

}  // namespace derwent::policy
