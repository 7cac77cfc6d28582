#include <algorithm>

#include "absl/strings/str_cat.h"
#include "policy/loader/sections.h"
#include "policy/loader/words.h"

namespace derwent::policy {
namespace {

template <typename Container, typename Check>
void Take(const google::protobuf::RepeatedPtrField<std::string>& from, Container& into, Check check) {
  for (const std::string& next : from) {
    if (check(next)) into.insert(into.end(), next);
  }
}

void CompileReceivers(const v1::Profile& text, const Words& words, Profile& profile) {
  for (const v1::ReceiverScope& next : text.receivers()) {
    ReceiverScope scope{.case_scope = next.case_scope(), .necessary_with_open_case = next.necessary_with_open_case(), .approver = next.approver()};
    Take(next.categories(), scope.categories, [&](const std::string& c) { return words.Category(c); });
    if (!next.approver().empty()) words.Role(next.approver());
    if (words.Role(next.role())) profile.receivers[next.role()] = std::move(scope);
  }
  for (const v1::RecipientOrganisation& next : text.recipient_organisations()) {
    if (words.Organisation(next.organisation())) profile.recipient_organisations[next.organisation()] = next.by_product();
  }
}

void CompileMatrix(absl::string_view file, const v1::Profile& text, const Words& words, Profile& profile, Problems& problems) {
  Take(text.necessary(), profile.necessary, [&](const std::string& c) { return words.Category(c); });
  for (const v1::ConditionalCategory& next : text.conditional()) {
    if (!words.Category(next.category())) continue;
    Conditional conditional{.approver = next.approver()};
    if (!next.form().empty()) {
      conditional.form = words.Form(next.form()).value_or(Form::kFull);
      conditional.has_form = true;
    }
    if (!next.approver().empty()) words.Role(next.approver());
    if (next.approver() == "dpo") problems.Error(file, next.category(), "separation", "a data protection officer approves operational shares", "name the SIRO");
    if (next.when().empty()) problems.Error(file, next.category(), "condition", absl::StrCat("`", next.category(), "` has no condition in words"), "say when");
    if (profile.necessary.contains(next.category())) problems.Error(file, next.category(), "shadowed", absl::StrCat("`", next.category(), "` is necessary and conditional"), "keep one");
    profile.conditional[next.category()] = std::move(conditional);
  }
}

void CompileCeilings(const v1::Profile& text, const Words& words, Profile& profile) {
  for (const v1::ReceiverCeiling& next : text.ceilings()) {
    if (!words.TypeOrOrganisation(next.receiver())) continue;
    Ceiling ceiling;
    Take(next.permit(), ceiling.permit, [&](const std::string& c) { return words.Category(c); });
    for (const std::string& redact : next.redact()) {
      if (const auto pair = words.CategoryForm(redact)) ceiling.redact.insert(*pair);
    }
    for (const std::string& approve : next.approve()) {
      if (const auto pair = words.CategoryRole(approve)) ceiling.approve.insert(*pair);
    }
    profile.ceilings[next.receiver()] = std::move(ceiling);
  }
  for (const v1::Product& next : text.products()) {
    words.OneOf(next.age(), {"adult", "child"}, "age of a product");
    Product product{.child = next.age() == "child"};
    Take(next.allow(), product.allow, [&](const std::string& c) { return words.Category(c); });
    profile.products[next.id()] = std::move(product);
  }
}

void CompileGatewayList(absl::string_view file, const v1::Profile& text, const Words& words, const Policy& policy, Profile& profile, Problems& problems) {
  Take(text.gateways(), profile.gateways, [&](const std::string& g) { return words.Gateway(g); });
  const bool stands = std::any_of(profile.gateways.begin(), profile.gateways.end(), [&](const std::string& id) {
    const Gateway& gateway = policy.gateways.at(id);
    return gateway.kind != "support" && gateway.kind != "exempt" && !gateway.never_used;
  });
  if (!stands) problems.Error(file, "", "gateway", "only supporting or exempting gateways are named", "name a duty, power or process");
}

}  // namespace

void CompileProfile(absl::string_view file, const v1::Profile& text, Policy& policy, Problems& problems) {
  const Words words(file, policy, problems);
  Profile profile{.id = text.id()};
  words.OneOf(text.kind(), {"board", "process", "board_and_case"}, "kind of profile");
  Take(text.purposes(), profile.purposes, [&](const std::string& p) { return words.Purpose(p); });
  Take(text.denied_purposes(), profile.denied_purposes, [&](const std::string& p) { return words.Purpose(p); });
  Take(text.senders(), profile.senders, [&](const std::string& t) { return words.Type(t); });
  for (const std::string& purpose : profile.purposes) {
    if (policy.purposes.at(purpose).excluded) problems.Error(file, purpose, "excluded-purpose", absl::StrCat("`", purpose, "` is an excluded purpose"), "remove it");
  }
  CompileReceivers(text, words, profile);
  CompileMatrix(file, text, words, profile, problems);
  CompileCeilings(text, words, profile);
  CompileGatewayList(file, text, words, policy, profile, problems);
  Take(text.blocked_flags(), profile.blocked_flags, [&](const std::string& f) { return words.Flag(f); });
  profile.prohibited_payload.insert(text.prohibited_payload().begin(), text.prohibited_payload().end());
  Take(text.obligations(), profile.obligations, [&](const std::string& o) { return words.Obligation(o); });
  profile.existence_sensitive = text.existence_sensitive();
  if (words.Marking(text.marking())) profile.marking = text.marking();
  if (words.Role(text.escalation_role())) profile.escalation_role = text.escalation_role();
  if (text.retention().empty()) problems.Error(file, "", "retention", "no retention is stated", "say how long and by which schedule");
  if (text.collection_hours() <= 0) problems.Error(file, "", "clock", "no collection deadline is stated", "set collection_hours");
  profile.clock_hours["collection"] = text.collection_hours();
  if (text.acceptance_hours() > 0) profile.clock_hours["acceptance"] = text.acceptance_hours();
  if (text.outcome_hours() > 0) profile.clock_hours["outcome"] = text.outcome_hours();
  if (!policy.profiles.emplace(text.id(), std::move(profile)).second) problems.Error(file, text.id(), "duplicate", absl::StrCat("profile `", text.id(), "` stands twice"), "remove one");
}

}  // namespace derwent::policy
