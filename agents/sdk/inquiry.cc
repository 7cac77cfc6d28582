#include "agents/sdk/inquiry.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "agents/sdk/answer.h"
#include "agents/sdk/counts.h"
#include "agents/sdk/decide.h"
#include "agents/sdk/decision_record.h"
#include "agents/sdk/field_set.h"
#include "agents/sdk/labels.h"
#include "agents/sdk/lets_in.h"
#include "agents/sdk/seal/unit.h"
#include "policy/engine/agreements.h"
#include "policy/engine/decide.h"
#include "policy/engine/lattice.h"
#include "policy/loader/asked_route.h"
#include "policy/loader/asked_table.h"
#include "policy/loader/canonical_request.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {
namespace {

constexpr size_t kKeyOctets = 32;

void Explain(const policy::CategoryOutcome& outcome, AnswerLine& line) {
  for (const policy::Reason& reason : outcome.reasons) {
    const policy::ReasonEntry& entry = policy::Describe(reason.code);
    if (outcome.denied && !policy::StandsAgainst(reason.code)) continue;
    line.reasons.emplace_back(entry.name);
    line.rules.push_back(reason.rule);
    if (line.next_step.empty()) line.next_step = std::string(entry.next);
  }
}

void Withhold(AnswerLine& line, absl::string_view reason, absl::string_view next_step) {
  line.form.clear();
  line.approvers.clear();
  line.reasons = {std::string(reason)};
  line.rules = {""};
  line.next_step = std::string(next_step);
}

// Whether a unit may be sealed at all, under its label and within its size.
bool CanBeSealed(const v1::UnitContent& content) {
  return content.ByteSizeLong() <= kLargestUnit && CheckLabel(content, content.category(), content.form(), "").ok();
}

// What a unit of an answer is made with, and what of a field set may be in it.
struct Projection {
  const Pseudonymiser& pseudonyms;
  const HolderContact& contact;
  const std::string& holder;
  std::set<std::string> listed;
};

absl::Status Project(const v1::CaseRecord& record, const Projection& with, AnswerLine& line) {
  absl::StatusOr<v1::UnitContent> content =
      ProjectUnit(record, line.category, line.form, with.pseudonyms, with.contact);
  if (content.ok()) StripFieldSets(*content);
  if (absl::IsNotFound(content.status())) {
    Withhold(line, "NOT_HELD", "");
  } else if (absl::IsFailedPrecondition(content.status())) {
    Withhold(line, "SUMMARY_MISSING", "ask the holder to write the gist");
  } else if (!content.ok()) {
    return absl::InternalError(content.status().message());
  } else if (!CanBeSealed(*content) || !FieldSetsHold(*content, with.holder, with.listed)) {
    Withhold(line, kNotSendable, "ask the holder to mend its record");
  } else {
    line.content = *std::move(content);
  }
  return absl::OkStatus();
}

const policy::CategoryOutcome* OutcomeOf(const policy::Decision& decision, const std::string& category) {
  const auto found = std::ranges::find(decision.categories, category, &policy::CategoryOutcome::category);
  return found == decision.categories.end() ? nullptr : &*found;
}

absl::Status Wrong(absl::string_view why) { return absl::InvalidArgumentError(why); }

// Whether who asks holds the role today for the board and area, as this holder's own register of the asker's agency
// says.
bool AskerIsEntitled(const v1::Manifest& selector, const policy::Snapshot& snapshot, absl::Time now) {
  return policy::RoleHeld(snapshot,
                          {.agency = selector.sender_agency(),
                           .person = selector.question().acting_person(),
                           .role = selector.question().role(),
                           .board = policy::AskedBoard(selector.board(), selector.profile()),
                           .area = selector.area()},
                          LondonDay(now));
}

void DenyAll(policy::Decision& decision, policy::ReasonCode code, const std::string& rule) {
  for (policy::CategoryOutcome& outcome : decision.categories) {
    outcome.denied = true;
    outcome.approvers.clear();
    outcome.reasons.push_back({.code = code, .rule = rule});
  }
}

absl::Status CheckSilent(const v1::Manifest& answer, const v1::Manifest& selector, const policy::Snapshot& snapshot,
                         absl::Time now) {
  std::vector<std::pair<std::string, std::string>> expected;
  for (const policy::CategoryOutcome& outcome : policy::Decide(AskedBy(selector), snapshot, now).categories) {
    if (!outcome.denied) expected.emplace_back(outcome.category, policy::FormName(outcome.form));
  }
  std::vector<std::pair<std::string, std::string>> given;
  for (const v1::ManifestUnit& unit : answer.units()) {
    given.emplace_back(unit.category(), unit.form());
    if (unit.size_bucket() != kAnswerBucket) return Wrong("a unit's size tells what it holds");
  }
  return given == expected ? absl::OkStatus() : Wrong("the answer is not exactly what was asked");
}

}  // namespace

policy::DecisionRequest AskedBy(const v1::Manifest& selector) {
  policy::DecisionRequest question;
  question.releasing_agency = selector.recipient_agency();
  question.receiving_agency = selector.sender_agency();
  question.receiving_role = selector.question().role();
  question.profile = selector.profile();
  question.purpose = selector.purpose();
  question.board = selector.board();
  question.area = selector.area();
  question.direction = policy::Direction::kRequest;
  question.case_link = selector.case_id().empty() ? policy::CaseLink::kNone : policy::CaseLink::kVerified;
  question.step = selector.step();
  question.product = selector.product();
  question.document_reference = selector.document_reference();
  question.categories = {selector.question().categories().begin(), selector.question().categories().end()};
  question.table = policy::AskedTable(selector.question());
  question.route = policy::AskedRoute(selector.purpose(), selector.document_reference());
  if (selector.subjects().empty()) return question;
  const v1::ManifestSubject& subject = selector.subjects(0);
  question.justification = !subject.justification_digest().empty();
  question.grounds = {subject.grounds().begin(), subject.grounds().end()};
  question.subject_role = subject.role();
  return question;
}

