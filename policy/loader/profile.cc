#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "policy/engine/field_set.h"
#include "policy/loader/approver.h"
#include "policy/loader/entries.h"
#include "policy/loader/lawful.h"
#include "policy/loader/retention.h"
#include "policy/loader/sections.h"

namespace derwent::policy {
namespace {

// Modern Slavery Act 2015 s52.
constexpr char kDutyToNotify[] = "gw.msa52";

using Texts = google::protobuf::RepeatedPtrField<std::string>;

// One profile's text on its way into the policy.
class ProfileText {
 public:
  ProfileText(absl::string_view file, const v1::Profile& text, const Policy& policy, Problems& problems)
      : file_(file), text_(text), policy_(policy), problems_(problems), words_(file, policy, problems) {
    profile_.id = text.id();
  }

  Profile Compile() {
    Purposes();
    Receivers();
    Matrix();
    Ceilings();
    SelfApproval();
    Products();
    Gateways();
    Transition();
    Handling();
    Clocks();
    Requests();
    Owners();
    words_.Each("needs_confirmation", text_.needs_confirmation(),
                [&](const std::string& point) { Unconfirmed(file_, text_.id(), point, problems_); });
    return std::move(profile_);
  }

 private:
  template <typename Container, typename Check>
  void Take(const char* field, const Texts& from, Container& into, Check check) {
    words_.Each(field, from, [&](const std::string& next) {
      if (check(next)) into.insert(into.end(), next);
    });
  }
  void Refuse(absl::string_view near, absl::string_view rule, std::string message, std::string advice) {
    problems_.Error(file_, near, rule, std::move(message), std::move(advice));
  }
  std::set<std::string> Categories(const Texts& from) {
    std::set<std::string> into;
    for (const std::string& next : from) {
      if (words_.Category(next)) into.insert(next);
    }
    return into;
  }
  bool RestsOn(absl::string_view gateway) const {
    return std::find(text_.gateways().begin(), text_.gateways().end(), gateway) != text_.gateways().end();
  }
  // A line that says again, and otherwise, what another says: whichever counted, the order of lines would decide.
  void Once(bool first, absl::string_view what, const std::string& id) {
    if (!first) Refuse(id, "contradicted", absl::StrCat(what, " `", id, "` is there twice"), "keep one");
  }
  void Approver(const std::string& role) { CheckApprover(file_, role, words_, policy_, problems_); }

  // Two forms without a common one never release anything.
  void Possible(const std::string& category, Form first, Form second) {
    if (policy_.categories.at(category).Meet(first, second).has_value()) return;
    Refuse(category, "impossible",
           absl::StrCat("`", category, "` in form `", FormName(second),
                        "` is never released: it has no form in common with `", FormName(first), "`"),
           "name a form that the vocabulary lets meet it");
  }
  // Whom a board appoints approves for the panel; with nobody else to ask, the asker would.
  void SelfApproval() {
    if (profile_.receivers.size() != 1 || !profile_.recipient_organisations.empty()) return;
    const std::string& only = profile_.receivers.begin()->first;
    if (!policy_.board_roles.contains(only)) return;
    words_.Each("conditional", text_.conditional(), [&](const v1::ConditionalCategory& next) {
      if (next.approver() == only)
        Refuse(next.category(), "self-approval",
               absl::StrCat("only `", only, "` asks here, and only `", only, "` could agree"), "name somebody else");
    });
  }

  void Purposes() {
    words_.One("kind", [&] { words_.OneOf(text_.kind(), {"board", "process", "board_and_case"}, "kind of profile"); });
    words_.Each("purposes", text_.purposes(), [&](const std::string& purpose) {
      if (!words_.Purpose(purpose)) return;
      profile_.purposes.insert(purpose);
      if (policy_.purposes.at(purpose).excluded)
        Refuse(purpose, "excluded-purpose", absl::StrCat("`", purpose, "` is an excluded purpose"), "remove it");
    });
    Take("denied_purposes", text_.denied_purposes(), profile_.denied_purposes,
         [&](const std::string& p) { return words_.Purpose(p); });
    Take("senders", text_.senders(), profile_.senders, [&](const std::string& t) { return words_.Type(t); });
    profile_.separate_purpose = text_.separate_purpose();
    if (!text_.separate_purpose().empty())
      words_.One("separate_purpose", [&] { words_.Purpose(text_.separate_purpose()); });
  }

