#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "policy/loader/problem.h"

// The closed lists of what processing may rest on (domain brief C.7).

namespace derwent::policy {

struct LawfulList {
  absl::string_view rule;  // Of the problem.
  absl::string_view what;
  std::vector<std::string> codes;
};

// UK GDPR Article 6(1): `lb.a`, `lb.c` to `lb.f`; point (ea) with its paragraph of Annex 1, `lb.ea.p1` to `lb.ea.p6`.
const LawfulList& Bases();
// UK GDPR Article 9(2): points b, g, h, i and j only with a paragraph of DPA 2018 Schedule 1 that is about them (1; 6
// to 28; 2; 3; 4), the others alone.
const LawfulList& SpecialConditions();
// UK GDPR Article 10: `c10.<paragraph of DPA 2018 Schedule 1>`.
const LawfulList& OffenceConditions();
// DPA 2018 Schedule 8: `s8.1` to `s8.9`.
const LawfulList& Schedule8Conditions();

// Counter-Terrorism and Security Act 2015 s36: the gateway of Channel panels.
inline constexpr char kChannelPanel[] = "gw.ctsa36";

// An interest, (ea) or (f): not for a public authority in its tasks.
bool IsInterest(absl::string_view basis);

// An error, with the nearest of the list, where `code` is none of it.
void CheckLawful(const LawfulList& list, const std::string& code, absl::string_view file, Problems& problems);

}  // namespace derwent::policy
