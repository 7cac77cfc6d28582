#include "agents/sdk/request_draft.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "agents/sdk/package.h"
#include "agents/sdk/project.h"
#include "agents/sdk/record_check.h"
#include "policy/engine/calendar.h"
#include "policy/loader/asked_table.h"
#include "policy/loader/emergency.h"
#include "policy/loader/written_request.h"
#include "trust/base/status_macros.h"
#include "trust/base/uuid.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {
namespace {

using Texts = google::protobuf::RepeatedPtrField<std::string>;

v1::Question QuestionOf(const RequestDraft& draft) {
  v1::Question question;
  question.set_acting_person(draft.selector.acting_person);
  question.set_role(draft.role);
  question.mutable_categories()->Assign(draft.categories.begin(), draft.categories.end());
  if (draft.table.has_value()) *question.mutable_table() = *draft.table;
  return question;
}

// Collects what is wrong with a request, field by field.
class RequestReader {
 public:
  RequestReader(const v1::SendCaseRequestRequest& request, const policy::Policy& policy,
                std::vector<FieldProblem>& problems)
      : request_(request), policy_(policy), problems_(problems) {}

  void ReadHead(RequestDraft& draft) {
    if (request_.request_ref().empty() || request_.request_ref().size() > 200)
      Problem("request_ref", "must have 1 to 200 characters");
    if (request_.justification().size() > kMaxJustification) Problem("justification", "must have 16 KiB at most");
    if (request_.area().empty() || !policy_.areas.contains(request_.area()))
      Problem("area", "must be an area of the policy");
    if (!request_.case_id().empty() && !Uuid::Parse(request_.case_id()).ok())
      Problem("case_id", "must be a UUID in lowercase, or empty");
    if (!policy_.roles.contains(request_.role())) Problem("role", "must be a role of the policy");
    if (!policy_.subject_roles.contains(request_.subject_role()))
      Problem("subject_role", "must be a subject role of the policy");
    if (request_.acting_person().empty()) Problem("acting_person", "must name the person who asks");
    ReadDocument(draft.selector);
    const auto profile = policy_.profiles.find(request_.profile());
    if (profile == policy_.profiles.end()) return Problem("profile", "must be a profile of the policy");
    const std::set<std::string>& purposes = profile->second.purposes;
    if (draft.selector.purpose.empty() && purposes.size() == 1) draft.selector.purpose = *purposes.begin();
    if (draft.selector.purpose.empty())
      Problem("purpose", absl::StrCat("must be one of ", absl::StrJoin(purposes, ", ")));
  }

  void ReadDocument(const ReferralDraft& selector) {
    const std::string& reference = selector.document_reference;
    if (reference.empty()) return;
    if (policy::IsEmergency(selector.purpose))
      Problem("document_reference", "must be empty: an emergency rests on its declaration");
    else if (!policy::IsDocumentReference(reference))
      Problem("document_reference", absl::StrCat("must be what it ", policy::kDocumentReferenceRule));
  }

  void ReadAsked(RequestDraft& draft) {
    const std::set<std::string> categories(request_.categories().begin(), request_.categories().end());
    if (categories.empty() || static_cast<size_t>(request_.categories_size()) > kMaxAskedCategories)
      Problem("categories", "must be 1 to 64");
    for (int i = 0; i < request_.categories_size(); ++i) {
      if (policy_.FindCategory(request_.categories(i)) == nullptr)
        Problem(absl::StrCat("categories[", i, "]"), "must be a category of the policy");
    }
    draft.categories = {categories.begin(), categories.end()};
    if (request_.has_table()) draft.table = request_.table();
    if (!policy::IsTableInOrder(QuestionOf(draft)))
      Problem("table", absl::StrCat("must be what it ", policy::kTableRule));
    for (int i = 0; i < request_.grounds_size(); ++i) {
      const std::string& ground = request_.grounds(i);
      if (ground.find('.') == std::string::npos || ground.find(':') != std::string::npos)
        Problem(absl::StrCat("grounds[", i, "]"), "must be `<profile>.<category>`");
    }
  }

