#include "broker/exchange/decide.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "policy/engine/agreements.h"
#include "policy/engine/decide.h"
#include "policy/engine/lattice.h"
#include "policy/loader/canonical_request.h"
#include "trust/base/london.h"

namespace derwent::exchange {
namespace {

const policy::CategoryOutcome* FindOutcome(const policy::Decision& decision, absl::string_view category) {
  for (const policy::CategoryOutcome& outcome : decision.categories) {
    if (outcome.category == category) return &outcome;
  }
  return nullptr;
}

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

void AddUnitReasons(const v1::ManifestUnit& unit, const std::vector<DecidedSubject>& decided, const policy::Policy& policy, std::vector<policy::Reason>& why) {
  const auto subject = std::find_if(decided.begin(), decided.end(), [&](const DecidedSubject& d) { return d.number == unit.subject(); });
  const policy::CategoryOutcome* const outcome = subject == decided.end() ? nullptr : FindOutcome(subject->decision, unit.category());
  const policy::Category* const category = policy.FindCategory(unit.category());
  const std::optional<policy::Form> form = policy::ParseForm(unit.form());
  if (outcome == nullptr || category == nullptr || !form.has_value()) {
    why.push_back({.code = policy::ReasonCode::kCategoryNotPermitted, .rule = unit.category()});
  } else if (outcome->denied) {
    for (const policy::Reason& reason : outcome->reasons) {
      // Only what denies: not what the category would otherwise have rested on.
      const absl::string_view name = policy::Describe(reason.code).name;
      if (name != "NECESSARY" && name != "CONDITION_MET" && name != "REDUCED_FORM" && name != "APPROVAL_REQUIRED") why.push_back(reason);
    }
  } else if (!outcome->approvers.empty()) {
    why.push_back({.code = policy::ReasonCode::kApprovalRequired, .rule = unit.category()});
  } else if (!policy::IsWithin(*form, outcome->form, *category)) {
    why.push_back({.code = policy::ReasonCode::kReducedForm, .rule = unit.category()});
  }
}

}  // namespace

policy::DecisionRequest QuestionOf(const v1::Manifest& m, const v1::ManifestSubject& subject, const v1::AskedSubject& asked) {
  policy::DecisionRequest q{.releasing_agency = m.sender_agency(), .receiving_agency = m.recipient_agency(), .receiving_role = m.recipient_role(),
                            .profile = m.profile(), .purpose = m.purpose(), .board = m.board(), .area = m.area()};
  q.direction = policy::Direction::kPush;
  q.case_link = policy::CaseLink::kAsserted;  // A referral is its own case link.
  q.justification = !subject.justification_digest().empty();
  q.grounds.assign(subject.grounds().begin(), subject.grounds().end());
  q.document_reference = m.document_reference();
  q.subject_role = subject.role();
  q.categories.assign(asked.categories().begin(), asked.categories().end());
  q.step = m.step();
  q.product = m.product();
  return q;
}

std::vector<DecidedSubject> DecidePackage(const v1::Manifest& manifest, const v1::SenderStatement& statement, const World& world, absl::Time now) {
  std::vector<DecidedSubject> decided;
  for (const v1::ManifestSubject& subject : manifest.subjects()) {
    for (const v1::AskedSubject& asked : statement.subjects()) {
      if (asked.number() != subject.number()) continue;
      DecidedSubject next{.number = subject.number(), .request = QuestionOf(manifest, subject, asked), .decision = {}};
      next.decision = policy::Decide(next.request, world.snapshot(), now);
      decided.push_back(std::move(next));
    }
  }
  return decided;
}

bool PersonMay(const World& world, const std::string& agency, const std::string& person, const std::string& what, const std::string& area, absl::Time now) {
  for (const auto& [role, may] : world.bundle->policy->roles) {
    if (may.contains(what) && policy::RoleHeld(world.snapshot(), agency, person, role, "", area, LondonDay(now))) return true;
  }
  return false;
}

std::vector<policy::Reason> WhyNot(const v1::Manifest& manifest, const v1::SenderStatement& statement, const std::vector<DecidedSubject>& decided,
                                   const World& world, absl::Time now) {
  std::vector<policy::Reason> why;
  for (const v1::ManifestUnit& unit : manifest.units()) AddUnitReasons(unit, decided, *world.bundle->policy, why);
  if (!PersonMay(world, manifest.sender_agency(), statement.acting_person(), "push_referral", manifest.area(), now)) {
    why.push_back({.code = policy::ReasonCode::kRoleNotEntitled, .rule = absl::StrCat("directory/", manifest.sender_agency())});
  }
  if (!manifest.recipient_person().empty() &&
      !policy::RoleHeld(world.snapshot(), manifest.recipient_agency(), manifest.recipient_person(), manifest.recipient_role(), "", manifest.area(), LondonDay(now))) {
    why.push_back({.code = policy::ReasonCode::kRoleNotEntitled, .rule = absl::StrCat("directory/", manifest.recipient_agency())});
  }
  std::sort(why.begin(), why.end());
  why.erase(std::unique(why.begin(), why.end()), why.end());
  return why;
}

std::vector<std::string> OpenReasons(const std::vector<policy::Reason>& reasons) {
  std::set<std::string> names;
  for (const policy::Reason& reason : reasons) {
    const policy::ReasonEntry& entry = policy::Describe(reason.code);
    if (!entry.rests_on_subject) names.insert(std::string(entry.name));
  }
  return {names.begin(), names.end()};
}

ledger::EntryDraft DraftFor(absl::string_view step, ledger::Actor actor, const v1::Manifest& m, const v1::SenderStatement& statement,
                            const DecidedSubject& decided, std::vector<std::string> tags, const Sha256Digest& manifest_digest, const Batch& batch,
                            const std::vector<policy::Reason>& refused) {
  ledger::EntryDraft draft(step, actor);
  const policy::Decision& decision = decided.decision;
  draft.SetReleasing(m.sender_agency(), statement.acting_person()).SetReceiving(m.recipient_agency(), m.recipient_person());
  draft.SetSubject(decided.number, decided.request.subject_role, std::move(tags));
  std::vector<policy::Reason> reasons = refused;
  for (const policy::CategoryOutcome& outcome : decision.categories) {
    const std::string given = decision.existence_sensitive ? (outcome.denied ? "" : std::string(policy::FormName(outcome.form)))
                                                           : FormGiven(m, decided.number, outcome.category);
    draft.AddCategory({.category = outcome.category, .asked = "full", .outcome = std::string(outcome.Shown()), .form = refused.empty() ? given : ""});
    if (outcome.denied) reasons.insert(reasons.end(), outcome.reasons.begin(), outcome.reasons.end());
  }
  draft.SetPurpose(m.purpose(), m.profile(), m.board(), m.area());
  draft.SetBases(ledger::Side::kReleasing, Words(decision.bases, "sender"), Words(decision.regimes, "sender"));
  draft.SetBases(ledger::Side::kReceiving, Words(decision.bases, "recipient"), Words(decision.regimes, "recipient"));
  draft.SetConditions(ledger::Side::kReleasing, Words(decision.conditions, "sender"));
  draft.SetConditions(ledger::Side::kReceiving, Words(decision.conditions, "recipient"));
  const size_t dot = decision.agreement.rfind('.');
  if (dot != std::string::npos) draft.SetAgreement(decision.agreement.substr(0, dot), decision.agreement.substr(dot + 1));
  draft.SetIds(m.share_id(), "", m.case_id());
  draft.SetOutcome(refused.empty() ? decision.Overall() : "DENY", OpenReasons(reasons), batch.world().policy_digest(), batch.world().register_digest);
  draft.SetManifestDigest(manifest_digest);
  for (const v1::ManifestSubject& subject : m.subjects()) {
    if (subject.number() == decided.number) draft.SetGrounds(std::vector<std::string>(subject.grounds().begin(), subject.grounds().end()), "", subject.justification_digest());
  }
  draft.SetDecisionRequest(policy::CanonicalBytes(decided.request, batch.now()));
  draft.SetRevisions(absl::StrCat(policy::kEngineVersion), "", "");
  for (const v1::AskedSubject& asked : statement.subjects()) {
    if (asked.number() == decided.number) draft.SetHolderCommitment(asked.holder_commitment());
  }
  return draft;
}

}  // namespace derwent::exchange
