#include "agents/cli/policy/agreement_text.h"

#include "absl/strings/str_cat.h"

#include "policy/loader/text.h"

namespace derwent::cli {

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
  for (const v1::Term& next : vocabulary.subject_roles()) text.subject_roles.push_back(next.id());
  text.consent_steps.assign(vocabulary.consent_steps().begin(), vocabulary.consent_steps().end());
  for (const v1::Term& next : vocabulary.markings()) text.words[next.id()] = next.description();
  v1::Areas areas;
  policy::ParseText(offline.files, "areas.txtpb", areas, problems);
  for (const v1::Area& next : areas.areas()) text.areas[next.gss()] = next.name();
  text.digest = offline.policy->digest;
  return text;
}

}  // namespace derwent::cli