  void Receivers() {
    words_.Each("receivers", text_.receivers(), [&](const v1::ReceiverScope& next) {
      ReceiverScope scope{.case_scope = next.case_scope(),
                          .categories = Categories(next.categories()),
                          .necessary_with_open_case = next.necessary_with_open_case(),
                          .approver = next.approver()};
      Approver(next.approver());
      if (next.necessary_with_open_case() && next.approver().empty())
        Refuse(next.role(), "approver", "an open case gives more and nobody agrees to it", "name who agrees");
      if (words_.Role(next.role()))
        Once(profile_.receivers.emplace(next.role(), std::move(scope)).second, "receiver", next.role());
    });
    words_.Each("recipient_organisations", text_.recipient_organisations(), [&](const v1::RecipientOrganisation& next) {
      if (words_.Organisation(next.organisation()))
        Once(profile_.recipient_organisations.emplace(next.organisation(), next.by_product()).second, "recipient",
             next.organisation());
    });
  }

  void Matrix() {
    Take("necessary", text_.necessary(), profile_.necessary, [&](const std::string& c) { return words_.Category(c); });
    words_.Each("conditional", text_.conditional(), [&](const v1::ConditionalCategory& next) {
      const std::string& id = next.category();
      if (!words_.Category(id)) return;
      Conditional conditional{.approver = next.approver()};
      if (!next.form().empty()) {
        conditional.form = words_.Form(next.form()).value_or(Form::kFull);
        conditional.has_form = true;
        Possible(id, policy_.categories.at(id).Fullest(), conditional.form);
      }
      Approver(next.approver());
      Computed(next, conditional);
      if (next.when().empty())
        Refuse(id, "condition", absl::StrCat("`", id, "` has no condition in words"), "say when");
      if (profile_.necessary.contains(id))
        Refuse(id, "shadowed", absl::StrCat("`", id, "` is necessary and conditional"), "keep one");
      if (!profile_.conditional.emplace(id, std::move(conditional)).second)
        Refuse(id, "contradicted", absl::StrCat("`", id, "` is conditional twice"), "keep one");
    });
  }

  // What the condition rests on besides its ground.
  void Computed(const v1::ConditionalCategory& text, Conditional& conditional) {
    if (!text.age().empty()) words_.OneOf(text.age(), {"CHILD"}, "age");
    conditional.of_a_child = text.age() == "CHILD";
    conditional.or_consent = text.or_consent();
    if (text.or_consent().empty()) return;
    if (text.age().empty())
      Refuse(text.category(), "condition",
             absl::StrCat("`", text.category(), "` names a consent in place of an age, and no age"),
             "name the age, or let the consent step bind the share");
    std::vector<std::string> steps;
    for (const ConsentStep& step : policy_.consent_steps) steps.push_back(step.id);
    words_.OneOf(text.or_consent(), steps, "consent step");
  }

  void Ceilings() {
    words_.Each("ceilings", text_.ceilings(), [&](const v1::ReceiverCeiling& next) {
      if (!words_.TypeOrOrganisation(next.receiver())) return;
      Ceiling ceiling{.permit = Categories(next.permit())};
      std::set<std::string> named = ceiling.permit;
      for (const std::string& redact : next.redact()) {
        const auto pair = words_.CategoryForm(redact);
        if (!pair.has_value()) continue;
        Once(named.insert(pair->first).second, absl::StrCat("in the ceiling of ", next.receiver(), ","), pair->first);
        ceiling.redact.insert(*pair);
        const auto conditional = profile_.conditional.find(pair->first);
        const bool reduced = conditional != profile_.conditional.end() && conditional->second.has_form;
        Possible(pair->first, reduced ? conditional->second.form : policy_.categories.at(pair->first).Fullest(),
                 pair->second);
      }
      for (const std::string& approve : next.approve()) {
        const auto pair = words_.CategoryRole(approve);
        if (!pair.has_value()) continue;
        Once(named.insert(pair->first).second, absl::StrCat("in the ceiling of ", next.receiver(), ","), pair->first);
        Approver(pair->second);
        ceiling.approve.insert(*pair);
      }
      Once(profile_.ceilings.emplace(next.receiver(), std::move(ceiling)).second, "ceiling of", next.receiver());
    });
  }

  void Products() {
    words_.Each("products", text_.products(), [&](const v1::Product& next) {
      words_.OneOf(next.age(), {"adult", "child"}, "age of a product");
      FieldSet(next);
      Product product{.child = next.age() == "child",
                      .allow = Categories(next.allow()),
                      .fields = {next.fields().begin(), next.fields().end()}};
      Once(profile_.products.emplace(next.id(), std::move(product)).second, "product", next.id());
    });
  }

