#include "broker/exchange/share/decide.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "broker/exchange/share/case_link.h"
#include "broker/exchange/share/onward.h"
#include "policy/engine/agreements.h"
#include "policy/engine/lattice.h"
#include "policy/loader/asked_route.h"
#include "policy/loader/asked_table.h"
#include "policy/loader/canonical_request.h"
#include "policy/loader/record.h"
#include "trust/base/london.h"

namespace derwent::exchange {
namespace {

std::vector<std::string> Words(const std::map<std::string, std::string>& map, const char* key) {
  const auto found = map.find(key);
  if (found == map.end() || found->second.empty()) return {};
  return absl::StrSplit(found->second, ' ');
}

std::string FormGiven(const v1::Manifest& manifest, uint32_t subject, absl::string_view category) {
  for (const v1::ManifestUnit& unit : manifest.units()) {
    if (unit.subject() == subject && unit.category() == category) return unit.form();
  }
  return "";
}

// Only what denies: not what the category would otherwise have rested on.
void AddDenials(const policy::CategoryOutcome& outcome, std::vector<policy::Reason>& why) {
  for (const policy::Reason& reason : outcome.reasons) {
    const absl::string_view name = policy::Describe(reason.code).name;
    if (name != "NECESSARY" && name != "CONDITION_MET" && name != "REDUCED_FORM" && name != "APPROVAL_REQUIRED")
      why.push_back(reason);
  }
}

bool Covers(const Approved& approved, const v1::ManifestUnit& unit, const std::set<std::string>& roles) {
  return std::all_of(roles.begin(), roles.end(), [&](const std::string& role) {
    return approved.contains({unit.category(), unit.form(), role});
  });
}

// `approved`: null where an approval is nobody's business but the holder's.
void AddUnitReasons(const v1::ManifestUnit& unit, const DecidedSubject* decided, const Approved* approved,
                    const policy::Policy& policy, std::vector<policy::Reason>& why) {
  const policy::CategoryOutcome* const outcome =
      decided == nullptr ? nullptr : FindOutcome(decided->decision, unit.category());
  const policy::Category* const category = policy.FindCategory(unit.category());
  const std::optional<policy::Form> form = policy::ParseForm(unit.form());
  if (outcome == nullptr || category == nullptr || !form.has_value()) {
    why.push_back({.code = policy::ReasonCode::kCategoryNotPermitted, .rule = unit.category()});
  } else if (outcome->denied) {
    AddDenials(*outcome, why);
  } else if (approved != nullptr && !Covers(*approved, unit, outcome->approvers)) {
    why.push_back({.code = policy::ReasonCode::kApprovalRequired, .rule = unit.category()});
  } else if (!policy::IsWithin(*form, outcome->form, *category)) {
    why.push_back({.code = policy::ReasonCode::kReducedForm, .rule = unit.category()});
  }
}

policy::Reason NotEntitled(const std::string& agency) {
  return {.code = policy::ReasonCode::kRoleNotEntitled, .rule = absl::StrCat("directory/", agency)};
}

Objections ToObjections(std::vector<policy::Reason> why) {
  std::sort(why.begin(), why.end());
  Objections objections;
  for (const policy::Reason& reason : why) {
    Objection next = ObjectionOf(reason.code);
    if (std::find(objections.begin(), objections.end(), next) == objections.end())
      objections.push_back(std::move(next));
  }
  return objections;
}

// The sides of an entry about a package.
struct Sides {
  std::string releasing_agency, releasing_person, receiving_agency, receiving_person;
};

Sides SidesOf(const v1::Manifest& m, const v1::SenderStatement& statement) {
  if (m.kind() == v1::PACKAGE_KIND_SELECTOR)
    return {m.recipient_agency(), m.recipient_person(), m.sender_agency(), statement.acting_person()};
  return {m.sender_agency(), statement.acting_person(), m.recipient_agency(), m.recipient_person()};
}

ledger::Actor ActorOf(By by, bool asks) {
  if (by == By::kBroker) return ledger::Actor::kBroker;
  return (by == By::kSender) != asks ? ledger::Actor::kReleasing : ledger::Actor::kReceiving;
}

// What an entry says was given: of a question nothing; of an answer where existence is secret what the broker's own
// rules allow.
std::string FormShown(const v1::Manifest& m, const DecidedSubject& decided, const policy::CategoryOutcome& outcome) {
  if (m.kind() == v1::PACKAGE_KIND_SELECTOR) return "";
  if (!decided.decision.existence_sensitive || m.kind() != v1::PACKAGE_KIND_ANSWER)
    return FormGiven(m, decided.number, outcome.category);
  return outcome.denied ? "" : std::string(policy::FormName(outcome.form));
}

std::vector<std::string> ReasonsShown(const policy::Decision& decision, const Objections& refused) {
  std::set<std::string> names;
  for (const Objection& objection : refused) {
    if (objection.open) names.insert(objection.code);
  }
  for (const policy::CategoryOutcome& outcome : decision.categories) {
    if (!outcome.denied) continue;
    for (std::string& name : OpenReasons(outcome.reasons)) names.insert(std::move(name));
  }
  return {names.begin(), names.end()};
}

void SetFooting(const policy::Decision& decision, ledger::EntryDraft& draft) {
  draft.SetBases(ledger::Side::kReleasing, Words(decision.bases, "sender"), Words(decision.regimes, "sender"));
  draft.SetBases(ledger::Side::kReceiving, Words(decision.bases, "recipient"), Words(decision.regimes, "recipient"));
  draft.SetConditions(ledger::Side::kReleasing, Words(decision.conditions, "sender"));
  draft.SetConditions(ledger::Side::kReceiving, Words(decision.conditions, "recipient"));
  const size_t dot = decision.agreement.rfind('.');
  if (dot != std::string::npos)
    draft.SetAgreement(decision.agreement.substr(0, dot), decision.agreement.substr(dot + 1));
}

}  // namespace

void SetDecidedUnder(const World& world, ledger::EntryDraft& draft) {
  draft.SetRevisions(absl::StrCat(policy::kEngineVersion), absl::StrCat(world.bundle->revision),
                     absl::StrCat(world.register_revision));
}

policy::DecisionRequest QuestionOf(const v1::Manifest& m, const v1::ManifestSubject& subject,
                                   const v1::AskedSubject& asked) {
  policy::DecisionRequest q{.releasing_agency = m.sender_agency(),
                            .receiving_agency = m.recipient_agency(),
                            .receiving_role = m.recipient_role(),
                            .profile = m.profile(),
                            .purpose = m.purpose(),
                            .board = m.board(),
                            .area = m.area()};
  q.direction = policy::Direction::kPush;
  q.case_link = policy::CaseLink::kAsserted;  // A referral is its own case link.
  q.justification = !subject.justification_digest().empty();
  q.grounds.assign(subject.grounds().begin(), subject.grounds().end());
  q.document_reference = m.document_reference();
  q.subject_role = subject.role();
  q.categories.assign(asked.categories().begin(), asked.categories().end());
  q.step = m.step();
  q.product = m.product();
  q.onward = policy::OnwardTo(m.recipient_agency(), asked.onward());
  // Only who asks is on the route: a push for its purpose is decided as any push, and denied.
  if (m.kind() == v1::PACKAGE_KIND_SELECTOR) q.route = policy::AskedRoute(m.purpose(), m.document_reference());
  q.says_whom = q.route == policy::Route::kStatutoryRequest;
  return q;
}

std::vector<DecidedSubject> DecidePackage(const v1::Manifest& manifest, const v1::SenderStatement& statement,
                                          const World& world, absl::Time now) {
  std::vector<DecidedSubject> decided;
  for (const v1::ManifestSubject& subject : manifest.subjects()) {
    for (const v1::AskedSubject& asked : statement.subjects()) {
      if (asked.number() != subject.number()) continue;
      DecidedSubject next{.number = subject.number(), .request = QuestionOf(manifest, subject, asked), .decision = {}};
      next.decision = world.Decide(next.request, now);
      decided.push_back(std::move(next));
    }
  }
  return decided;
}

DecidedSubject DecideAsked(const v1::Manifest& selector, policy::CaseLink link, const World& world, absl::Time now) {
  const v1::ManifestSubject& subject = selector.subjects(0);
  v1::AskedSubject asked;
  *asked.mutable_categories() = selector.question().categories();
  DecidedSubject decided{.number = subject.number(), .request = QuestionOf(selector, subject, asked), .decision = {}};
  policy::DecisionRequest& q = decided.request;
  std::swap(q.releasing_agency, q.receiving_agency);
  q.receiving_role = selector.question().role();
  q.direction = policy::Direction::kRequest;
  q.says_whom = false;
  q.case_link = link;
  q.route = policy::AskedRoute(selector.purpose(), selector.document_reference());
  q.table = policy::AskedTable(selector.question());
  decided.decision = world.Decide(q, now);
  return decided;
}

bool PersonMay(const World& world, const std::string& agency, const std::string& person, const std::string& what,
               const std::string& area, absl::Time now) {
  const absl::CivilDay today = LondonDay(now);
  for (const auto& [role, may] : world.bundle->policy->roles) {
    if (may.contains(what) &&
        policy::RoleHeld(world.snapshot(), {.agency = agency, .person = person, .role = role, .area = area}, today))
      return true;
  }
  return false;
}

const policy::CategoryOutcome* FindOutcome(const policy::Decision& decision, absl::string_view category) {
  for (const policy::CategoryOutcome& outcome : decision.categories) {
    if (outcome.category == category) return &outcome;
  }
  return nullptr;
}

Objections WhyAllDenied(const policy::Decision& decision) {
  std::vector<policy::Reason> why;
  for (const policy::CategoryOutcome& outcome : decision.categories) {
    if (!outcome.denied) return {};
    AddDenials(outcome, why);
  }
  if (why.empty()) why.push_back({.code = policy::ReasonCode::kCategoryNotPermitted, .rule = ""});
  return ToObjections(std::move(why));
}

Objection ObjectionOf(policy::ReasonCode code) {
  const policy::ReasonEntry& entry = policy::Describe(code);
  return {.code = std::string(entry.name), .open = !entry.rests_on_subject};
}

Objections WhyNot(const v1::Manifest& manifest, const v1::SenderStatement& statement,
                  const std::vector<DecidedSubject>& decided, const Approved& approved, const World& world,
                  absl::Time now) {
  std::vector<policy::Reason> why;
  for (const v1::ManifestUnit& unit : manifest.units()) {
    const auto subject = std::find_if(decided.begin(), decided.end(),
                                      [&](const DecidedSubject& d) { return d.number == unit.subject(); });
    AddUnitReasons(unit, subject == decided.end() ? nullptr : &*subject, &approved, *world.bundle->policy, why);
  }
  const bool entitled = manifest.kind() == v1::PACKAGE_KIND_SELECTOR
                            ? MayAsk(manifest, world, now)
                            : PersonMay(world, manifest.sender_agency(), statement.acting_person(), "push_referral",
                                        manifest.area(), now);
  if (!entitled) why.push_back(NotEntitled(manifest.sender_agency()));
  if (!manifest.recipient_person().empty() && !policy::RoleHeld(world.snapshot(),
                                                                {.agency = manifest.recipient_agency(),
                                                                 .person = manifest.recipient_person(),
                                                                 .role = manifest.recipient_role(),
                                                                 .board = manifest.board(),
                                                                 .area = manifest.area()},
                                                                LondonDay(now))) {
    why.push_back(NotEntitled(manifest.recipient_agency()));
  }
  return ToObjections(std::move(why));
}

Objections WhyNotAnswer(const v1::Manifest& answer, const v1::Manifest& selector, const DecidedSubject& decided,
                        const Approved& approved, const World& world, absl::Time now) {
  std::vector<policy::Reason> why;
  const bool neutral = decided.decision.existence_sensitive && answer.kind() == v1::PACKAGE_KIND_ANSWER;
  for (const v1::ManifestUnit& unit : answer.units())
    AddUnitReasons(unit, &decided, neutral ? nullptr : &approved, *world.bundle->policy, why);
  if (!MayAsk(selector, world, now)) why.push_back(NotEntitled(selector.sender_agency()));
  const Objections objections = ToObjections(std::move(why));
  // An answer that holds nothing goes only as long as something may be answered.
  return objections.empty() ? WhyAllDenied(decided.decision) : objections;
}

std::vector<std::string> OpenReasons(const std::vector<policy::Reason>& reasons) {
  std::set<std::string> names;
  for (const policy::Reason& reason : reasons) {
    const policy::ReasonEntry& entry = policy::Describe(reason.code);
    if (!entry.rests_on_subject) names.insert(std::string(entry.name));
  }
  return {names.begin(), names.end()};
}

ledger::EntryDraft DraftFor(const PackageStep& step, const DecidedSubject& decided, std::vector<std::string> tags,
                            const Batch& batch) {
  const v1::Manifest& m = step.manifest;
  const bool asks = m.kind() == v1::PACKAGE_KIND_SELECTOR;
  ledger::EntryDraft draft(step.name, ActorOf(step.by, asks));
  const policy::Decision& decision = decided.decision;
  const Sides sides = SidesOf(m, step.statement);
  draft.SetReleasing(sides.releasing_agency, sides.releasing_person)
      .SetReceiving(sides.receiving_agency, sides.receiving_person);
  draft.SetSubject(decided.number, decided.request.subject_role, std::move(tags));
  if (asks) draft.SetSupplier(ledger::Side::kReceiving);
  for (const policy::CategoryOutcome& outcome : decision.categories) {
    draft.AddCategory({.category = outcome.category,
                       .asked = "full",
                       .outcome = std::string(outcome.Shown()),
                       .form = step.refused.empty() ? FormShown(m, decided, outcome) : ""});
  }
  draft.SetPurpose(m.purpose(), m.profile(), m.board(), m.area());
  if (decision.route != policy::Route::kOrdinary)
    draft.SetRoute(policy::RouteName(decision.route), m.document_reference());
  SetFooting(decision, draft);
  draft.SetIds(m.share_id(), m.reply_to_share_id(), m.case_id());
  draft.SetOutcome(step.refused.empty() ? decision.Overall() : "DENY", ReasonsShown(decision, step.refused),
                   batch.world().policy_digest(), batch.world().register_digest);
  draft.SetManifestDigest(step.manifest_digest);
  for (const v1::ManifestSubject& subject : m.subjects()) {
    if (subject.number() == decided.number)
      draft.SetGrounds(std::vector<std::string>(subject.grounds().begin(), subject.grounds().end()), step.overridden,
                       subject.justification_digest());
  }
  draft.SetDecisionRequest(policy::CanonicalBytes(decided.request, batch.now()));
  SetDecidedUnder(batch.world(), draft);
  for (const v1::AskedSubject& asked : step.statement.subjects()) {
    // Of a selector it is the asker's, and field 19 is the holder's.
    if (!asks && asked.number() == decided.number) draft.SetHolderCommitment(asked.holder_commitment());
  }
  return draft;
}

}  // namespace derwent::exchange
