#include "agents/sdk/decide.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "agents/sdk/decision_record.h"
#include "agents/sdk/field_set.h"
#include "agents/sdk/inquiry.h"
#include "agents/sdk/received.h"
#include "policy/engine/decide.h"
#include "policy/engine/lattice.h"
#include "policy/loader/asked_route.h"
#include "policy/loader/canonical_request.h"
#include "policy/loader/record.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"
#include "trust/entry/canonical.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {
namespace {

constexpr int kDefaultCollectionHours = 120;
constexpr size_t kKeyOctets = 32;

// The youngest the person can be: a date cut to month or year counts as its last day.
std::optional<int> YoungestAge(const std::string& date_of_birth, absl::CivilDay today) {
  int year = 0;
  int month = 12;
  int day = 31;
  if (date_of_birth.size() < 4 || !absl::SimpleAtoi(date_of_birth.substr(0, 4), &year)) return std::nullopt;
  if (date_of_birth.size() >= 7 && !absl::SimpleAtoi(date_of_birth.substr(5, 2), &month)) return std::nullopt;
  if (date_of_birth.size() >= 10 && !absl::SimpleAtoi(date_of_birth.substr(8, 2), &day)) return std::nullopt;
  const bool had_birthday = today.month() > month || (today.month() == month && today.day() >= day);
  return std::max(0, static_cast<int>(today.year()) - year - (had_birthday ? 0 : 1));
}

policy::DecisionRequest QuestionOf(const ReferralDraft& draft, const DraftRecipient& recipient,
                                   const DraftSubject& subject) {
  policy::DecisionRequest question;
  question.releasing_agency = draft.sender_agency;
  question.receiving_agency = recipient.agency;
  question.receiving_role = recipient.role;
  question.profile = draft.profile;
  question.purpose = draft.purpose;
  question.board = draft.board;
  question.area = draft.area;
  question.direction = policy::Direction::kPush;
  question.case_link = policy::CaseLink::kAsserted;
  question.justification = !draft.justification.empty();
  question.grounds = AssertedGrounds(recipient, subject.number);
  question.subject_role = subject.role;
  question.step = draft.step;
  question.categories = ConsideredCategories(recipient, subject);
  question.document_reference = draft.document_reference;
  question.onward = policy::OnwardTo(recipient.agency, OnwardOf(subject, question.categories));
  // A referral is on no route of its own, whatever it names.
  if (draft.says_whom) question.route = policy::AskedRoute(draft.purpose, draft.document_reference);
  question.says_whom = question.route == policy::Route::kStatutoryRequest;
  return question;
}

const v1::DecisionRecord* PlannedFor(const v1::PlanReferralResponse& plan, const std::string& agency,
                                     uint32_t subject) {
  for (const v1::PlannedDecision& planned : plan.decisions()) {
    if (planned.recipient_agency() == agency && planned.subject() == subject) return &planned.decision();
  }
  return nullptr;
}

// Reason codes, each once: what stands against a category that is denied, else what let it out.
std::vector<std::string> ReasonNames(const policy::CategoryOutcome& outcome) {
  std::vector<std::string> names;
  for (const policy::Reason& reason : outcome.reasons) {
    if (outcome.denied && !policy::StandsAgainst(reason.code)) continue;
    const std::string name(policy::Describe(reason.code).name);
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return names;
}

bool IsReceived(const DraftSubject& subject, const std::string& category) {
  return subject.received.has_value() && std::ranges::binary_search(subject.received->categories, category);
}

// Decides one recipient and gathers what it gets.
class RecipientDecider {
 public:
  RecipientDecider(const ReferralDraft& draft, const DraftRecipient& recipient, const policy::Snapshot& snapshot,
                   absl::Time now, const HolderContact& contact, const Pseudonymiser& pseudonyms, const Agreed& agreed,
                   HolderDecision& result)
      : draft_(draft),
        recipient_(recipient),
        snapshot_(snapshot),
        now_(now),
        contact_(contact),
        pseudonyms_(pseudonyms),
        agreed_(agreed),
        result_(result) {
    package_.agency = recipient.agency;
    package_.role = recipient.role;
    package_.person = recipient.person;
  }

  absl::Status Decide(const DraftSubject& subject, const v1::PlanReferralResponse& plan, trust::Random& random) {
    policy::DecisionRequest question = QuestionOf(draft_, recipient_, subject);
    const v1::DecisionRecord* planned = PlannedFor(plan, recipient_.agency, subject.number);
    question.facts = FactsOf(subject.record, draft_.profile, now_);
    const policy::Decision own = policy::Decide(question, snapshot_, now_);
    const policy::Decision broker = FromPlan(planned == nullptr ? v1::DecisionRecord() : *planned, *snapshot_.policy);
    const policy::Decision both = policy::Intersect(own, broker, *snapshot_.policy);
    PackageSubject entry{.number = subject.number,
                         .role = subject.role,
                         .grounds = question.grounds,
                         .justification = draft_.justification,
                         .asked_categories = question.categories,
                         .onward = OnwardOf(subject, question.categories)};
    entry.holder_commitment =
        trust::Sha256Parts({random.Bytes(kKeyOctets), policy::CanonicalBytes(question, now_), CanonicalDecision(own)});
    ShowProtectedPlaces(subject, question.categories);
    bool released = false;
    bool onward = false;
    for (const policy::CategoryOutcome& outcome : both.categories) {
      ASSIGN_OR_RETURN(const bool given, Take(subject, outcome));
      released = released || given;
      onward = onward || (given && IsReceived(subject, outcome.category));
    }
    v1::PlannedDecision& combined = result_.decisions.emplace_back();
    combined.set_recipient_agency(recipient_.agency);
    combined.set_subject(subject.number);
    *combined.mutable_decision() = policy::ToProto(both, snapshot_.policy->digest);
    if (released) Join(std::move(entry), both);
    if (onward) Inherit(*subject.received);
    return absl::OkStatus();
  }

  // Hands the recipient over when it gets anything.
  void Finish() {
    if (package_.units.empty()) return;
    package_.expire_time = now_ + absl::Hours(collection_hours_.value_or(kDefaultCollectionHours));
    std::ranges::sort(package_.obligations);
    result_.recipients.push_back(std::move(package_));
  }

 private:
  // True when the unit is released.
  absl::StatusOr<bool> Take(const DraftSubject& subject, const policy::CategoryOutcome& outcome) {
    v1::UnitOutcome& shown = result_.outcomes.emplace_back();
    shown.set_recipient_agency(recipient_.agency);
    shown.set_subject(subject.number);
    shown.set_category(outcome.category);
    for (const std::string& name : ReasonNames(outcome)) shown.add_reasons(name);
    shown.set_outcome("WITHHELD");
    if (outcome.denied) return false;
    const std::string form(policy::FormName(outcome.form));
    shown.set_form(form);
    absl::StatusOr<v1::UnitContent> content =
        ProjectUnit(subject.record, outcome.category, form, pseudonyms_, contact_);
    if (absl::IsFailedPrecondition(content.status()) || absl::IsNotFound(content.status())) {
      // The form needs what the record does not hold: a named person's gist, or the facts behind a gist.
      shown.clear_reasons();
      shown.add_reasons(absl::IsNotFound(content.status()) ? "NOT_HELD" : "SUMMARY_MISSING");
      return false;
    }
    if (!content.ok()) return absl::InternalError(content.status().message());
    StripFieldSets(*content);
    if (!FieldSetsHold(*content, draft_.sender_agency, FieldsListed(*snapshot_.policy, draft_.profile, ""))) {
      shown.clear_reasons();
      shown.add_reasons(kNotSendable);
      return false;
    }
    const bool waits = std::ranges::any_of(outcome.approvers, [&](const std::string& role) {
      return !agreed_.contains({outcome.category, form, role});
    });
    if (waits) {
      shown.set_outcome("PENDING");
      shown.mutable_approvers()->Assign(outcome.approvers.begin(), outcome.approvers.end());
      return false;
    }
    shown.set_outcome("RELEASED");
    package_.units.push_back({.subject = subject.number, .content = *std::move(content)});
    return true;
  }

  // A protected place that was not even considered is shown to the holder's own people as withheld; the broker never
  // hears of it.
  void ShowProtectedPlaces(const DraftSubject& subject, const std::vector<std::string>& considered) {
    const bool held = !subject.record.location_protected().facts().empty();
    if (!held || std::ranges::find(considered, "location.protected") != considered.end()) return;
    v1::UnitOutcome& shown = result_.outcomes.emplace_back();
    shown.set_recipient_agency(recipient_.agency);
    shown.set_subject(subject.number);
    shown.set_category("location.protected");
    shown.set_outcome("WITHHELD");
    shown.add_reasons(std::string(policy::Describe(policy::ReasonCode::kSubjectFlag).name));
  }

  void Oblige(const std::string& obligation) {
    if (std::ranges::find(package_.obligations, obligation) == package_.obligations.end())
      package_.obligations.push_back(obligation);
  }

  void Mark(const std::string& marking) {
    package_.marking =
        package_.marking.empty() ? marking : snapshot_.policy->StricterMarking(package_.marking, marking);
  }

  // What goes onward binds as it bound the sender, and is marked at least as strictly.
  void Inherit(const Received& received) {
    for (const std::string& obligation : received.obligations) Oblige(obligation);
    Mark(received.marking);
  }

  void Join(PackageSubject entry, const policy::Decision& both) {
    package_.subjects.push_back(std::move(entry));
    for (const std::string& obligation : both.obligations) Oblige(obligation);
    Mark(both.marking);
    package_.existence_sensitive = package_.existence_sensitive || both.existence_sensitive;
    const auto hours = both.clock_hours.find("collection");
    if (hours != both.clock_hours.end() && hours->second > 0) {
      collection_hours_ = std::min(collection_hours_.value_or(hours->second), hours->second);
    }
  }

  const ReferralDraft& draft_;
  const DraftRecipient& recipient_;
  const policy::Snapshot& snapshot_;
  const absl::Time now_;
  const HolderContact& contact_;
  const Pseudonymiser& pseudonyms_;
  const Agreed& agreed_;
  HolderDecision& result_;
  PackageRecipient package_;
  std::optional<int> collection_hours_;
};

void Withhold(v1::UnitOutcome& unit, absl::string_view reason) {
  unit.set_outcome("WITHHELD");
  unit.clear_form();
  unit.clear_approvers();
  unit.clear_reasons();
  unit.add_reasons(std::string(reason));
}

std::string LeadingReason(const HolderDecision& decision) {
  for (const v1::UnitOutcome& outcome : decision.outcomes) {
    if (outcome.outcome() == "PENDING") return "";
  }
  // What stands against most units leads: one party's end of an agreement before one category's missing ground.
  std::map<std::string, int> counts;
  int most = 0;
  for (const v1::UnitOutcome& outcome : decision.outcomes) {
    for (const std::string& reason : outcome.reasons()) most = std::max(most, ++counts[reason]);
  }
  for (const v1::UnitOutcome& outcome : decision.outcomes) {
    for (const std::string& reason : outcome.reasons()) {
      if (counts[reason] == most) return reason;
    }
  }
  return "CATEGORY_NOT_PERMITTED";
}

}  // namespace

void WithholdAll(HolderDecision& decision, absl::string_view reason) {
  decision.recipients.clear();
  for (v1::UnitOutcome& unit : decision.outcomes) Withhold(unit, reason);
  decision.refusal = std::string(reason);
}

void WithholdReleased(google::protobuf::RepeatedPtrField<v1::UnitOutcome>& units, absl::string_view reason) {
  for (v1::UnitOutcome& unit : units) {
    if (unit.outcome() == "RELEASED") Withhold(unit, reason);
  }
}

v1::PlanReferralRequest PlanFor(const ReferralDraft& draft, std::string request_id) {
  v1::PlanReferralRequest plan;
  plan.set_request_id(std::move(request_id));
  plan.set_profile(draft.profile);
  plan.set_purpose(draft.purpose);
  plan.set_board(draft.board);
  plan.set_area(draft.area);
  plan.set_acting_person(draft.acting_person);
  for (const DraftRecipient& recipient : draft.recipients) {
    v1::PlannedRecipient& planned = *plan.add_recipients();
    planned.set_agency(recipient.agency);
    planned.set_role(recipient.role);
    planned.set_person(recipient.person);
    for (const DraftSubject& subject : draft.subjects) {
      v1::PlannedSubject& asked = *planned.add_subjects();
      asked.set_number(subject.number);
      asked.set_role(subject.role);
      for (std::string& category : ConsideredCategories(recipient, subject)) asked.add_categories(std::move(category));
      for (std::string& ground : AssertedGrounds(recipient, subject.number)) asked.add_grounds(std::move(ground));
      asked.set_justification(!draft.justification.empty());
      const std::vector<std::string> considered(asked.categories().begin(), asked.categories().end());
      for (v1::OnwardSource& source : OnwardOf(subject, considered)) *asked.add_onward() = std::move(source);
    }
  }
  return plan;
}

policy::SubjectFacts FactsOf(const v1::CaseRecord& record, const std::string& profile, absl::Time now) {
  policy::SubjectFacts facts;
  facts.age = YoungestAge(record.date_of_birth(), LondonDay(now));
  facts.flags.emplace(record.subject_flags().begin(), record.subject_flags().end());
  for (const v1::Consent& consent : record.consents()) {
    if (!consent.profile().empty() && consent.profile() != profile) continue;
    facts.consents.push_back({.giver = consent.giver() == "subject" ? "SUBJECT" : "GUARDIAN",
                              .step = consent.step(),
                              .given = consent.given()});
  }
  return facts;
}

absl::StatusOr<HolderDecision> DecideAsHolder(const ReferralDraft& draft, const v1::PlanReferralResponse& plan,
                                              const policy::Snapshot& snapshot, absl::Time now,
                                              const HolderContact& contact, trust::Random& random,
                                              const Agreed& agreed) {
  HolderDecision result;
  const Pseudonymiser pseudonyms(trust::SecretBytes(random.Bytes(kKeyOctets)));
  for (const DraftRecipient& recipient : draft.recipients) {
    RecipientDecider decider(draft, recipient, snapshot, now, contact, pseudonyms, agreed, result);
    for (const DraftSubject& subject : draft.subjects) RETURN_IF_ERROR(decider.Decide(subject, plan, random));
    decider.Finish();
  }
  if (result.recipients.empty()) result.refusal = LeadingReason(result);
  return result;
}

}  // namespace derwent::agents
