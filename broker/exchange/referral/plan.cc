#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"

#include "broker/exchange/command/idempotency.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/referral/referrals.h"
#include "broker/exchange/share/decide.h"
#include "broker/exchange/share/onward.h"
#include "broker/exchange/share/plan_form.h"
#include "broker/exchange/share/plan_keys.h"
#include "broker/ledger/attributes.h"
#include "policy/loader/record.h"
#include "trust/base/status_macros.h"
#include "trust/base/uuid.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"

namespace derwent::exchange {
namespace {

void CheckSubject(const v1::PlannedSubject& subject, const std::string& at, Violations& violations) {
  violations.Require(ledger::IsCode(subject.role()), absl::StrCat(at, ".role"), "is a code without spaces");
  RequireCategories(subject.categories(), absl::StrCat(at, ".categories"), violations);
  RequireCodes(subject.grounds(), absl::StrCat(at, ".grounds"), violations);
  RequireOnward(subject.onward(), subject.categories(), absl::StrCat(at, ".onward"), violations);
}

absl::Status CheckForm(const v1::PlanReferralRequest& request, const Limits& limits) {
  Violations violations;
  violations.Require(Uuid::Parse(request.request_id()).ok(), "request_id", "is a UUID in lowercase");
  violations.Require(!request.acting_person().empty(), "acting_person", "names a person");
  const std::pair<const char*, const std::string&> needed[] = {{"profile", request.profile()},
                                                               {"purpose", request.purpose()}};
  for (const auto& [field, word] : needed) violations.Require(ledger::IsCode(word), field, "is a code without spaces");
  const std::pair<const char*, const std::string&> free[] = {{"board", request.board()},
                                                             {"area", request.area()},
                                                             {"case_id", request.case_id()},
                                                             {"step", request.step()},
                                                             {"product", request.product()}};
  for (const auto& [field, word] : free)
    violations.Require(word.empty() || ledger::IsCode(word), field, "is empty or a code without spaces");
  RequireDocument(request.document_reference(), violations);
  if (!violations.Require(request.recipients_size() >= 1 && request.recipients_size() <= limits.recipients,
                          "recipients", "are 1 to 20"))
    return violations.ToStatus();
  for (int i = 0; i < request.recipients_size(); ++i) {
    const v1::PlannedRecipient& recipient = request.recipients(i);
    const std::string at = absl::StrCat("recipients[", i, "]");
    violations.Require(ledger::IsCode(recipient.agency()), absl::StrCat(at, ".agency"), "is a code without spaces");
    violations.Require(ledger::IsCode(recipient.role()), absl::StrCat(at, ".role"), "is a code without spaces");
    if (!violations.Require(recipient.subjects_size() >= 1 && recipient.subjects_size() <= limits.subjects,
                            absl::StrCat(at, ".subjects"), "are 1 to 30"))
      continue;
    for (const v1::PlannedSubject& subject : recipient.subjects())
      CheckSubject(subject, absl::StrCat(at, ".subjects"), violations);
  }
  return violations.ToStatus();
}

policy::DecisionRequest Question(const std::string& sender, const v1::PlanReferralRequest& request,
                                 const v1::PlannedRecipient& recipient, const v1::PlannedSubject& subject) {
  policy::DecisionRequest q{.releasing_agency = sender,
                            .receiving_agency = recipient.agency(),
                            .receiving_role = recipient.role(),
                            .profile = request.profile(),
                            .purpose = request.purpose(),
                            .board = request.board(),
                            .area = request.area()};
  q.direction = policy::Direction::kPush;
  q.case_link = policy::CaseLink::kAsserted;
  q.justification = subject.justification();
  q.grounds.assign(subject.grounds().begin(), subject.grounds().end());
  q.document_reference = request.document_reference();
  q.subject_role = subject.role();
  q.categories.assign(subject.categories().begin(), subject.categories().end());
  q.step = request.step();
  q.product = request.product();
  q.onward = policy::OnwardTo(recipient.agency(), subject.onward());
  return q;
}

// What a plan came to as a whole, so that a referral refused before anything was sealed is found among the refusals.
struct Whole {
  std::set<std::string> outcomes;
  std::vector<policy::Reason> refused;

  void Add(const policy::Decision& decision) {
    outcomes.insert(std::string(decision.Overall()));
    for (const policy::CategoryOutcome& outcome : decision.categories) {
      if (outcome.denied) refused.insert(refused.end(), outcome.reasons.begin(), outcome.reasons.end());
    }
  }
  std::string outcome() const { return outcomes.size() == 1 ? *outcomes.begin() : "PARTIAL"; }
};

}  // namespace

absl::Status PlanReferral(const Caller& caller, const v1::PlanReferralRequest& request,
                          v1::PlanReferralResponse& response, Batch& batch) {
  const World& world = batch.world();
  if (!PersonMay(world, caller.agency(), request.acting_person(), "push_referral", request.area(), batch.now())) {
    return Refuse(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED",
                  "the acting person holds no role today that may push a referral in this area");
  }
  RETURN_IF_ERROR(CheckForm(request, world.limits));
  RETURN_IF_ERROR(
      TakeRequestId(caller, "PlanReferral", request.request_id(), trust::Sha256(request.SerializeAsString()), batch));
  std::set<std::string> agencies;
  Whole whole;
  for (const v1::PlannedRecipient& recipient : request.recipients()) {
    agencies.insert(recipient.agency());
    for (const v1::PlannedSubject& subject : recipient.subjects()) {
      for (const v1::OnwardSource& source : subject.onward())
        RETURN_IF_ERROR(OriginatorOf(source.share_id(), caller.agency(), batch).status());
      const policy::Decision decision =
          world.Decide(Question(caller.agency(), request, recipient, subject), batch.now());
      whole.Add(decision);
      v1::PlannedDecision& planned = *response.add_decisions();
      planned.set_recipient_agency(recipient.agency());
      planned.set_subject(subject.number());
      *planned.mutable_decision() = policy::ToProto(decision, world.bundle->policy->digest);
    }
  }
  RETURN_IF_ERROR(AddKeys(agencies, response, batch));
  response.set_policy_digest(world.bundle->policy_digest);
  *response.mutable_decide_time() = trust::ToTimestamp(batch.now());
  ledger::EntryDraft draft("plan", ledger::Actor::kReleasing);
  draft.SetReleasing(caller.agency(), request.acting_person())
      .SetPurpose(request.purpose(), request.profile(), request.board(), request.area());
  draft.SetOutcome(whole.outcome(), OpenReasons(whole.refused), world.policy_digest(), world.register_digest)
      .SetCount(static_cast<uint64_t>(response.decisions_size()));
  SetDecidedUnder(world, draft);
  ASSIGN_OR_RETURN(const uint64_t index, batch.Append(draft));
  response.mutable_receipt()->set_index(index);
  return absl::OkStatus();
}

}  // namespace derwent::exchange
