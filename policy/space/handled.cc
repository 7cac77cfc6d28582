#include "policy/space/handled.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace derwent::policy {

std::string Mishandled(const v1::Handled& wanted, const Profile& profile, const Decision& decision,
                       const Policy& policy) {
  if (!wanted.marking().empty() && policy.StricterMarking(decision.marking, wanted.marking()) != decision.marking)
    return absl::StrCat("it is marked ", decision.marking);
  for (const std::string& obligation : wanted.obligations()) {
    if (!decision.obligations.contains(obligation)) return absl::StrCat("it does not carry ", obligation);
  }
  if (wanted.existence_sensitive() && !decision.existence_sensitive)
    return "an answer may tell whether the person is known";
  if (!wanted.enclave().empty() && profile.enclave != wanted.enclave())
    return absl::StrCat("its subjects are marked in the enclave ", profile.enclave);
  const auto& convenors = wanted.convenors();
  for (const std::string& role : profile.convenors) {
    if (!convenors.empty() && std::find(convenors.begin(), convenors.end(), role) == convenors.end())
      return absl::StrCat(role, " may open a case");
  }
  for (const std::string& kind : wanted.prohibited_payload()) {
    if (!profile.prohibited_payload.contains(kind)) return absl::StrCat("payload ", kind, " is not refused");
  }
  return "";
}

}  // namespace derwent::policy