  void ReadSelector(RequestDraft& draft) {
    DraftSubject subject{.number = 1, .role = request_.subject_role(), .record = request_.selector()};
    for (const std::string& flag : subject.record.subject_flags()) {
      if (!policy_.flags.contains(flag)) Problem("selector.subject_flags", "must be flags of the policy");
    }
    for (const FieldProblem& broken : CheckNames(subject.record))
      Problem(absl::StrCat("selector.", broken.field), broken.rule);
    MoveProtectedAddresses(subject.record);
    const bool names = !HeldCategories(subject.record).empty();
    const bool nobody = policy::AsksForCountsAlone(QuestionOf(draft));
    if (names == nobody)
      Problem("selector",
              nobody ? "must be empty: counts are about nobody" : "must say who it is about: at least one category");
    draft.selector.subjects.push_back(std::move(subject));
  }

  void ReadHolders(const std::string& own_agency, RequestDraft& draft) {
    if (request_.holders().empty() || static_cast<size_t>(request_.holders_size()) > kMaxRecipients)
      return Problem("holders", "must be 1 to 20");
    std::set<std::string> seen;
    for (int i = 0; i < request_.holders_size(); ++i) {
      const std::string& holder = request_.holders(i);
      const std::string field = absl::StrCat("holders[", i, "]");
      if (!policy_.organisations.contains(holder)) Problem(field, "must be an agency of the policy");
      if (holder == own_agency) Problem(field, "must be another agency");
      if (!seen.insert(holder).second) Problem(field, "must be named once");
      draft.selector.recipients.push_back(
          {.agency = holder, .grounds = {request_.grounds().begin(), request_.grounds().end()}});
    }
  }

 private:
  void Problem(std::string field, std::string rule) { problems_.push_back({std::move(field), std::move(rule)}); }

  const v1::SendCaseRequestRequest& request_;
  const policy::Policy& policy_;
  std::vector<FieldProblem>& problems_;
};

// The reason that leads a denial of everything; empty when something may come. Where existence is secret only denials
// are told: a category that is not listed may come.
std::string WhyNothing(const v1::PlanCaseRequestResponse& plan, size_t asked) {
  std::string reason;
  for (const v1::AskerDecision& decision : plan.decisions()) {
    size_t denied = 0;
    for (const v1::CategoryDecision& category : decision.question().categories()) {
      if (category.outcome() != "DENY") return "";
      ++denied;
      if (reason.empty() && !category.reasons().empty()) reason = category.reasons(0).code();
    }
    if (denied < asked) return "";
  }
  return reason.empty() ? "CATEGORY_NOT_PERMITTED" : reason;
}

// Of a question for counts: it names nobody, so there is nothing about anybody to decide.
HolderDecision NamingNobody(const ReferralDraft& selector, trust::Random& random) {
  HolderDecision decided;
  for (const DraftRecipient& holder : selector.recipients) {
    PackageRecipient& asked = decided.recipients.emplace_back();
    asked.agency = holder.agency;
    asked.role = holder.role;
    asked.subjects.push_back({.number = 1,
                              .role = selector.subjects.front().role,
                              .grounds = AssertedGrounds(holder, 1),
                              .justification = selector.justification,
                              .holder_commitment = trust::Sha256(random.Bytes(Sha256Digest::kSize))});
  }
  return decided;
}

std::string WhyNotTold(const HolderDecision& decision, const std::string& holder) {
  for (const v1::UnitOutcome& outcome : decision.outcomes) {
    if (outcome.recipient_agency() == holder && !outcome.reasons().empty()) return outcome.reasons(0);
  }
  return "CATEGORY_NOT_PERMITTED";
}

}  // namespace

