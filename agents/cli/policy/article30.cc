#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

#include "agents/cli/policy/agreement_footing.h"
#include "agents/cli/policy/agreement_text.h"

namespace derwent::cli {
namespace {

constexpr const char* kColumns[] = {
    "Business function",
    "Purpose of processing",
    "Name and contact details of joint controller (if applicable)",
    "Categories of individuals",
    "Categories of personal data",
    "Categories of recipients",
    "Link to contract with processor",
    "Names of third countries or international organisations that personal data are transferred to (if applicable)",
    ("Safeguards for exceptional transfers of personal data to third countries or international organisations (if "
     "applicable)"),
    "Retention schedule (if possible)",
    "General description of technical and organisational security measures (if possible)",
    "Article 6 lawful basis for processing personal data",
    "Article 9 condition for processing special category data",
    "Legitimate interests for the processing (if applicable)",
    "Link to record of legitimate interests assessment (if applicable)",
    "Rights available to individuals",
    "Existence of automated decision-making, including profiling (if applicable)",
    "The source of the personal data (if applicable)",
    "Link to record of consent",
    "Location of personal data",
    "Data Protection Impact Assessment required?",
    "Data Protection Impact Assessment progress",
    "Link to Data Protection Impact Assessment",
    "Has a personal data breach occurred?",
    "Link to record of personal data breach",
    "Data Protection Act 2018 Schedule 1 condition for processing",
    "UK GDPR Article 6 lawful basis for processing under that condition",
    "Link to retention and erasure policy document",
    "Are personal data retained and erased in accordance with the retention policy document?",
    "Reasons for not adhering to retention policy document (if applicable)"};

// Quoted; nothing that a spreadsheet would run.
std::string Cell(std::string text) {
  if (!text.empty() && absl::StrContains("=+-@\t\r", text.substr(0, 1))) text.insert(0, "'");
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}, {"\n", " "}}), "\"");
}

std::string Line(const std::vector<std::string>& cells) {
  return absl::StrCat(
      absl::StrJoin(cells, ",", [](std::string* out, const std::string& cell) { absl::StrAppend(out, Cell(cell)); }),
      "\r\n");
}

class Record {
 public:
  explicit Record(const AgreementText& text) : t_(text) {
    for (const std::string& id : t_.agreement.parties()) {
      const auto party = t_.organisations.find(id);
      if (party != t_.organisations.end()) types_.insert(party->second.type());
    }
  }

  std::string Write() const {
    std::string csv = Line({std::begin(kColumns), std::end(kColumns)});
    for (const v1::Profile& profile : t_.profiles) {
      for (const std::string& category : profile.necessary()) absl::StrAppend(&csv, Row(profile, category));
      for (const v1::ConditionalCategory& next : profile.conditional())
        absl::StrAppend(&csv, Row(profile, next.category()));
    }
    return csv;
  }

 private:
  // One value a type of party, `type: value`.
  template <typename Of>
  std::string ByType(Of of) const {
    std::vector<std::string> all;
    for (const std::string& id : types_) {
      const auto type = t_.types.find(id);
      if (type != t_.types.end() && !of(type->second).empty()) all.push_back(absl::StrCat(id, ": ", of(type->second)));
    }
    return absl::StrJoin(all, "; ");
  }

  std::string JointControllers() const {
    if (t_.agreement.kind() != "joint_controller") return "";
    return absl::StrCat("the parties to the agreement; contact point ", t_.agreement.joint().contact_point());
  }
  std::string Source() const {
    return t_.agreement.kind() == "one_way" ? absl::StrJoin(t_.agreement.givers(), "; ")
                                            : "the other parties to the agreement";
  }
  // Of the types that rest on an interest: a recognised one (Article 6(1)(ea)) needs no assessment.
  std::string Interests() const {
    return ByType([](const v1::OrganisationType& type) {
      return absl::StartsWith(type.basis(), "lb.ea")  ? absl::StrCat("recognised: Annex 1, ", type.basis())
             : absl::StartsWith(type.basis(), "lb.f") ? std::string("legitimate interests")
                                                      : std::string();
    });
  }
  std::string ConsentOf(const v1::Profile& profile) const {
    std::vector<std::string> steps;
    for (const v1::ConsentStep& step : t_.consent_steps) {
      if (step.profile() == profile.id()) steps.push_back(step.id());
    }
    return steps.empty() ? "" : absl::StrCat("in the holder's record, steps: ", absl::StrJoin(steps, ", "));
  }

