#include "broker/exchange/request/requests.h"

#include <algorithm>

#include "broker/exchange/command/idempotency.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/command/witnessed.h"
#include "broker/exchange/emergency/emergencies.h"
#include "broker/exchange/request/next_steps.h"
#include "broker/exchange/request/quota.h"
#include "broker/exchange/share/case_link.h"
#include "broker/exchange/share/decide.h"
#include "broker/exchange/share/shares.h"
#include "policy/engine/calendar.h"
#include "policy/loader/emergency.h"
#include "policy/loader/record.h"
#include "trust/base/status_macros.h"
#include "trust/message/timestamp.h"

// Case-data requests: what is asked is decided from the holder to the asker, who it is about from the asker to the
// holder.

namespace derwent::exchange {
namespace {

constexpr char kMethod[] = "SubmitCaseRequest";

struct HolderDecision {
  DecidedSubject asked;
  std::vector<DecidedSubject> selector;
  Objections why_not;    // Why the selector may not go.
  Objections not_asked;  // Why there is nothing to ask this holder.
};

// Times and silence are the profile's, not the asker's choice. An unknown profile is the decision's business.
void CheckAgainstProfile(const v1::Manifest& m, const World& world, absl::Time now, Violations& violations) {
  RequireProfilesSilence(m, world, violations);
  const policy::Profile* const profile = ProfileOf(m, world);
  if (profile == nullptr) return;
  const absl::Time made = trust::FromTimestamp(m.create_time());
  const absl::Time ends = trust::FromTimestamp(m.expire_time());
  violations.Require(ends <= policy::LatestEnd(*world.bundle->policy, *profile, made),
                     "submissions.package.manifest.expire_time",
                     "is within the profile's request_hours, or three days after its answer slot");
  violations.Require(m.question().has_answer_time() == profile->existence_sensitive,
                     "submissions.package.manifest.question.answer_time",
                     "is set in an existence-sensitive profile only");
  if (!profile->existence_sensitive || !m.question().has_answer_time()) return;
  const absl::Time slot = trust::FromTimestamp(m.question().answer_time());
  violations.Require(slot == policy::AnswerTime(*world.bundle->policy, profile->answer_slot, made),
                     "submissions.package.manifest.question.answer_time",
                     "is the profile's answer slot after create_time");
  violations.Require(slot > now, "submissions.package.manifest.question.answer_time", "is in the future");
  violations.Require(ends > slot, "submissions.package.manifest.expire_time", "is after the answer slot");
}

absl::Status CheckProfiles(const CheckedShare& share, const World& world, absl::Time now) {
  Violations violations;
  for (const CheckedPackage& package : share.packages) CheckAgainstProfile(package.manifest, world, now, violations);
  return violations.ToStatus();
}

absl::StatusOr<HolderDecision> DecideHolder(const CheckedPackage& package, const CheckedShare& share, Batch& batch) {
  const World& world = batch.world();
  const v1::Manifest& m = package.manifest;
  RETURN_IF_ERROR(CheckKeys(package, world, batch.now()));
  ASSIGN_OR_RETURN(const policy::CaseLink link, CaseLinkOf(m, batch));
  HolderDecision decided{.asked = DecideAsked(m, link, world, batch.now()),
                         .selector = DecidePackage(m, package.statement, world, batch.now()),
                         .why_not = {},
                         .not_asked = {}};
  decided.why_not = WhyNot(m, package.statement, decided.selector, /*approved=*/{}, world, batch.now());
  ASSIGN_OR_RETURN(const bool restricted, RestrictsSubject(m.sender_agency(), share, batch));
  if (restricted) decided.why_not.push_back(ObjectionOf(policy::ReasonCode::kSubjectRestricted));
  decided.not_asked = WhyAllDenied(decided.asked.decision);
  return decided;
}

// Why the whole request is refused: a selector that may not go, or nobody who may answer anything.
Objections WhyRefused(const std::vector<HolderDecision>& decided) {
  for (const HolderDecision& holder : decided) {
    if (!holder.why_not.empty()) return holder.why_not;
  }
  const bool nobody = std::all_of(decided.begin(), decided.end(),
                                  [](const HolderDecision& holder) { return !holder.not_asked.empty(); });
  return nobody ? decided.front().not_asked : Objections();
}

template <typename Response>
void AddDecision(const v1::Manifest& selector, const HolderDecision& decided, const Batch& batch, Response& response) {
  const World& world = batch.world();
  v1::AskerDecision& next = *response.add_decisions();
  next.set_holder_agency(selector.recipient_agency());
  *next.mutable_question() = policy::ForAsker(decided.asked.decision);
  *next.mutable_selector() = policy::ToProto(decided.selector.front().decision, world.bundle->policy->digest);
  next.set_selector_role(selector.recipient_role());
}

// A holder that may answer nothing is not told who it would have been about.
absl::Status Keep(const CheckedPackage& package, const HolderDecision& decided, const Tags& tags,
                  std::vector<uint64_t> entries, Batch& batch) {
  const PartTerms terms{.context = ContextOf(package, /*approvals=*/{}).SerializeAsString(),
                        .collection = {},
                        .acceptance = {},
                        .outcome = {.time = trust::FromTimestamp(package.manifest.expire_time()), .overdue = false}};
  ASSIGN_OR_RETURN(store::PartRow part, StorePart(package, terms, tags, batch));
  if (decided.not_asked.empty()) return DeliverPackage(package, terms.not_before, std::move(entries), batch);
  part.state = v1::RECIPIENT_STATE_HELD;
  part.reason = decided.not_asked.front().code;
  part.outcome = {};
  return batch.write().UpdatePart(part);
}

absl::string_view StepNameOf(const v1::SubmitCaseRequestRequest& request, const v1::Manifest& selector) {
  if (request.validate_only()) return "check";
  return policy::IsEmergency(selector.purpose()) ? "emergency" : "request";
}

}  // namespace

absl::Status SubmitCaseRequest(const Caller& caller, const v1::SubmitCaseRequestRequest& request,
                               const CheckedShare& share, v1::SubmitCaseRequestResponse& response, Batch& batch) {
  ASSIGN_OR_RETURN(const bool before, Answered(caller, kMethod, request.request_id(), share.digest, response, batch));
  if (before) return absl::OkStatus();
  ASSIGN_OR_RETURN(const absl::string_view overridden,
                   WitnessedOrEmergency(share.packages.front().manifest.purpose(), batch));
  const World& world = batch.world();
  RETURN_IF_ERROR(CheckTimes(share, world.limits, batch.now()));
  RETURN_IF_ERROR(CheckProfiles(share, world, batch.now()));
  RETURN_IF_ERROR(CheckDeclared(share, batch));
  ASSIGN_OR_RETURN(const Tags tags, TagsOf(share, batch.tagger()));
  std::vector<HolderDecision> decided;
  for (const CheckedPackage& package : share.packages) {
    ASSIGN_OR_RETURN(HolderDecision one, DecideHolder(package, share, batch));
    decided.push_back(std::move(one));
  }
  const Objections refused = WhyRefused(decided);
  const bool keep = refused.empty() && !request.validate_only();
  const v1::Manifest& first = share.packages.front().manifest;
  const std::string& person = first.question().acting_person();
  if (refused.empty()) RETURN_IF_ERROR(CheckQuota(caller.agency(), person, share.packages.size(), batch));
  if (keep) RETURN_IF_ERROR(CountQuota(caller.agency(), person, share.packages.size(), batch));
  if (keep) RETURN_IF_ERROR(UseDeclared(share, batch));
  if (keep) RETURN_IF_ERROR(StoreShare(share, batch));
  for (size_t i = 0; i < share.packages.size(); ++i) {
    const CheckedPackage& package = share.packages[i];
    PackageStep step = StepOf(package, StepNameOf(request, package.manifest), refused);
    step.overridden = overridden;
    ASSIGN_OR_RETURN(const uint64_t index, batch.Append(DraftFor(step, decided[i].asked,
                                                                 TagsOfSubject(tags, decided[i].asked.number), batch)));
    response.add_receipts()->set_index(index);
    AddDecision(package.manifest, decided[i], batch, response);
    if (keep) RETURN_IF_ERROR(Keep(package, decided[i], tags, {index}, batch));
  }
  response.set_outcome(!refused.empty() ? v1::SUBMIT_OUTCOME_REFUSED
                       : keep           ? v1::SUBMIT_OUTCOME_STORED
                                        : v1::SUBMIT_OUTCOME_VALID);
  response.set_policy_digest(world.bundle->policy_digest);
  if (!refused.empty())
    response.set_reason(first.policy_digest() != world.bundle->policy_digest ? "POLICY_CHANGED" : refused.front().code);
  if (!keep) return absl::OkStatus();  // Only what took effect is remembered.
  return Remember(caller, kMethod, request.request_id(), share.digest, response,
                  trust::FromTimestamp(first.expire_time()) + kRemembered, batch);
}

absl::Status AddNextSteps(const CheckedShare& share, const World& world, absl::Time now, store::Reader& reader,
                          v1::SubmitCaseRequestResponse& response) {
  if (response.policy_digest() != world.bundle->policy_digest) return absl::OkStatus();
  const int known = std::min(static_cast<int>(share.packages.size()), response.decisions_size());
  for (int i = 0; i < known; ++i) {
    const v1::Manifest& selector = share.packages[static_cast<size_t>(i)].manifest;
    RETURN_IF_ERROR(AddNextStepsOf(selector, world, now, reader, *response.mutable_decisions(i)));
  }
  return absl::OkStatus();
}

}  // namespace derwent::exchange