RequestDraft MakeRequestDraft(const v1::SendCaseRequestRequest& request, const std::string& own_agency,
                              const policy::Snapshot& snapshot, std::vector<FieldProblem>& problems) {
  RequestDraft draft{.selector = {.sender_agency = own_agency,
                                  .acting_person = request.acting_person(),
                                  .profile = request.profile(),
                                  .purpose = request.purpose(),
                                  .board = request.board(),
                                  .area = request.area(),
                                  .case_id = request.case_id(),
                                  .step = request.step(),
                                  .document_reference = request.document_reference(),
                                  .says_whom = true,
                                  .justification = request.justification()},
                     .role = request.role()};
  RequestReader reader(request, *snapshot.policy, problems);
  reader.ReadHead(draft);
  reader.ReadAsked(draft);
  reader.ReadSelector(draft);
  reader.ReadHolders(own_agency, draft);
  return draft;
}

v1::PlanCaseRequestRequest PlanFor(const RequestDraft& draft, std::string request_id) {
  const ReferralDraft& selector = draft.selector;
  v1::PlanCaseRequestRequest plan;
  plan.set_request_id(std::move(request_id));
  plan.set_profile(selector.profile);
  plan.set_purpose(selector.purpose);
  plan.set_board(selector.board);
  plan.set_area(selector.area);
  plan.set_case_id(selector.case_id);
  plan.set_step(selector.step);
  plan.set_document_reference(selector.document_reference);
  if (draft.table.has_value()) *plan.mutable_table() = *draft.table;
  plan.set_acting_person(selector.acting_person);
  plan.set_role(draft.role);
  plan.set_subject_role(selector.subjects.front().role);
  plan.mutable_categories()->Assign(draft.categories.begin(), draft.categories.end());
  plan.set_justification(!selector.justification.empty());
  for (const DraftRecipient& holder : selector.recipients) {
    for (std::string& ground : AssertedGrounds(holder, 1)) {
      if (plan.holders().empty()) plan.add_grounds(std::move(ground));
    }
    v1::PlannedHolder& planned = *plan.add_holders();
    planned.set_agency(holder.agency);
    for (std::string& category : ConsideredCategories(holder, selector.subjects.front()))
      planned.add_selector_categories(std::move(category));
  }
  return plan;
}

absl::StatusOr<HolderDecision> DecideSelectors(RequestDraft& draft, const v1::PlanCaseRequestResponse& plan,
                                               const policy::Snapshot& snapshot, absl::Time now,
                                               const HolderContact& contact, trust::Random& random) {
  v1::PlanReferralResponse selectors;
  for (const v1::AskerDecision& decision : plan.decisions()) {
    v1::PlannedDecision& planned = *selectors.add_decisions();
    planned.set_recipient_agency(decision.holder_agency());
    planned.set_subject(1);
    *planned.mutable_decision() = decision.selector();
    for (DraftRecipient& holder : draft.selector.recipients) {
      if (holder.agency == decision.holder_agency()) holder.role = decision.selector_role();
    }
  }
  v1::Question question = QuestionOf(draft);
  HolderDecision decided;
  if (policy::AsksForCountsAlone(question)) {
    decided = NamingNobody(draft.selector, random);
  } else {
    ASSIGN_OR_RETURN(decided, DecideAsHolder(draft.selector, selectors, snapshot, now, contact, random));
  }
  decided.refusal = WhyNothing(plan, draft.categories.size());
  const policy::Profile& profile = snapshot.policy->profiles.at(draft.selector.profile);
  if (profile.existence_sensitive)
    *question.mutable_answer_time() =
        trust::ToTimestamp(policy::AnswerTime(*snapshot.policy, profile.answer_slot, now));
  for (PackageRecipient& selector : decided.recipients) {
    selector.expire_time = std::min(policy::LatestEnd(*snapshot.policy, profile, now), draft.expire_by);
    selector.existence_sensitive = profile.existence_sensitive;
    selector.question = question;
  }
  for (const DraftRecipient& holder : draft.selector.recipients) {
    const bool told = std::ranges::any_of(
        decided.recipients, [&](const PackageRecipient& selector) { return selector.agency == holder.agency; });
    if (!told && decided.refusal.empty()) decided.refusal = WhyNotTold(decided, holder.agency);
  }
  if (!decided.refusal.empty()) decided.recipients.clear();
  return decided;
}

}  // namespace derwent::agents