  std::string Individuals(const v1::Profile& profile) const {
    const auto roles = t_.subject_roles.find(profile.id());
    if (roles == t_.subject_roles.end() || roles->second.empty()) return "to be completed: the profile names nobody";
    return absl::StrCat("people concerned by the case, as: ", absl::StrJoin(roles->second, ", "));
  }
  // Of the competent authorities among the parties, where they act under Part 3 (DPA 2018 s35, Schedule 8); `of`: what
  // each rests on then.
  template <typename Of>
  std::string UnderPart3(const v1::Profile& profile, Of of) const {
    bool serves = false;
    bool nothing_else = false;  // Some purpose is one of law enforcement, whatever a footing says.
    for (const std::string& id : profile.purposes()) {
      const std::string& law_enforcement = t_.purposes.at(id).law_enforcement();
      serves = serves || law_enforcement != "false";
      nothing_else = nothing_else || law_enforcement == "true";
    }
    if (!serves) return "";
    const std::string found = ByType([&](const v1::OrganisationType& type) {
      const bool acts = type.schedule_7() == "true" && (nothing_else || !UnderUkGdpr(profile, type.id()));
      return acts ? of(type) : std::string();
    });
    return found.empty() ? "" : absl::StrCat("; for law-enforcement purposes under Part 3: ", found);
  }

  std::string Row(const v1::Profile& profile, const std::string& id) const {
    const auto found = t_.categories.find(id);
    const v1::Category category = found == t_.categories.end() ? v1::Category() : found->second;
    bool special = false;
    bool offence = false;
    for (const std::string& c : category.classes()) {
      special = special || absl::StartsWith(c, "sc") || c == "mix";
      offence = offence || absl::StartsWith(c, "crim");
    }
    std::vector<std::string> purposes;
    for (const std::string& purpose : profile.purposes()) purposes.push_back(t_.purposes.at(purpose).description());
    std::vector<std::string> recipients;
    for (const v1::ReceiverScope& scope : profile.receivers()) recipients.push_back(scope.role());
    for (const v1::RecipientOrganisation& to : profile.recipient_organisations())
      recipients.push_back(to.organisation());
    const std::string special_conditions =
        special ? absl::StrCat(ByType([](const v1::OrganisationType& type) { return type.special_condition(); }),
                               SpecialConditionsIn(profile))
                : "";
    const std::string offence_conditions =
        offence ? absl::StrCat(ByType([](const v1::OrganisationType& type) { return type.offence_condition(); }),
                               OffenceConditionsIn(profile))
                : "";
    const std::string basis =
        absl::StrCat(ByType([](const v1::OrganisationType& type) { return type.basis(); }), BasesIn(profile),
                     UnderPart3(profile, [](const v1::OrganisationType&) { return std::string("le.35"); }));
    const std::string sensitive =
        category.law_enforcement_class() != "sensitive"
            ? ""
            : absl::StrCat(UnderPart3(profile, [](const auto& type) { return type.schedule_8_condition(); }),
                           Schedule8ConditionsIn(profile));
    const std::string apd =
        special || offence ? absl::StrCat("appropriate policy document ", t_.agreement.apd_reference()) : "";
    return Line({absl::StrCat(t_.agreement.title(), ", ", profile.id()),
                 absl::StrJoin(purposes, "; "),
                 JointControllers(),
                 Individuals(profile),
                 absl::StrCat(id, ": ", category.description()),
                 absl::StrJoin(recipients, "; "),
                 "the broker's host carries sealed messages: terms under Article 28",
                 "none",
                 "",
                 profile.retention(),
                 absl::StrCat("sealed and signed end to end; marking ", profile.marking()),
                 basis,
                 absl::StrCat(special_conditions, sensitive),
                 Interests(),
                 "",
                 "access, rectification, erasure, restriction, objection, decided item by item",
                 "none: a named person decides",
                 Source(),
                 ConsentOf(profile),
                 "the holder's own system",
                 "yes",
                 "",
                 t_.agreement.dpia_reference(),
                 "",
                 "",
                 absl::StrCat(special_conditions, special && offence ? "; " : "", offence_conditions,
                              apd.empty() ? "" : "; ", apd),
                 special || offence ? basis : "",
                 profile.retention(),
                 "",
                 ""});
  }

  const AgreementText& t_;
  std::set<std::string> types_;
};

}  // namespace

std::string Article30Csv(const AgreementText& text) { return Record(text).Write(); }

}  // namespace derwent::cli
