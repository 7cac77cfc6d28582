#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"

#include "broker/exchange/command/idempotency.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/request/next_steps.h"
#include "broker/exchange/request/quota.h"
#include "broker/exchange/request/requests.h"
#include "broker/exchange/share/case_link.h"
#include "broker/exchange/share/decide.h"
#include "broker/exchange/share/plan_form.h"
#include "broker/exchange/share/plan_keys.h"
#include "broker/ledger/attributes.h"
#include "policy/engine/agreements.h"
#include "policy/engine/calendar.h"
#include "policy/loader/asked_route.h"
#include "policy/loader/asked_table.h"
#include "policy/loader/emergency.h"
#include "policy/loader/record.h"
#include "trust/base/digest.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"
#include "trust/base/uuid.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"

namespace derwent::exchange {
namespace {

// Who receives a selector: in an emergency the duty officer; the SPOC, else somebody of the profile who sees cases
// there.
std::string SelectorRole(const v1::PlanCaseRequestRequest& request, const std::string& holder, const World& world,
                         absl::Time now) {
  if (policy::IsEmergency(request.purpose())) return policy::kDutyOfficer;
  const std::string& area = request.area();
  const auto profile = world.bundle->policy->profiles.find(request.profile());
  if (profile == world.bundle->policy->profiles.end() || profile->second.receivers.contains("spoc")) return "spoc";
  for (const auto& [role, scope] : profile->second.receivers) {
    if (scope.case_scope &&
        policy::RoleHeld(world.snapshot(),
                         {.agency = holder, .role = role, .board = profile->second.board(), .area = area},
                         LondonDay(now)))
      return role;
  }
  return "spoc";
}

// The selector as it would be signed, as far as decisions look at it.
struct Planned {
  v1::Manifest manifest;
  v1::SenderStatement statement;
};

Planned PlannedFor(const std::string& asker, const v1::PlanCaseRequestRequest& request, const v1::PlannedHolder& holder,
                   const std::string& role) {
  Planned planned;
  v1::Manifest& m = planned.manifest;
  m.set_kind(v1::PACKAGE_KIND_SELECTOR);
  m.set_sender_agency(asker);
  m.set_recipient_agency(holder.agency());
  m.set_recipient_role(role);
  m.set_profile(request.profile());
  m.set_purpose(request.purpose());
  m.set_board(request.board());
  m.set_area(request.area());
  m.set_case_id(request.case_id());
  m.set_step(request.step());
  m.set_document_reference(request.document_reference());
  v1::ManifestSubject& subject = *m.add_subjects();
  subject.set_number(1);
  subject.set_role(request.subject_role());
  *subject.mutable_grounds() = request.grounds();
  if (request.justification()) subject.set_justification_digest(std::string(Sha256Digest::kSize, '\0'));
  m.mutable_question()->set_acting_person(request.acting_person());
  m.mutable_question()->set_role(request.role());
  *m.mutable_question()->mutable_categories() = request.categories();
  if (request.has_table()) *m.mutable_question()->mutable_table() = request.table();
  v1::AskedSubject& asked = *planned.statement.add_subjects();
  asked.set_number(1);
  *asked.mutable_categories() = holder.selector_categories();
  return planned;
}

absl::Status CheckForm(const v1::PlanCaseRequestRequest& request, const Limits& limits) {
  Violations violations;
  violations.Require(Uuid::Parse(request.request_id()).ok(), "request_id", "is a UUID in lowercase");
  const std::pair<const char*, const std::string&> needed[] = {
      {"profile", request.profile()}, {"purpose", request.purpose()}, {"subject_role", request.subject_role()}};
  for (const auto& [field, word] : needed) violations.Require(ledger::IsCode(word), field, "is a code without spaces");
  const std::pair<const char*, const std::string&> free[] = {
      {"board", request.board()}, {"case_id", request.case_id()}, {"step", request.step()}};
  for (const auto& [field, word] : free)
    violations.Require(word.empty() || ledger::IsCode(word), field, "is empty or a code without spaces");
  RequireDocument(request.document_reference(), violations);
  const v1::Question question = PlannedFor("", request, {}, "").manifest.question();
  violations.Require(policy::IsTableInOrder(question), "table", policy::kTableRule);
  RequireCategories(request.categories(), "categories", violations);
  RequireCodes(request.grounds(), "grounds", violations);
  if (!violations.Require(request.holders_size() >= 1 && request.holders_size() <= limits.recipients, "holders",
                          "are 1 to 20"))
    return violations.ToStatus();
  for (int i = 0; i < request.holders_size(); ++i) {
    const std::string at = absl::StrCat("holders[", i, "]");
    violations.Require(ledger::IsCode(request.holders(i).agency()), absl::StrCat(at, ".agency"),
                       "is a code without spaces");
    const std::string selector = absl::StrCat(at, ".selector_categories");
    if (policy::AsksForCountsAlone(question))
      violations.Require(request.holders(i).selector_categories().empty(), selector,
                         "are none: counts are about nobody");
    else
      RequireCategories(request.holders(i).selector_categories(), selector, violations);
  }
  return violations.ToStatus();
}

absl::Status PlanHolder(const std::string& asker, const v1::PlanCaseRequestRequest& request,
                        const v1::PlannedHolder& holder, v1::PlanCaseRequestResponse& response, Batch& batch) {
  const World& world = batch.world();
  const std::string role = SelectorRole(request, holder.agency(), world, batch.now());
  const Planned planned = PlannedFor(asker, request, holder, role);
  ASSIGN_OR_RETURN(const policy::CaseLink link, CaseLinkOf(planned.manifest, batch));
  const DecidedSubject asked = DecideAsked(planned.manifest, link, world, batch.now());
  const std::vector<DecidedSubject> selector = DecidePackage(planned.manifest, planned.statement, world, batch.now());
  v1::AskerDecision& next = *response.add_decisions();
  next.set_holder_agency(holder.agency());
  *next.mutable_question() = policy::ForAsker(asked.decision);
  *next.mutable_selector() = policy::ToProto(selector.front().decision, world.bundle->policy->digest);
  next.set_selector_role(role);
  return absl::OkStatus();
}

int64_t SlotSeconds(const std::string& profile_id, const World& world, absl::Time now) {
  const auto profile = world.bundle->policy->profiles.find(profile_id);
  if (profile == world.bundle->policy->profiles.end() || !profile->second.existence_sensitive) return 0;
  return absl::ToInt64Seconds(policy::AnswerTime(*world.bundle->policy, profile->second.answer_slot, now) - now);
}

}  // namespace

absl::Status PlanCaseRequest(const Caller& caller, const v1::PlanCaseRequestRequest& request,
                             v1::PlanCaseRequestResponse& response, Batch& batch) {
  const World& world = batch.world();
  if (!MayAsk(PlannedFor(caller.agency(), request, {}, "").manifest, world, batch.now())) {
    return Refuse(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED",
                  "the acting person does not hold this role today for board and area, or it may not ask");
  }
  RETURN_IF_ERROR(CheckForm(request, world.limits));
  RETURN_IF_ERROR(TakeRequestId(caller, "PlanCaseRequest", request.request_id(),
                                trust::Sha256(request.SerializeAsString()), batch));
  RETURN_IF_ERROR(
      CheckQuota(caller.agency(), request.acting_person(), static_cast<size_t>(request.holders_size()), batch));
  std::set<std::string> holders;
  for (const v1::PlannedHolder& holder : request.holders()) {
    holders.insert(holder.agency());
    RETURN_IF_ERROR(PlanHolder(caller.agency(), request, holder, response, batch));
  }
  RETURN_IF_ERROR(AddKeys(holders, response, batch));
  response.set_policy_digest(world.bundle->policy_digest);
  *response.mutable_decide_time() = trust::ToTimestamp(batch.now());
  response.set_answer_slot_seconds(SlotSeconds(request.profile(), world, batch.now()));
  ledger::EntryDraft draft("plan", ledger::Actor::kReceiving);
  draft.SetReceiving(caller.agency(), request.acting_person())
      .SetPurpose(request.purpose(), request.profile(), request.board(), request.area());
  draft.SetRoute(policy::AskedRouteName(request.purpose(), request.document_reference()), request.document_reference());
  draft.SetIds("", "", request.case_id());
  draft.SetOutcome("", {}, world.policy_digest(), world.register_digest)
      .SetCount(static_cast<uint64_t>(response.decisions_size()));
  SetDecidedUnder(world, draft);
  ASSIGN_OR_RETURN(const uint64_t index, batch.Append(draft));
  response.mutable_receipt()->set_index(index);
  return absl::OkStatus();
}

absl::Status AddNextSteps(const Caller& caller, const v1::PlanCaseRequestRequest& request, const World& world,
                          absl::Time now, store::Reader& reader, v1::PlanCaseRequestResponse& response) {
  if (response.policy_digest() != world.bundle->policy_digest) return absl::OkStatus();
  for (int i = 0; i < std::min(request.holders_size(), response.decisions_size()); ++i) {
    const Planned planned = PlannedFor(caller.agency(), request, request.holders(i), "");
    RETURN_IF_ERROR(AddNextStepsOf(planned.manifest, world, now, reader, *response.mutable_decisions(i)));
  }
  return absl::OkStatus();
}

absl::Status AlarmQuota(const std::string& asker, const v1::PlanCaseRequestRequest& request, Batch& batch) {
  std::vector<v1::Manifest> asked;
  for (const v1::PlannedHolder& holder : request.holders()) {
    if (batch.world().directories.contains(holder.agency()))  // Nobody is told in the name of who is none.
      asked.push_back(PlannedFor(asker, request, holder, "").manifest);
  }
  return asked.empty() ? absl::OkStatus() : AlarmQuota(asked, batch);
}

}  // namespace derwent::exchange
