#include "agents/cli/policy/agreement_footing.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace derwent::cli {
namespace {

// As which side, for which purposes, about whom; empty: always.
std::string When(const v1::Footing& footing) {
  std::vector<std::string> when;
  if (!footing.side().empty()) when.emplace_back(footing.side() == "GIVER" ? "when giving" : "when receiving");
  if (footing.purposes_size() > 0) when.push_back(absl::StrCat("for ", absl::StrJoin(footing.purposes(), ", ")));
  if (footing.subject_roles_size() > 0)
    when.push_back(absl::StrCat("about ", absl::StrJoin(footing.subject_roles(), ", ")));
  if (footing.products_size() > 0) when.push_back(absl::StrCat("in ", absl::StrJoin(footing.products(), ", ")));
  return absl::StrJoin(when, ", ");
}

template <typename Of>
std::string Each(const v1::Profile& profile, Of of) {
  std::string all;
  for (const v1::Footing& footing : profile.footings()) {
    if (of(footing).empty()) continue;
    const std::string when = When(footing);
    absl::StrAppend(&all, "; ", absl::StrJoin(footing.parties(), ", "), when.empty() ? "" : " ", when, ": ",
                    of(footing));
  }
  return all;
}

}  // namespace

std::vector<std::vector<std::string>> FootingRows(const v1::Profile& profile) {
  std::vector<std::vector<std::string>> rows;
  for (const v1::Footing& footing : profile.footings()) {
    rows.push_back({absl::StrJoin(footing.parties(), ", "), When(footing),
                    footing.regime() == "UK_GDPR" ? "UK GDPR" : footing.regime(), footing.basis(),
                    footing.special_condition(), footing.offence_condition(), footing.schedule_8_condition()});
  }
  return rows;
}

std::string BasesIn(const v1::Profile& profile) {
  return Each(profile, [](const v1::Footing& footing) { return footing.basis(); });
}
std::string SpecialConditionsIn(const v1::Profile& profile) {
  return Each(profile, [](const v1::Footing& footing) { return footing.special_condition(); });
}
std::string OffenceConditionsIn(const v1::Profile& profile) {
  return Each(profile, [](const v1::Footing& footing) { return footing.offence_condition(); });
}

std::string Schedule8ConditionsIn(const v1::Profile& profile) {
  return Each(profile, [](const v1::Footing& footing) { return footing.schedule_8_condition(); });
}

bool UnderUkGdpr(const v1::Profile& profile, const std::string& type) {
  return std::any_of(profile.footings().begin(), profile.footings().end(), [&](const v1::Footing& footing) {
    return footing.regime() == "UK_GDPR" && footing.purposes().empty() &&
           std::find(footing.parties().begin(), footing.parties().end(), type) != footing.parties().end();
  });
}

}  // namespace derwent::cli
