// Organisations and gateways: who is bound by what, and what lets data pass.
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

#include "policy/loader/entries.h"
#include "policy/loader/lawful.h"
#include "policy/loader/sections.h"

namespace derwent::policy {
namespace {

constexpr char kOrganisations[] = "organisations.txtpb";
constexpr char kGateways[] = "gateways.txtpb";

// Whether a type needs the conditions it leaves out hangs on the agreements; but a competent authority states one for
// Part 3.
void CheckConditions(const v1::OrganisationType& text, Problems& problems) {
  const auto check = [&](const LawfulList& list, const std::string& code) {
    if (!code.empty()) CheckLawful(list, code, kOrganisations, problems);
  };
  check(Bases(), text.basis());
  check(SpecialConditions(), text.special_condition());
  check(OffenceConditions(), text.offence_condition());
  check(Schedule8Conditions(), text.schedule_8_condition());
  if (text.schedule_7() == "true" && text.schedule_8_condition().empty())
    problems.Error(kOrganisations, text.id(), "schedule-8",
                   absl::StrCat("`", text.id(), "` is a competent authority without a condition for Part 3"),
                   "write schedule_8_condition: s8.<paragraph of Schedule 8>");
}

void CompileType(const v1::OrganisationType& text, const Words& words, Policy& policy, Problems& problems) {
  words.OneOf(text.public_authority(), {"true", "false", "mixed"}, "public-authority value");
  words.OneOf(text.schedule_7(), {"true", "false", "partial"}, "Schedule 7 value");
  // UK GDPR Article 6(1): a public authority in its tasks may not rely on (ea) or (f).
  if (text.public_authority() == "true" && IsInterest(text.basis())) {
    problems.Error(kOrganisations, text.id(), "article-6",
                   absl::StrCat("public authority `", text.id(), "` relies on `", text.basis(), "`"),
                   "use lb.e or lb.c");
  }
  CheckConditions(text, problems);
  Unconfirmed(kOrganisations, text.id(), text.needs_confirmation(), problems);
  Add(policy.types, kOrganisations, text.id(),
      OrganisationType{.id = text.id(),
                       .public_authority = text.public_authority(),
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
  gateway.lifts_confidence = text.lifts_confidence() == "yes";
  gateway.compels_by_document = text.compels_by_document();
  gateway.tells_whom = text.tells_whom();
  gateway.use_limitation = text.use_limitation();
  if (gateway.tells_whom && !gateway.compels_by_document)
    problems.Error(kGateways, text.id(), "gateway",
                   absl::StrCat("`", text.id(), "` tells whom a request is about that nothing compels an answer to"),
                   "set compels_by_document too, or remove tells_whom");
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
