// What a profile's parties rest on where that is not what their type rests on.
#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"

#include "policy/loader/lawful.h"
#include "policy/loader/sections.h"
#include "policy/loader/words.h"

namespace derwent::policy {
namespace {

class FootingText {
 public:
  FootingText(absl::string_view file, const v1::Footing& text, const Policy& policy, const Profile& profile,
              Problems& problems)
      : file_(file),
        text_(text),
        policy_(policy),
        profile_(profile),
        problems_(problems),
        words_(file, policy, problems) {}

  Footing Compile() {
    Footing footing{.side = text_.side(),
                    .uk_gdpr = text_.regime() == "UK_GDPR",
                    .basis = text_.basis(),
                    .special_condition = text_.special_condition(),
                    .offence_condition = text_.offence_condition(),
                    .schedule_8_condition = text_.schedule_8_condition()};
    Whose(footing);
    When(footing);
    if (!text_.side().empty()) words_.OneOf(text_.side(), {"GIVER", "RECEIVER"}, "side");
    Codes();
    if (!text_.regime().empty()) Regime();
    return footing;
  }

 private:
  void Refuse(absl::string_view near, absl::string_view rule, std::string message, std::string advice) {
    problems_.Error(file_, near, rule, std::move(message), std::move(advice));
  }

  // UK GDPR Article 6(1): a public authority in its tasks may not rely on (ea) or (f).
  void Whose(Footing& footing) {
    if (text_.parties().empty()) Refuse("", "footing", "a footing names nobody", "name types or agencies in parties");
    words_.Each("parties", text_.parties(), [&](const std::string& party) {
      if (!words_.TypeOrOrganisation(party)) return;
      footing.parties.insert(party);
      const auto agency = policy_.organisations.find(party);
      const std::string& type = agency == policy_.organisations.end() ? party : agency->second.type;
      if (policy_.types.at(type).public_authority == "true" && IsInterest(text_.basis()))
        Refuse(party, "article-6", absl::StrCat("public authority `", party, "` relies on `", text_.basis(), "`"),
               "use lb.e or lb.c");
    });
  }

  void When(Footing& footing) {
    words_.Each("purposes", text_.purposes(), [&](const std::string& purpose) {
      if (!words_.Purpose(purpose)) return;
      footing.purposes.insert(purpose);
      if (!profile_.purposes.contains(purpose))
        Refuse(purpose, "footing", absl::StrCat("`", purpose, "` is no purpose of the profile"), "name one of its own");
    });
    words_.Each("subject_roles", text_.subject_roles(), [&](const std::string& role) {
      if (words_.SubjectRole(role)) footing.subject_roles.insert(role);
    });
    words_.Each("products", text_.products(), [&](const std::string& product) {
      footing.products.insert(product);
      if (!profile_.products.contains(product))
        Refuse(product, "footing", absl::StrCat("`", product, "` is no product of the profile"), "name one of its own");
    });
  }

  void Codes() {
    const auto check = [&](const LawfulList& list, const std::string& code) {
      if (!code.empty()) CheckLawful(list, code, file_, problems_);
    };
    check(Bases(), text_.basis());
    check(SpecialConditions(), text_.special_condition());
    check(OffenceConditions(), text_.offence_condition());
    check(Schedule8Conditions(), text_.schedule_8_condition());
  }

  // By organisation and purpose, never by the person concerned; and only where the purpose leaves it open.
  void Regime() {
    words_.OneOf(text_.regime(), {"UK_GDPR"}, "regime");
    const bool narrowed = !text_.side().empty() || !text_.subject_roles().empty() || !text_.products().empty();
    const bool types = std::all_of(text_.parties().begin(), text_.parties().end(),
                                   [&](const std::string& party) { return policy_.types.contains(party); });
    if (narrowed || !types)
      Refuse(text_.regime(), "footing", "a regime is a type's, on both sides, whatever the subject and product",
             "state it in a footing of its own");
    const std::set<std::string> purposes =
        text_.purposes().empty() ? profile_.purposes
                                 : std::set<std::string>(text_.purposes().begin(), text_.purposes().end());
    const bool open = std::any_of(purposes.begin(), purposes.end(), [&](const std::string& id) {
      const auto purpose = policy_.purposes.find(id);
      return purpose != policy_.purposes.end() && purpose->second.law_enforcement == "mixed";
    });
    if (!open) Refuse(text_.regime(), "footing", "no purpose here is of mixed regime", "remove regime");
  }

  const std::string file_;
  const v1::Footing& text_;
  const Policy& policy_;
  const Profile& profile_;
  Problems& problems_;
  const Words words_;
};

bool Meet(const std::set<std::string>& a, const std::set<std::string>& b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& name) { return b.contains(name); });
}

// Both hold for somebody in some case, and neither is more particular.
bool Rivals(const Footing& a, const Footing& b) {
  const auto together = [](const std::set<std::string>& x, const std::set<std::string>& y) {
    return x.empty() && y.empty() ? true : Meet(x, y);
  };
  const auto both = [](const std::string& x, const std::string& y) { return !x.empty() && !y.empty() && x != y; };
  return Meet(a.parties, b.parties) && a.side == b.side && together(a.purposes, b.purposes) &&
         together(a.subject_roles, b.subject_roles) && together(a.products, b.products) &&
         (both(a.basis, b.basis) || both(a.special_condition, b.special_condition) ||
          both(a.offence_condition, b.offence_condition) || both(a.schedule_8_condition, b.schedule_8_condition));
}

}  // namespace

void CompileFootings(absl::string_view file, const v1::Profile& text, const Policy& policy, Profile& profile,
                     Problems& problems) {
  const Words words(file, policy, problems);
  words.Each("footings", text.footings(), [&](const v1::Footing& next) {
    const Footing footing = FootingText(file, next, policy, profile, problems).Compile();
    if (std::any_of(profile.footings.begin(), profile.footings.end(),
                    [&](const Footing& other) { return Rivals(footing, other); }))
      problems.Error(file, *next.parties().begin(), "contradicted",
                     absl::StrCat("`", *next.parties().begin(), "` rests on two things at once"), "keep one");
    profile.footings.push_back(footing);
  });
}

}  // namespace derwent::policy
