#include <algorithm>

#include "absl/strings/str_cat.h"

#include "broker/exchange/command/idempotency.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/command/witnessed.h"
#include "broker/exchange/request/answer_check.h"
#include "broker/exchange/request/requests.h"
#include "broker/exchange/share/approval_check.h"
#include "broker/exchange/share/approval_steps.h"
#include "broker/exchange/share/approvals.h"
#include "broker/exchange/share/case_link.h"
#include "broker/exchange/share/decide.h"
#include "broker/exchange/share/shares.h"
#include "broker/exchange/share/stored.h"
#include "broker/ledger/attributes.h"
#include "policy/loader/emergency.h"
#include "policy/loader/record.h"
#include "trust/base/status_macros.h"
#include "trust/base/uuid.h"
#include "trust/message/timestamp.h"

// Answers and supplements: what a holder releases to the asker of a request.

namespace derwent::exchange {
namespace {

constexpr char kMethod[] = "SubmitCaseAnswer";
constexpr char kPolicyChanged[] = "POLICY_CHANGED";
constexpr char kLapsed[] = "LAPSED";
constexpr int kMostDeclined = 64;
constexpr int kMostDeclinedUnits = 64;

absl::StatusOr<StoredPart> FindRequest(const Caller& caller, const v1::Manifest& answer, Batch& batch) {
  absl::StatusOr<StoredPart> request =
      LoadPart({.share_id = answer.reply_to_share_id(), .recipient_agency = caller.agency()}, batch);
  if (request.ok() && request->share.kind == v1::PACKAGE_KIND_SELECTOR &&
      request->share.sender_agency == answer.recipient_agency())
    return request;
  if (!request.ok() && !absl::IsNotFound(request.status())) return request.status();
  return Refuse(absl::StatusCode::kNotFound, "SHARE_UNKNOWN", "no request of that agency to this one has this id");
}

// An answer is given once; what else comes is a supplement to it.
absl::Status CheckOnlyAnswer(const v1::Manifest& answer, const StoredPart& request) {
  if (answer.kind() != v1::PACKAGE_KIND_ANSWER || request.part.state != v1::RECIPIENT_STATE_ANSWERED)
    return absl::OkStatus();
  return Refuse(absl::StatusCode::kFailedPrecondition, "ANSWER_EXISTS", "the request was answered: send a supplement");
}

struct AnswerDecision {
  DecidedSubject decided;
  absl::string_view overridden = "";  // As its entry is flagged.
  bool not_now = false;               // The request's state leads, whatever policy says.
  Objections why_not;
};

void Add(Objections more, Objections& why) {
  why.insert(why.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// Where existence is secret an answer of an earlier policy is none whatever is in it: else what rests on approvals
// would be refused alone, and come later than what does not.
Objections WhyOutdated(const v1::Manifest& answer, const World& world) {
  const bool silent = answer.existence_sensitive() && answer.kind() == v1::PACKAGE_KIND_ANSWER;
  if (!silent || answer.policy_digest() == world.bundle->policy_digest) return {};
  return {{.code = kPolicyChanged, .open = true}};
}

absl::StatusOr<AnswerDecision> DecideAnswer(const CheckedShare& share, const StoredPart& request, Batch& batch) {
  const CheckedPackage& package = share.packages.front();
  ASSIGN_OR_RETURN(const policy::CaseLink link, CaseLinkOf(request.manifest, batch));
  AnswerDecision answer{.decided = DecideAsked(request.manifest, link, batch.world(), batch.now()),
                        .why_not = WhyNotNow(package.manifest, request, batch)};
  answer.not_now = !answer.why_not.empty();
  ASSIGN_OR_RETURN(const CountedApprovals approvals,
                   CountApprovals(share.approvals, package.manifest, ReleaseOf(request), batch));
  Add(approvals.why_not, answer.why_not);
  Add(WhyNotAnswer(package.manifest, request.manifest, answer.decided, approvals.approved, batch.world(), batch.now()),
      answer.why_not);
  Add(WhyNotNeutral(package.manifest, answer.decided), answer.why_not);
  Add(WhyOutdated(package.manifest, batch.world()), answer.why_not);
  ASSIGN_OR_RETURN(const bool restricted, RestrictsSubject(package.manifest.sender_agency(), share, batch));
  if (restricted) answer.why_not.push_back(ObjectionOf(policy::ReasonCode::kSubjectRestricted));
  return answer;
}

absl::string_view StepNameOf(const v1::Manifest& answer) {
  if (answer.kind() != v1::PACKAGE_KIND_ANSWER) return "supplement";
  return policy::IsEmergency(answer.purpose()) ? "emergency_answer" : "answer";
}

ledger::EntryDraft AnswerDraft(const CheckedPackage& package, const AnswerDecision& answer, const Tags& tags,
                               const Batch& batch) {
  PackageStep step = StepOf(package, StepNameOf(package.manifest), answer.why_not);
  step.overridden = answer.overridden;
  return DraftFor(step, answer.decided, TagsOfSubject(tags, 1), batch);
}

// A refused answer is nobody's business but the holder's: that it tried may tell that it has something. Where existence
// is secret not even the tree grows by it: it stands in the entry that every answer makes.
absl::Status EnterRefused(const CheckedPackage& package, const StoredPart& asked, const AnswerDecision& answer,
                          const Tags& tags, v1::SubmitCaseAnswerResponse& response, Batch& batch) {
  const v1::Manifest& m = package.manifest;
  ledger::EntryDraft draft = AnswerDraft(package, answer, tags, batch);
  draft.SetReceiving("", "");
  const std::string kept = absl::StrCat("not_taken:", StepNameOf(m), ":", m.share_id(), ":", response.reason());
  ASSIGN_OR_RETURN(const std::vector<uint64_t> entries,
                   EnterStepOf(ReleaseOf(asked), m.sender_agency(), {.draft = draft, .as_kept = kept}, batch));
  if (!entries.empty()) response.mutable_receipt()->set_index(entries.front());
  return absl::OkStatus();
}

absl::Status Keep(const CheckedShare& share, const AnswerDecision& answer, const Tags& tags, absl::Time not_before,
                  uint64_t entry, Batch& batch) {
  const CheckedPackage& package = share.packages.front();
  const absl::Time from = std::max(batch.now(), not_before);
  const PartTerms terms{.context = ContextOf(package, share.approvals).SerializeAsString(),
                        .collection = CollectionDue(answer.decided.decision, package.manifest, from),
                        .acceptance = {},
                        .outcome = {},
                        .not_before = not_before};
  RETURN_IF_ERROR(StoreShare(share, batch));
  RETURN_IF_ERROR(StorePart(package, terms, tags, batch).status());
  return DeliverPackage(package, not_before, {entry}, batch);
}

// Whether units are 1 to 64, sorted, each category once, in codes: of whatever policy they were asked under.
bool AreNamed(const google::protobuf::RepeatedPtrField<v1::ApprovedUnit>& units) {
  if (units.empty() || units.size() > kMostDeclinedUnits) return false;
  for (int i = 0; i < units.size(); ++i) {
    if (i > 0 && units[i - 1].category() >= units[i].category()) return false;
    if (!ledger::IsCode(units[i].category()) || !ledger::IsCode(units[i].form())) return false;
  }
  return true;
}

// What the holder says of its own people's refusals. It may be in words of an earlier policy: the answer must go all
// the same.
absl::Status CheckDeclined(const v1::SubmitCaseAnswerRequest& request, const policy::Policy& policy) {
  Violations violations;
  if (!violations.Require(request.declined_size() <= kMostDeclined, "declined", "are 64 at most"))
    return violations.ToStatus();
  for (const v1::DeclinedApproval& one : request.declined()) {
    violations.Require(Uuid::Parse(one.approval_id()).ok(), "declined.approval_id", "is a UUID in lowercase");
    violations.Require(ledger::IsCode(one.role()) && !policy.board_roles.contains(one.role()), "declined.role",
                       "is a role of the holder's own");
    violations.Require(one.person().empty() ? one.reason() == kLapsed : ledger::IsCode(one.person()), "declined.person",
                       "is an opaque id, or empty where nobody answered");
    violations.Require(one.reason() == kLapsed || IsRefusalReason(one.reason()), "declined.reason",
                       "is a code of a refusal, or LAPSED");
    violations.Require(AreNamed(one.units()), "declined.units", "are 1 to 64, sorted, each in codes");
  }
  return violations.ToStatus();
}

// From when on the asker sees it: in an existence-sensitive profile the slot. The request's end stays due: a selector
// that was never acknowledged goes then, and where existence is secret what became of approvals is entered
// (EnterKeptSteps).
absl::Status MarkAnswered(StoredPart& request, absl::Time not_before, Batch& batch) {
  if (request.part.state == v1::RECIPIENT_STATE_ANSWERED) return absl::OkStatus();
  request.part.state = v1::RECIPIENT_STATE_ANSWERED;
  request.part.reason = "";
  // When it really came tells how much there was to do.
  request.part.update_time = request.share.existence_sensitive ? not_before : batch.now();
  return batch.write().UpdatePart(request.part);
}

// Nobody may answer anything of it any more, and that rests on nothing about the person: the asker need not wait for
// its time to be over. Where existence is secret it is not told, for only who has something to answer is refused.
absl::Status TellThatItEnded(const policy::Decision& decision, StoredPart& request, Batch& batch) {
  const Objections not_asked = WhyAllDenied(decision);
  if (request.share.existence_sensitive || not_asked.empty() || request.part.state == v1::RECIPIENT_STATE_ANSWERED)
    return absl::OkStatus();
  request.part.state = v1::RECIPIENT_STATE_REFUSED;
  request.part.reason = not_asked.front().code;
  request.part.outcome = {};
  request.part.update_time = batch.now();
  return batch.write().UpdatePart(request.part);
}

}  // namespace

absl::Status SubmitCaseAnswer(const Caller& caller, const v1::SubmitCaseAnswerRequest& request,
                              const CheckedShare& share, v1::SubmitCaseAnswerResponse& response, Batch& batch) {
  ASSIGN_OR_RETURN(const bool before, Answered(caller, kMethod, request.request_id(), share.digest, response, batch));
  if (before) return absl::OkStatus();
  const CheckedPackage& package = share.packages.front();
  ASSIGN_OR_RETURN(const absl::string_view overridden, WitnessedOrEmergency(package.manifest.purpose(), batch));
  const World& world = batch.world();
  RETURN_IF_ERROR(CheckDeclined(request, *world.bundle->policy));
  ASSIGN_OR_RETURN(StoredPart asked, FindRequest(caller, package.manifest, batch));
  RETURN_IF_ERROR(CheckOnlyAnswer(package.manifest, asked));
  RETURN_IF_ERROR(CheckTimes(share, world.limits, batch.now()));
  RETURN_IF_ERROR(CheckAgainstRequest(package, asked));
  RETURN_IF_ERROR(CheckKeys(package, world, batch.now()));
  ASSIGN_OR_RETURN(const Tags tags, TagsOf(share, batch.tagger()));
  ASSIGN_OR_RETURN(AnswerDecision answer, DecideAnswer(share, asked, batch));
  answer.overridden = overridden;
  *response.mutable_decision() = policy::ToProto(answer.decided.decision, world.bundle->policy->digest);
  if (!answer.why_not.empty()) {
    response.set_outcome(v1::SUBMIT_OUTCOME_REFUSED);
    const bool changed = !answer.not_now && package.manifest.policy_digest() != world.bundle->policy_digest;
    response.set_reason(changed ? kPolicyChanged : answer.why_not.front().code);
    RETURN_IF_ERROR(EnterRefused(package, asked, answer, tags, response, batch));
    if (!changed && !answer.not_now) RETURN_IF_ERROR(TellThatItEnded(answer.decided.decision, asked, batch));
    return absl::OkStatus();  // Only what took effect is remembered.
  }
  ASSIGN_OR_RETURN(const uint64_t index, batch.Append(AnswerDraft(package, answer, tags, batch)));
  response.mutable_receipt()->set_index(index);
  const absl::Time not_before = AnswerTimeOf(asked);
  RETURN_IF_ERROR(Keep(share, answer, tags, not_before, index, batch));
  RETURN_IF_ERROR(UseApprovals(share, {request.declined().begin(), request.declined().end()}, ReleaseOf(asked), batch));
  RETURN_IF_ERROR(MarkAnswered(asked, not_before, batch));
  response.set_outcome(v1::SUBMIT_OUTCOME_STORED);
  return Remember(caller, kMethod, request.request_id(), share.digest, response,
                  trust::FromTimestamp(package.manifest.expire_time()) + kRemembered, batch);
}

}  // namespace derwent::exchange
