// Rules that decide nothing: what no scope reaches, no matrix holds or no gateway carries. A warning each: the text
// says more than the policy does.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

#include "policy/loader/sections.h"

namespace derwent::policy {
namespace {

bool InMatrix(const Profile& profile, const std::string& category) {
  return profile.necessary.contains(category) || profile.conditional.contains(category);
}

// Whether somebody's scope lets the category through. A scope with an open case opens what is necessary.
bool Reached(const Profile& profile, const std::string& category) {
  if (!profile.recipient_organisations.empty()) return true;
  return std::any_of(profile.receivers.begin(), profile.receivers.end(), [&](const auto& receiver) {
    const ReceiverScope& scope = receiver.second;
    return scope.case_scope || scope.categories.contains(category) ||
           (scope.necessary_with_open_case && profile.necessary.contains(category));
  });
}

class DeadRules {
 public:
  DeadRules(const Profile& profile, Problems& problems)
      : profile_(profile), file_(absl::StrCat("profiles/", profile.id, ".txtpb")), problems_(problems) {}

  void Look() {
    for (const std::string& category : profile_.necessary) Unreached(category, "necessary");
    for (const auto& [category, conditional] : profile_.conditional) Unreached(category, "conditional");
    for (const auto& [role, scope] : profile_.receivers) {
      for (const std::string& category : scope.categories) OutsideMatrix(category, "scope of", role);
    }
    for (const auto& [receiver, ceiling] : profile_.ceilings) {
      for (const std::string& category : ceiling.permit) OutsideCap(category, receiver);
      for (const auto& [category, form] : ceiling.redact) OutsideCap(category, receiver);
      for (const auto& [category, role] : ceiling.approve) OutsideCap(category, receiver);
    }
    for (const auto& [id, product] : profile_.products) {
      for (const std::string& category : product.allow) OutsideMatrix(category, "product", id);
    }
  }

 private:
  void Warn(const std::string& near, std::string message, std::string advice) {
    problems_.Warn(Severity::kWarning, file_, near, "dead-rule", std::move(message), std::move(advice));
  }
  void Unreached(const std::string& category, absl::string_view how) {
    if (Reached(profile_, category)) return;
    // Where it is conditional, not where a sender or a footing has the same name.
    Warn(how == "conditional" ? absl::StrCat(category, "\" when: ") : category,
         absl::StrCat("`", category, "` is ", how, ", and the scope of no receiver reaches it"),
         "name it in a scope, or remove it");
  }
  // Counts every cap may leave, whatever a profile gives.
  void OutsideCap(const std::string& category, const std::string& receiver) {
    if (category != "aggregate") OutsideMatrix(category, "ceiling of", receiver);
  }
  void OutsideMatrix(const std::string& category, absl::string_view where, const std::string& whose) {
    if (InMatrix(profile_, category)) return;
    Warn(category, absl::StrCat("`", category, "` stands in the ", where, " `", whose, "` and in no matrix"),
         "make it necessary or conditional, or remove it");
  }

  const Profile& profile_;
  const std::string file_;
  Problems& problems_;
};

}  // namespace

void WarnOfDeadRules(const Profile& profile, Problems& problems) { DeadRules(profile, problems).Look(); }

}  // namespace derwent::policy
