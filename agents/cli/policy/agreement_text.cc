#include "agents/cli/policy/agreement_text.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "policy/loader/text.h"
#include "yaml-cpp/yaml.h"

namespace derwent::cli {

namespace {

// Whom the profile's own text and its consent steps name.
std::set<std::string> SubjectRoles(const v1::Profile& profile, const AgreementText& text) {
  std::set<std::string> roles;
  for (const v1::Footing& footing : profile.footings())
    roles.insert(footing.subject_roles().begin(), footing.subject_roles().end());
  for (const v1::CompanionShare& companion : profile.companions()) roles.insert(companion.subject_role());
  for (const v1::ConsentStep& step : text.consent_steps) {
    if (step.profile() == profile.id() && !step.subject_role().empty()) roles.insert(step.subject_role());
  }
  return roles;
}

// Whom the bundle's worked decisions are about.
void AddWorked(const policy::Files& files, AgreementText& text) {
  for (const auto& [path, yaml] : files) {
    if (!absl::StartsWith(path, "scenarios/") || !absl::EndsWith(path, ".yaml")) continue;
    try {  // yaml-cpp reports by exception; `check` names what is malformed.
      for (const YAML::Node& scenario : YAML::Load(yaml)) {
        const auto roles = text.subject_roles.find(scenario["profile"].as<std::string>());
        if (roles != text.subject_roles.end()) roles->second.insert(scenario["subject"]["role"].as<std::string>());
      }
    } catch (const YAML::Exception&) {
      continue;
    }
  }
}

}  // namespace

absl::StatusOr<AgreementText> ReadAgreementText(const OfflinePolicy& offline, const std::string& id) {
  AgreementText text;
  policy::Problems problems(offline.files);  // The bundle compiled: its files parse.
  const std::string path = absl::StrCat("agreements/", id, ".txtpb");
  if (!offline.files.contains(path)) {
    std::vector<std::string> known;
    for (const policy::Agreement& agreement : offline.policy->agreements) known.push_back(agreement.id);
    const std::string closest = policy::Closest(id, known);
    return absl::NotFoundError(absl::StrCat("no agreement is called `", id, "`",
                                            closest.empty() ? "" : absl::StrCat("; did you mean `", closest, "`?")));
  }
  policy::ParseText(offline.files, path, text.agreement, problems);
  for (const std::string& profile : text.agreement.profiles())
    policy::ParseText(offline.files, absl::StrCat("profiles/", profile, ".txtpb"), text.profiles.emplace_back(),
                      problems);
  v1::Organisations organisations;
  policy::ParseText(offline.files, "organisations.txtpb", organisations, problems);
  for (const v1::Organisation& next : organisations.organisations()) text.organisations[next.id()] = next;
  for (const v1::OrganisationType& next : organisations.types()) text.types[next.id()] = next;
  v1::Gateways gateways;
  policy::ParseText(offline.files, "gateways.txtpb", gateways, problems);
  for (const v1::Gateway& next : gateways.gateways()) text.gateways[next.id()] = next;
  v1::Vocabulary vocabulary;
  policy::ParseText(offline.files, "vocabulary.txtpb", vocabulary, problems);
  for (const v1::Category& next : vocabulary.categories()) text.categories[next.id()] = next;
  for (const v1::Purpose& next : vocabulary.purposes()) text.purposes[next.id()] = next;
  for (const v1::Term& next : vocabulary.obligations()) text.words[next.id()] = next.description();
  text.consent_steps.assign(vocabulary.consent_steps().begin(), vocabulary.consent_steps().end());
  for (const v1::Term& next : vocabulary.markings()) text.words[next.id()] = next.description();
  for (const v1::Profile& profile : text.profiles) text.subject_roles[profile.id()] = SubjectRoles(profile, text);
  AddWorked(offline.files, text);
  v1::Areas areas;
  policy::ParseText(offline.files, "areas.txtpb", areas, problems);
  for (const v1::Area& next : areas.areas()) text.areas[next.gss()] = next.name();
  text.digest = offline.policy->digest;
  return text;
}

}  // namespace derwent::cli
