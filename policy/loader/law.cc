// Organisations and gateways: who is bound by what, and what lets data pass.
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "policy/loader/entries.h"
#include "policy/loader/sections.h"

namespace derwent::policy {
namespace {

constexpr char kOrganisations[] = "organisations.txtpb";
constexpr char kGateways[] = "gateways.txtpb";

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
  Unconfirmed(kOrganisations, text.id(), text.needs_confirmation(), problems);
  Add(policy.types, kOrganisations, text.id(),
      OrganisationType{.id = text.id(),
                       .schedule_7 = text.schedule_7(),
                       .basis = text.basis(),
                       .special_condition = text.special_condition(),
                       .offence_condition = text.offence_condition()},
      problems);
}

std::vector<std::string> Parties(const google::protobuf::RepeatedPtrField<std::string>& names, const Words& words) {
  std::vector<std::string> parties;
  for (const std::string& name : names) {
    if (name == "*" || words.TypeOrOrganisation(name)) parties.push_back(name);
  }
  return parties;
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
  gateway.depersonalised_only = text.depersonalised_only();
  gateway.never_used = text.never_used();
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