  // Modern Slavery Act 2015 s52 and SI 2015/1743: of an adult who does not consent nothing goes that identifies them.
  void FieldSet(const v1::Product& product) {
    const bool consented = std::any_of(policy_.consent_steps.begin(), policy_.consent_steps.end(),
                                       [&](const ConsentStep& step) { return step.product == product.id(); });
    const bool duty = RestsOn(kDutyToNotify);
    if (duty && product.age() == "adult" && !consented && product.fields().empty())
      Refuse(product.id(), "field-set",
             absl::StrCat("product `", product.id(),
                          "` is about an adult whose consent nothing asks for, and is no field set"),
             "name its fields, or a consent step for it");
    if (product.fields().empty()) return;
    for (const std::string& category : product.allow()) {
      if (category != "statutory.fieldset")
        Refuse(category, "field-set",
               absl::StrCat("product `", product.id(), "` is a field set and allows `", category, "`"),
               "allow statutory.fieldset alone");
    }
    for (const std::string& field : product.fields())
      words_.OneOf(field, DutyToNotifyFields(), "field of the duty to notify");
  }

  void Gateways() {
    Take("gateways", text_.gateways(), profile_.gateways, [&](const std::string& g) { return words_.Gateway(g); });
    const bool stands = std::any_of(profile_.gateways.begin(), profile_.gateways.end(),
                                    [&](const std::string& id) { return policy_.gateways.at(id).StandsAlone(); });
    Support();
    if (!stands)
      Refuse("", "gateway", "only supporting or exempting gateways are named", "name a duty, power or process");
  }

  // Counter-Terrorism and Security Act 2015 s41: whoever gives support gets nothing without consent. So does a service
  // for victims of sexual violence, whose confidence only consent lifts.
  void Support() {
    if (!RestsOn(kChannelPanel) && text_.enclave() != "sarc") return;
    const bool asked = std::any_of(policy_.consent_steps.begin(), policy_.consent_steps.end(),
                                   [&](const ConsentStep& step) { return step.profile == text_.id(); });
    if (!asked)
      Refuse(RestsOn(kChannelPanel) ? kChannelPanel : text_.enclave(), "consent-step",
             absl::StrCat("nothing of `", text_.id(), "` takes consent, and its support must"),
             "name the profile in a consent step of the vocabulary");
  }

  // DPA 2018 s36(4): where law is enforced, data passes between Part 3 and UK GDPR.
  void Transition() {
    words_.Each("transition_authorities", text_.transition_authorities(), [&](const std::string& id) {
      if (!words_.Gateway(id)) return;
      profile_.transition_authorities.push_back(id);
      const bool named = std::find(profile_.gateways.begin(), profile_.gateways.end(), id) != profile_.gateways.end();
      if (!named || !policy_.gateways.at(id).StandsAlone())
        Refuse(id, "transition", absl::StrCat("`", id, "` is no gateway of the profile that stands alone"),
               "name a duty, power or process among its gateways");
    });
    const auto enforcing = std::find_if(profile_.purposes.begin(), profile_.purposes.end(), [&](const std::string& id) {
      return policy_.purposes.at(id).law_enforcement != "false";
    });
    if (enforcing != profile_.purposes.end() && profile_.transition_authorities.empty())
      Refuse(*enforcing, "transition",
             absl::StrCat("for `", *enforcing, "` data passes between Part 3 and UK GDPR, by nobody's authority"),
             "name transition_authorities among its gateways");
  }

  void Handling() {
    Take("blocked_flags", text_.blocked_flags(), profile_.blocked_flags,
         [&](const std::string& f) { return words_.Flag(f); });
    profile_.prohibited_payload.insert(text_.prohibited_payload().begin(), text_.prohibited_payload().end());
    Take("obligations", text_.obligations(), profile_.obligations,
         [&](const std::string& o) { return words_.Obligation(o); });
    words_.One("marking", [&] {
      if (words_.Marking(text_.marking())) profile_.marking = text_.marking();
    });
    words_.One("escalation_role", [&] {
      if (words_.Role(text_.escalation_role())) profile_.escalation_role = text_.escalation_role();
    });
    if (text_.retention().empty())
      Refuse("", "retention", "no retention is stated", "say how long and by which schedule");
    if (text_.ledger_months() < 0)
      Refuse("ledger_months", "retention", "ledger_months is negative", "write months, or 0 for 84");
  }

