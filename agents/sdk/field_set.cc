#include "agents/sdk/field_set.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "policy/engine/field_set.h"

namespace derwent::agents {
namespace {

void CheckFields(const v1::StatutoryFieldsetFact& set, const std::string& path, const std::string& authority,
                 const std::set<std::string>& listed, std::vector<FieldProblem>& problems) {
  std::set<std::string> seen;
  for (int i = 0; i < set.fields_size(); ++i) {
    const v1::StatutoryField& field = set.fields(i);
    const std::string at = absl::StrCat(path, ".fields[", i, "]");
    if (!listed.contains(field.name())) problems.push_back({at + ".name", "must be a field of the product"});
    if (!policy::IsFieldValue(field.name(), field.value(), authority))
      problems.push_back({at + ".value", "must be one that the enactment's field may have"});
    if (!seen.insert(field.name()).second && !policy::MayRepeat(field.name()))
      problems.push_back({at + ".name", "must stand once"});
  }
}

// Of what kind it is stays; where in its system and when it was found goes, with whatever a newer agent wrote.
v1::Provenance Stripped(const v1::Provenance& provenance) {
  v1::Provenance kept;
  kept.set_origin_category(provenance.origin_category());
  kept.set_origin_organisation_type(provenance.origin_organisation_type());
  kept.set_nature(provenance.nature());
  kept.set_disputed(provenance.disputed());
  return kept;
}

bool IsStripped(const v1::Provenance& provenance) {
  return provenance.SerializeAsString() == Stripped(provenance).SerializeAsString();
}

}  // namespace

std::vector<FieldProblem> CheckFieldSets(const v1::StatutoryFieldsetFacts& sets, const std::string& authority,
                                         const std::set<std::string>& listed) {
  std::vector<FieldProblem> problems;
  for (int i = 0; i < sets.facts_size(); ++i) {
    const std::string path = absl::StrCat("statutory_fieldset.facts[", i, "]");
    if (sets.facts(i).fieldset() != kDutyToNotify)
      problems.push_back({path + ".fieldset", absl::StrCat("must be ", kDutyToNotify)});
    CheckFields(sets.facts(i), path, authority, listed, problems);
  }
  return problems;
}

std::set<std::string> FieldsListed(const policy::Policy& policy, const std::string& profile,
                                   const std::string& product) {
  const auto found = policy.profiles.find(profile);
  return found == policy.profiles.end() ? std::set<std::string>() : policy::FieldsOf(found->second, product);
}

void StripFieldSets(v1::UnitContent& content) {
  if (!content.has_statutory_fieldset()) return;
  for (v1::StatutoryFieldsetFact& set : *content.mutable_statutory_fieldset()->mutable_facts()) {
    if (set.has_provenance()) *set.mutable_provenance() = Stripped(set.provenance());
  }
}

bool FieldSetsHold(const v1::UnitContent& content, const std::string& authority, const std::set<std::string>& listed) {
  if (content.category() != "statutory.fieldset") return true;
  if (content.has_neutral()) return true;
  if (!content.has_statutory_fieldset()) return false;  // No gist stands for a list.
  const v1::StatutoryFieldsetFacts& sets = content.statutory_fieldset();
  return CheckFieldSets(sets, authority, listed).empty() &&
         std::ranges::all_of(sets.facts(),
                             [](const v1::StatutoryFieldsetFact& set) { return IsStripped(set.provenance()); });
}

}  // namespace derwent::agents
