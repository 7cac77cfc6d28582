// Organisations and gateways: who is bound by what, and what lets data pass.
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

#include "policy/loader/entries.h"
#include "policy/loader/sections.h"

namespace derwent::policy {
namespace {

constexpr char kOrganisations[] = "organisations.txtpb";
constexpr char kGateways[] = "gateways.txtpb";

// Whether `condition` is `prefix` and a number.
bool Numbered(absl::string_view condition, absl::string_view prefix) {
  int paragraph = 0;
  return absl::ConsumePrefix(&condition, prefix) && absl::SimpleAtoi(condition, &paragraph) && paragraph > 0;
}

// UK GDPR Article 9(2): points b, g, h, i and j count only with a paragraph of DPA 2018 Schedule 1, the others alone.
bool IsArticle9(absl::string_view condition) {
  for (const absl::string_view alone : {"c9.a", "c9.c", "c9.d", "c9.e", "c9.f"}) {
    if (condition == alone) return true;
  }
  for (const absl::string_view point : {"c9.b", "c9.g", "c9.h", "c9.i", "c9.j"}) {
    if (Numbered(condition, point)) return true;
  }
  return false;
}

// Conditions that are stated name their paragraph; a competent authority states one for Part 3 too. Whether a type
// needs the others hangs on the agreements.
void CheckConditions(const v1::OrganisationType& text, Problems& problems) {
  const auto check = [&](bool right, const std::string& condition, absl::string_view rule, absl::string_view advice) {
    if (!right)
      problems.Error(kOrganisations, text.id(), rule,
                     absl::StrCat("`", text.id(), "` states `", condition, "`, which names no paragraph"),
                     std::string(advice));
  };
  check(text.special_condition().empty() || IsArticle9(text.special_condition()), text.special_condition(), "article-9",
        "write c9.<point>, with its paragraph of Schedule 1 where the point needs one: c9.g6, c9.h2");
  check(text.offence_condition().empty() || Numbered(text.offence_condition(), "c10."), text.offence_condition(),
        "article-10", "write c10.<paragraph of Schedule 1>");
  if (text.schedule_7() == "true" || !text.schedule_8_condition().empty())
    check(Numbered(text.schedule_8_condition(), "s8."), text.schedule_8_condition(), "schedule-8",
          "a competent authority writes schedule_8_condition: s8.<paragraph of Schedule 8>");
}

void CompileType(const v1::OrganisationType& text, const Words& words, Policy& policy, Problems& problems) {
  words.OneOf(text.public_authority(), {"true", "false", "mixed"}, "public-authority value");
  words.OneOf(text.schedule_7(), {"true", "false", "partial"}, "Schedule 7 value");
  // UK GDPR Article 6(1): a public authority in its tasks may not rely on (ea) or (f).
  const bool interests = absl::StartsWith(text.basis(), "lb.ea") || absl::StartsWith(text.basis(), "lb.f");
  if (text.public_authority() == "true" && interests) {
    problems.Error(kOrganisations, text.id(), "article-6",
                   absl::StrCat("public authority `", text.id(), "` relies on `", text.basis(), "`"),
                   "use lb.e or lb.c");
  }
  if (absl::StartsWith(text.basis(), "lb.ea") && !absl::StartsWith(text.basis(), "lb.ea.p")) {
    problems.Error(kOrganisations, text.id(), "article-6",
                   absl::StrCat("`", text.id(), "` names no paragraph of Annex 1"), "write lb.ea.p<paragraph>");
  }
  CheckConditions(text, problems);
  Unconfirmed(kOrganisations, text.id(), text.needs_confirmation(), problems);
  Add(policy.types, kOrganisations, text.id(),
      OrganisationType{.id = text.id(),
                       .schedule_7 = text.schedule_7(),
                       .basis = text.basis(),
                       .special_condition = text.special_condition(),
                       .offence_condition = text.offence_condition(),
                       .schedule_8_condition = text.schedule_8_condition()},
      problems);
}

std::vector<std::string> Parties(const google::protobuf::RepeatedPtrField<std::string>& names, const Words& words) {
  std::vector<std::string> parties;
  for (const std::string& name : names) {
    if (name == "*" || words.TypeOrOrganisation(name)) parties.push_back(name);
  }
  return parties;
}

// Whether a gateway is PCSC Act 2022 s16 or s17, by its id or however the Act is written in its citation.
bool IsSeriousViolenceDisclosure(const v1::Gateway& text) {
  if (absl::StartsWith(text.id(), "gw.pcsc16") || absl::StartsWith(text.id(), "gw.pcsc17")) return true;
  const std::string cite = absl::AsciiStrToLower(
      absl::StrReplaceAll(text.cite(), {{" ", ""}, {".", ""}, {",", ""}, {"section", "s"}, {"Section", "s"}}));
  const bool act = absl::StrContains(cite, "pcsc") || absl::StrContains(cite, "policecrimesentencing");
  return act && (absl::StrContains(cite, "s16") || absl::StrContains(cite, "s17"));
}

// PCSC Act 2022 s16(4), s17(6): neither carries patient information, whoever holds it, nor anything of an integrated
// care board's.
void CheckPatientInformation(const v1::Gateway& text, const Gateway& gateway, const Policy& policy,
                             Problems& problems) {
  if (!IsSeriousViolenceDisclosure(text)) return;
  const auto refuse = [&](std::string message, std::string advice) {
    problems.Error(kGateways, text.id(), "patient-information", std::move(message), std::move(advice));
  };
  std::set<std::string> carried;
  for (const auto& [id, category] : policy.categories) {
    if (category.health && !gateway.excludes_categories.Matches(id)) carried.insert(id);
  }
  if (!carried.empty())
    refuse(absl::StrCat("`", text.id(), "` carries patient information: ", absl::StrJoin(carried, ", ")),
           "add it to excludes_categories");
  if (gateway.excludes_content.patterns.empty())
    refuse(absl::StrCat("`", text.id(), "` carries what may contain patient information"),
           "name the health categories in excludes_content");
  if (!gateway.excludes_sender.contains("icb"))
    refuse(absl::StrCat("`", text.id(), "` carries what an integrated care board holds"), "add icb to excludes_sender");
}

void CompileGateway(const v1::Gateway& text, const Words& words, Policy& policy, Problems& problems) {
  words.OneOf(text.kind(), {"duty", "power", "process", "support", "exempt"}, "kind of gateway");
  Gateway gateway{
      .id = text.id(), .kind = text.kind(), .from = Parties(text.from(), words), .to = Parties(text.to(), words)};
  gateway.excludes_categories = PatternOf(text.excludes_categories(), words);
  gateway.excludes_content = PatternOf(text.excludes_content(), words);
  for (const std::string& type : text.excludes_sender()) {
    if (words.Type(type)) gateway.excludes_sender.insert(type);
  }
  for (const std::string& flag : text.excludes_flags()) {
    if (words.Flag(flag)) gateway.excludes_flags.insert(flag);
  }
  CheckPatientInformation(text, gateway, policy, problems);
  gateway.depersonalised_only = text.depersonalised_only();
  gateway.never_used = text.never_used();
  gateway.compels_by_document = text.compels_by_document();
  gateway.needs_commencement = text.needs_commencement();
  if (!text.effective_from().empty()) gateway.effective_from = words.Day(text.effective_from(), absl::CivilDay::max());
  gateway.effective_to = words.Day(text.effective_to(), absl::CivilDay::max());
  Unconfirmed(kGateways, text.id(), text.needs_confirmation(), problems);
  Add(policy.gateways, kGateways, text.id(), std::move(gateway), problems);
}

}  // namespace

void CompileOrganisations(const v1::Organisations& text, Policy& policy, Problems& problems) {
  const Words words(kOrganisations, policy, problems);
  words.Each("types", text.types(),
             [&](const v1::OrganisationType& next) { CompileType(next, words, policy, problems); });
  words.Each("organisations", text.organisations(), [&](const v1::Organisation& next) {
    words.Type(next.type());
    Unconfirmed(kOrganisations, next.id(), next.needs_confirmation(), problems);
    Add(policy.organisations, kOrganisations, next.id(),
        Organisation{.id = next.id(), .type = next.type(), .valid = words.Between(next.valid_from(), next.valid_to())},
        problems);
  });
  words.Each("organisations", text.organisations(), [&](const v1::Organisation& next) {
    for (const std::string& successor : next.successors()) words.Organisation(successor);
  });
}

void CompileGateways(const v1::Gateways& text, Policy& policy, Problems& problems) {
  const Words words(kGateways, policy, problems);
  words.Each("gateways", text.gateways(),
             [&](const v1::Gateway& next) { CompileGateway(next, words, policy, problems); });
}

}  // namespace derwent::policy