  void Clocks() {
    profile_.existence_sensitive = text_.existence_sensitive();
    words_.One("answer_slot", [&] { Slot(); });
    if (text_.collection_hours() <= 0) Refuse("", "clock", "no collection deadline is stated", "set collection_hours");
    profile_.clock_hours["collection"] = text_.collection_hours();
    if (text_.acceptance_hours() > 0) profile_.clock_hours["acceptance"] = text_.acceptance_hours();
    if (text_.outcome_hours() > 0) profile_.clock_hours["outcome"] = text_.outcome_hours();
    // What is still to be decided or answered must not lose its evidence: a month has 28 days at least.
    const int months = LedgerMonths(text_);
    for (const auto& [clock, hours] : profile_.clock_hours) {
      if (hours >= months * 28 * 24)
        Refuse("ledger_months", "retention", absl::StrCat("the ledger forgets before `", clock, "` is due"),
               "keep entries for longer than every deadline");
    }
    words_.Each("clocks", text_.clocks(), [&](const v1::Clock& next) {
      const Clock clock{
          .hours = next.hours(), .working_days = next.working_days(), .days = next.days(), .months = next.months()};
      const int limits[] = {clock.hours, clock.working_days, clock.days, clock.months};
      if (std::ranges::count(limits, 0) != 3 || *std::ranges::min_element(limits) < 0)
        Refuse(next.id(), "clock", absl::StrCat("clock `", next.id(), "` has not exactly one limit"),
               "set hours, working_days, days or months");
      if (next.starts().empty())
        Refuse(next.id(), "clock", absl::StrCat("clock `", next.id(), "` does not say what starts it"), "set starts");
      Once(profile_.clocks.emplace(next.id(), clock).second, "clock", next.id());
    });
  }

  // Who appoints to the board's roles, and for which areas.
  void Owners() {
    words_.Each("owners", text_.owners(), [&](const v1::BoardOwner& next) {
      if (next.areas().empty())
        Refuse(next.agency(), "owner", absl::StrCat("`", next.agency(), "` owns the board for no area"), "name areas");
      std::set<std::string> areas;
      for (const std::string& area : next.areas()) {
        if (words_.Area(area)) areas.insert(area);
      }
      if (words_.Organisation(next.agency()))
        Once(profile_.owners.emplace(next.agency(), std::move(areas)).second, "owner", next.agency());
    });
  }

  // Who opens cases, and how long their requests wait. A thematic lead never makes the link that opens more to her.
  void Requests() {
    Take("convenors", text_.convenors(), profile_.convenors,
         [&](const std::string& role) { return words_.Role(role); });
    if (profile_.convenors.contains("thematic_lead"))
      Refuse("thematic_lead", "separation", "a thematic lead opens cases", "name the SPOC");
    profile_.kind = text_.kind();
    profile_.enclave = text_.enclave().empty() ? "general" : text_.enclave();
    if (text_.request_hours() < 0)
      Refuse("request_hours", "clock", "request_hours is negative", "write hours, or 0 for 120");
    if (text_.request_hours() > 0) profile_.request_hours = text_.request_hours();
  }

  // Domain decision 9.
  void Slot() {
    absl::string_view slot = text_.answer_slot();
    if (slot.empty()) {
      if (text_.existence_sensitive())
        Refuse("", "answer-slot", "an existence-sensitive profile has no answer slot",
               "set answer_slot, for instance 1wd");
      return;
    }
    AnswerSlot& into = profile_.answer_slot;
    const bool read = absl::ConsumeSuffix(&slot, "wd")
                          ? absl::SimpleAtoi(slot, &into.working_days) && into.working_days > 0
                          : absl::ParseDuration(slot, &into.time) && into.time > absl::ZeroDuration();
    if (!read)
      Refuse(text_.answer_slot(), "answer-slot", absl::StrCat("`", text_.answer_slot(), "` is no answer slot"),
             "write 30s, 15m, 2h or 1wd");
  }

  const std::string file_;
  const v1::Profile& text_;
  const Policy& policy_;
  Problems& problems_;
  const Words words_;
  Profile profile_;
};

}  // namespace

void CompileProfile(absl::string_view file, const v1::Profile& text, Policy& policy, Problems& problems) {
  Profile profile = ProfileText(file, text, policy, problems).Compile();
  CompileFootings(file, text, policy, profile, problems);
  Add(policy.profiles, file, text.id(), std::move(profile), problems);
}

}  // namespace derwent::policy
