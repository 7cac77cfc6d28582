#include "tests/policy/random_request.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"

#include "policy/loader/words.h"
#include "tests/policy/derbyshire.h"

namespace derwent::policy {
namespace {

size_t Below(size_t limit, std::mt19937& random) { return random() % limit; }
bool OneIn(size_t n, std::mt19937& random) { return Below(n, random) == 0; }

template <typename Container>
std::string Any(const Container& container, std::mt19937& random) {
  std::vector<std::string> keys = KeysOf(container);
  std::sort(keys.begin(), keys.end());
  return keys.empty() ? "" : keys[Below(keys.size(), random)];
}

void DrawParties(const Policy& policy, const Profile& profile, std::mt19937& random, DecisionRequest& q) {
  q.releasing_agency = Any(policy.organisations, random);
  q.receiving_agency = Any(policy.organisations, random);
  q.receiving_role =
      OneIn(5, random) || profile.receivers.empty() ? Any(policy.roles, random) : Any(profile.receivers, random);
  if (!profile.recipient_organisations.empty() && OneIn(2, random))
    q.receiving_agency = Any(profile.recipient_organisations, random);
  if (OneIn(12, random)) q.receiving_agency = q.releasing_agency;
}

void DrawFacts(const Policy& policy, std::mt19937& random, DecisionRequest& q) {
  SubjectFacts facts{.age = static_cast<int>(Below(95, random)), .flags = std::vector<std::string>(), .consents = {}};
  for (size_t i = Below(4, random) / 2; i > 0; --i) facts.flags->push_back(Any(policy.flags, random));
  for (const ConsentStep& step : policy.consent_steps) {
    if (OneIn(2, random))
      facts.consents.push_back(
          {.giver = OneIn(4, random) ? "GUARDIAN" : "SUBJECT", .step = step.id, .given = !OneIn(4, random)});
  }
  if (OneIn(6, random))
    facts.consents.push_back({.giver = "SUBJECT", .step = Any(policy.categories, random), .given = OneIn(2, random)});
  q.facts = std::move(facts);
}

void DrawExtras(const Policy& policy, const Profile& profile, std::mt19937& random, DecisionRequest& q) {
  if (OneIn(4, random)) q.route = static_cast<Route>(Below(6, random));
  if (q.route == Route::kBreakGlass && !OneIn(3, random)) {
    q.purpose = "emergency.vital";
    q.receiving_role = "duty_officer";
  }
  if (OneIn(5, random)) q.document_reference = "D-1";
  q.says_whom = !q.document_reference.empty() && OneIn(2, random);
  if (OneIn(8, random))
    q.step =
        Any(std::set<std::string>{"support", "s213B", "nrm", "sarc", "assessment", "housing", "early_help"}, random);
  if (q.step == "early_help" && !OneIn(3, random))
    q.facts->consents.push_back({.giver = "SUBJECT", .step = q.step, .given = !OneIn(3, random)});
  if (!profile.products.empty() && !OneIn(4, random)) q.product = Any(profile.products, random);
  if (OneIn(5, random)) {
    q.exception_flag = OneIn(2, random) ? "restriction_art18" : "objection_art21";
    q.exception_ground = "legal_claims";
  }
  if (OneIn(10, random))
    q.onward = Onward{.organisation = Any(policy.organisations, random),
                      .as_controller = OneIn(2, random),
                      .originator_approval = "given",
                      .categories = OneIn(2, random) ? Strings() : Strings{Any(policy.categories, random)}};
  if (OneIn(10, random)) q.table = Table{.topic = "default", .geography = "ward", .period = "month"};
}

}  // namespace

DecisionRequest RandomRequest(const Policy& policy, std::mt19937& random) {
  DecisionRequest q;
  q.profile = Any(policy.profiles, random);
  const Profile& profile = policy.profiles.at(q.profile);
  q.purpose = OneIn(6, random) ? Any(policy.purposes, random) : Any(profile.purposes, random);
  DrawParties(policy, profile, random, q);
  q.area = OneIn(3, random) ? Any(policy.areas, random) : "E23000018";
  q.direction = OneIn(3, random) ? Direction::kPush : Direction::kRequest;
  q.case_link = OneIn(5, random) ? CaseLink::kNone : CaseLink::kAsserted;
  q.justification = !OneIn(8, random);
  q.subject_role = Any(policy.subject_roles, random);
  for (const auto& [category, condition] : profile.conditional) {
    if (!OneIn(4, random)) q.grounds.push_back(absl::StrCat(q.profile, ".", category));
  }
  for (const std::string& category : KeysOf(policy.categories)) {
    if (OneIn(4, random)) q.categories.push_back(category);
  }
  std::sort(q.categories.begin(), q.categories.end());
  DrawFacts(policy, random, q);
  DrawExtras(policy, profile, random, q);
  return q;
}

}  // namespace derwent::policy