bool MaySee(const v1::CaseRecord& record, const std::string& person) {
  return LetsIn(record.restricted_to(), record.excluded_from(), person);
}

absl::StatusOr<AnswerDecision> DecideAnswer(const Inquiry& inquiry, const v1::CaseRecord* record,
                                            const policy::Snapshot& snapshot, absl::Time now,
                                            const HolderContact& contact, trust::Random& random) {
  policy::DecisionRequest question = AskedBy(inquiry.selector);
  AnswerDecision result{.asker_side = policy::Decide(question, snapshot, now)};
  policy::Decision own = result.asker_side;
  if (record != nullptr && !MaySee(*record, inquiry.selector.question().acting_person())) record = nullptr;
  v1::CaseRecord seen;
  if (record != nullptr) {
    seen = *record;
    MoveProtectedAddresses(seen);
    question.facts = FactsOf(seen, question.profile, now);
    if (policy::AsksForCountsAlone(inquiry.selector.question())) {
      question.facts->age = 0;  // Not about one person.
      *seen.mutable_aggregate() = TablesFor(seen.aggregate(), question.table, *snapshot.policy);
    }
    own = policy::Decide(question, snapshot, now);
    result.excluded_persons = {seen.excluded_from().begin(), seen.excluded_from().end()};
    result.only_persons = {seen.restricted_to().begin(), seen.restricted_to().end()};
  }
  if (!AskerIsEntitled(inquiry.selector, snapshot, now))
    DenyAll(own, policy::ReasonCode::kRoleNotEntitled, absl::StrCat("directory/", question.receiving_agency));
  const policy::Decision both = policy::Intersect(own, result.asker_side, *snapshot.policy);
  result.obligations = both.obligations;
  result.marking = both.marking;
  result.commitment =
      trust::Sha256Parts({random.Bytes(kKeyOctets), policy::CanonicalBytes(question, now), CanonicalDecision(own)});
  const Pseudonymiser pseudonyms(trust::SecretBytes(random.Bytes(kKeyOctets)));
  const Projection with{.pseudonyms = pseudonyms,
                        .contact = contact,
                        .holder = question.releasing_agency,
                        .listed = FieldsListed(*snapshot.policy, question.profile, question.product)};
  for (const policy::CategoryOutcome& asked : result.asker_side.categories) {
    const policy::CategoryOutcome* outcome = OutcomeOf(both, asked.category);
    AnswerLine line{.category = asked.category,
                    .asked_form = asked.denied ? "" : std::string(policy::FormName(asked.form))};
    if (outcome == nullptr) return absl::InternalError("two decisions on one question differ in their categories");
    Explain(*outcome, line);
    if (!outcome->denied) {
      line.form = std::string(policy::FormName(outcome->form));
      line.approvers = outcome->approvers;
      // Counts are of nobody; that nobody matched is not why there are none.
      if (record == nullptr) Withhold(line, line.category == "aggregate" ? "NOT_HELD" : "NO_RECORD", "");
      if (record != nullptr) RETURN_IF_ERROR(Project(seen, with, line));
    }
    result.lines.push_back(std::move(line));
  }
  return result;
}

void Veto(AnswerDecision& decision) {
  const policy::ReasonEntry& entry = policy::Describe(policy::ReasonCode::kSubjectRestricted);
  for (AnswerLine& line : decision.lines) {
    if (line.reasons == std::vector<std::string>{"NO_RECORD"}) Withhold(line, entry.name, entry.next);
  }
}

void WithholdAll(AnswerDecision& decision, absl::string_view reason) {
  for (AnswerLine& line : decision.lines) Withhold(line, reason, "");
}

absl::Status CheckAnswer(const v1::Manifest& answer, const v1::Manifest& selector, const policy::Snapshot& snapshot,
                         absl::Time now) {
  const bool same =
      answer.reply_to_share_id() == selector.share_id() && answer.sender_agency() == selector.recipient_agency() &&
      answer.recipient_agency() == selector.sender_agency() && answer.recipient_role() == selector.question().role() &&
      answer.recipient_person() == selector.question().acting_person() && answer.profile() == selector.profile() &&
      answer.purpose() == selector.purpose() && answer.board() == selector.board() &&
      answer.area() == selector.area() && answer.case_id() == selector.case_id() && answer.step() == selector.step() &&
      answer.product() == selector.product() && answer.document_reference() == selector.document_reference() &&
      answer.existence_sensitive() == selector.existence_sensitive();
  if (!same || answer.subjects().empty() || answer.subjects(0).role() != selector.subjects(0).role() ||
      !std::ranges::equal(answer.subjects(0).grounds(), selector.subjects(0).grounds())) {
    return Wrong("the answer is to another request");
  }
  for (const v1::ManifestUnit& unit : answer.units()) {
    if (std::ranges::find(selector.question().categories(), unit.category()) ==
        selector.question().categories().end()) {
      return Wrong("the answer holds a category that was not asked");
    }
  }
  if (!answer.existence_sensitive() || answer.kind() != v1::PACKAGE_KIND_ANSWER) return absl::OkStatus();
  return CheckSilent(answer, selector, snapshot, now);
}

}  // namespace derwent::agents
