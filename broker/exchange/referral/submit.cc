#include <algorithm>

#include "broker/exchange/command/idempotency.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/command/witnessed.h"
#include "broker/exchange/referral/referrals.h"
#include "broker/exchange/referral/supersession.h"
#include "broker/exchange/share/approvals.h"
#include "broker/exchange/share/decide.h"
#include "broker/exchange/share/onward.h"
#include "broker/exchange/share/shares.h"
#include "policy/loader/record.h"
#include "trust/base/status_macros.h"
#include "trust/message/timestamp.h"

namespace derwent::exchange {
namespace {

constexpr char kMethod[] = "SubmitReferral";

store::Due DueIn(const policy::Decision& decision, const char* step, absl::Time now) {
  const auto hours = decision.clock_hours.find(step);
  if (hours == decision.clock_hours.end()) return {};
  return {.time = now + absl::Hours(hours->second), .overdue = false};
}

struct PackageDecision {
  std::vector<DecidedSubject> subjects;
  Objections why_not;
};

absl::StatusOr<PackageDecision> DecideOne(const CheckedPackage& package, const CheckedShare& share, Batch& batch) {
  const World& world = batch.world();
  RETURN_IF_ERROR(CheckKeys(package, world, batch.now()));
  Release release = ReleaseOf(package);
  ASSIGN_OR_RETURN(release.originator, CheckOnward(package, batch));
  ASSIGN_OR_RETURN(CountedApprovals counted, CountApprovals(share.approvals, package.manifest, release, batch));
  PackageDecision decided{.subjects = DecidePackage(package.manifest, package.statement, world, batch.now()),
                          .why_not = std::move(counted.why_not)};
  std::ranges::move(WhyNot(package.manifest, package.statement, decided.subjects, counted.approved, world, batch.now()),
                    std::back_inserter(decided.why_not));
  ASSIGN_OR_RETURN(const bool restricted, RestrictsSubject(package.manifest.sender_agency(), share, batch));
  if (restricted) decided.why_not.push_back(ObjectionOf(policy::ReasonCode::kSubjectRestricted));
  return decided;
}

void AddDecisions(const CheckedPackage& package, const PackageDecision& decided, const World& world,
                  v1::SubmitReferralResponse& response) {
  for (const DecidedSubject& subject : decided.subjects) {
    v1::PlannedDecision& planned = *response.add_decisions();
    planned.set_recipient_agency(package.manifest.recipient_agency());
    planned.set_subject(subject.number);
    policy::Write(subject.decision, world.bundle->policy->digest, *planned.mutable_decision());
  }
}

std::string LeadingReason(const CheckedShare& share, const std::vector<PackageDecision>& decided, const World& world) {
  if (share.packages.front().manifest.policy_digest() != world.bundle->policy_digest) return "POLICY_CHANGED";
  for (const PackageDecision& one : decided) {
    if (!one.why_not.empty()) return one.why_not.front().code;
  }
  return "";
}

absl::Status Keep(const CheckedPackage& package, const std::vector<CheckedApproval>& approvals,
                  const policy::Decision& decision, const Tags& tags, std::vector<uint64_t> entries, Batch& batch) {
  const PartTerms terms{.context = ContextOf(package, approvals).SerializeAsString(),
                        .collection = CollectionDue(decision, package.manifest, batch.now()),
                        .acceptance = DueIn(decision, "acceptance", batch.now()),
                        .outcome = DueIn(decision, "outcome", batch.now())};
  RETURN_IF_ERROR(StorePart(package, terms, tags, batch).status());
  return DeliverPackage(package, terms.not_before, std::move(entries), batch);
}

absl::StatusOr<std::vector<PackageDecision>> Decide(const CheckedShare& share, Batch& batch) {
  std::vector<PackageDecision> decided;
  for (const CheckedPackage& package : share.packages) {
    ASSIGN_OR_RETURN(PackageDecision one, DecideOne(package, share, batch));
    decided.push_back(std::move(one));
  }
  return decided;
}

bool Refused(const std::vector<PackageDecision>& decided) {
  return std::ranges::any_of(decided, [](const PackageDecision& one) { return !one.why_not.empty(); });
}

// What waited for somebody's agreement may name the share that went before without it.
absl::Status CheckAddsTo(const v1::Manifest& m, Batch& batch) {
  if (m.adds_to_share_id().empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::optional<store::ShareRow> share, batch.read().FindShare(m.adds_to_share_id()));
  ASSIGN_OR_RETURN(const std::optional<store::PartRow> part,
                   batch.read().FindPart({.share_id = m.adds_to_share_id(), .recipient_agency = m.recipient_agency()}));
  if (share.has_value() && part.has_value() && share->sender_agency == m.sender_agency() &&
      share->kind == v1::PACKAGE_KIND_REFERRAL)
    return absl::OkStatus();
  return Refuse(absl::StatusCode::kFailedPrecondition, "SHARE_UNKNOWN",
                "the share to be added to is not one that this agency sent to the recipient");
}

// One entry a subject.
absl::StatusOr<std::vector<uint64_t>> Enter(const PackageStep& step, const PackageDecision& decided, const Tags& tags,
                                            Batch& batch) {
  std::vector<ledger::EntryDraft> drafts;
  for (const DecidedSubject& subject : decided.subjects)
    drafts.push_back(DraftFor(step, subject, TagsOfSubject(tags, subject.number), batch));
  return batch.Append(drafts);
}

}  // namespace

absl::Status SubmitReferral(const Caller& caller, const v1::SubmitReferralRequest& request, const CheckedShare& share,
                            v1::SubmitReferralResponse& response, Batch& batch) {
  ASSIGN_OR_RETURN(const bool before, Answered(caller, kMethod, request.request_id(), share.digest, response, batch));
  if (before) return absl::OkStatus();
  RETURN_IF_ERROR(RequireWitnessed(batch));
  const World& world = batch.world();
  RETURN_IF_ERROR(CheckTimes(share, world.limits, batch.now()));
  Violations violations;
  for (const CheckedPackage& package : share.packages) RequireProfilesSilence(package.manifest, world, violations);
  RETURN_IF_ERROR(violations.ToStatus());
  for (const CheckedPackage& package : share.packages) RETURN_IF_ERROR(CheckAddsTo(package.manifest, batch));
  ASSIGN_OR_RETURN(const std::optional<store::ShareRow> superseded, FindSuperseded(share, batch));
  ASSIGN_OR_RETURN(const Tags tags, TagsOf(share, batch.tagger()));
  ASSIGN_OR_RETURN(const std::vector<PackageDecision> decided, Decide(share, batch));
  const bool refused = Refused(decided);
  const bool keep = !refused && !request.validate_only();
  if (keep) RETURN_IF_ERROR(StoreShare(share, batch));
  for (size_t i = 0; i < share.packages.size(); ++i) {
    const CheckedPackage& package = share.packages[i];
    // A share is refused whole: a recipient whose own part would have passed is told so too.
    Objections why = decided[i].why_not;
    if (refused && why.empty()) why.push_back(ObjectionOf(policy::ReasonCode::kPolicyChanged));
    const PackageStep step = StepOf(package, request.validate_only() ? "check" : "referral", why);
    ASSIGN_OR_RETURN(const std::vector<uint64_t> indexes, Enter(step, decided[i], tags, batch));
    for (const uint64_t index : indexes) response.add_receipts()->set_index(index);
    AddDecisions(package, decided[i], world, response);
    if (keep)
      RETURN_IF_ERROR(Keep(package, share.approvals, decided[i].subjects.front().decision, tags, indexes, batch));
  }
  if (keep && superseded.has_value()) RETURN_IF_ERROR(Supersede(*superseded, share, batch));
  if (keep) RETURN_IF_ERROR(UseApprovals(share, ReleaseOf(share.packages.front()), batch));
  response.set_outcome(refused ? v1::SUBMIT_OUTCOME_REFUSED
                       : keep  ? v1::SUBMIT_OUTCOME_STORED
                               : v1::SUBMIT_OUTCOME_VALID);
  response.set_policy_digest(world.bundle->policy_digest);
  if (refused) response.set_reason(LeadingReason(share, decided, world));
  if (!keep) return absl::OkStatus();  // Only what took effect is remembered.
  return Remember(caller, kMethod, request.request_id(), share.digest, response,
                  trust::FromTimestamp(share.packages.front().manifest.expire_time()) + kRemembered, batch);
}

}  // namespace derwent::exchange
