#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"

#include "broker/exchange/command/agency_signature.h"
#include "broker/exchange/command/idempotency.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/request/requests.h"
#include "broker/exchange/share/approval_steps.h"
#include "broker/exchange/share/approvals.h"
#include "broker/exchange/share/case_link.h"
#include "broker/exchange/share/onward.h"
#include "broker/exchange/share/plan_form.h"
#include "broker/exchange/share/stored.h"
#include "broker/ledger/attributes.h"
#include "policy/engine/calendar.h"
#include "policy/engine/onward.h"
#include "policy/loader/asked_route.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

// Approvals by somebody of another agency: the holder asks whoever holds the role, a person signs, the holder gets it.

namespace derwent::exchange {
namespace {

absl::StatusOr<StoredPart> LoadRequest(const std::string& share_id, const std::string& holder, Batch& batch) {
  absl::StatusOr<StoredPart> request = LoadPart({.share_id = share_id, .recipient_agency = holder}, batch);
  if (request.ok() && request->share.kind == v1::PACKAGE_KIND_SELECTOR) return request;
  if (!request.ok() && !absl::IsNotFound(request.status())) return request.status();
  return Refuse(absl::StatusCode::kNotFound, "SHARE_UNKNOWN", "no request to this agency has this id");
}

// A question about a request says what the request says.
void CheckAgainst(const StoredPart& request, const v1::ApprovalQuestion& question, Violations& violations) {
  const v1::Manifest& m = request.manifest;
  const v1::ApprovalCommand& proposed = question.proposed();
  violations.Require(proposed.recipient_agency() == m.sender_agency(), "question.proposed.recipient_agency",
                     "is the asker's agency");
  violations.Require(proposed.subject() == m.subjects(0).number(), "question.proposed.subject", "is the request's");
  const auto& categories = m.question().categories();
  const bool asked = std::all_of(proposed.units().begin(), proposed.units().end(), [&](const v1::ApprovedUnit& unit) {
    return std::find(categories.begin(), categories.end(), unit.category()) != categories.end();
  });
  violations.Require(asked, "question.proposed.units", "are each of a category that was asked");
  violations.Require(question.profile() == m.profile() && question.purpose() == m.purpose() &&
                         question.board() == m.board() && question.area() == m.area(),
                     "question.profile", "stands with purpose, board and area as in the request");
  violations.Require(question.document_reference() == m.document_reference() &&
                         question.route() == policy::AskedRouteName(m.purpose(), m.document_reference()),
                     "question.document_reference", "stands with its route as in the request");
  violations.Require(std::equal(question.grounds().begin(), question.grounds().end(), m.subjects(0).grounds().begin(),
                                m.subjects(0).grounds().end()),
                     "question.grounds", "are the request's");
}

// Of a referral that waits nothing is here yet: what is asked must make sense by itself.
void CheckByItself(const v1::ApprovalQuestion& question, const World& world, Violations& violations) {
  const policy::Policy& policy = *world.bundle->policy;
  const v1::ApprovalCommand& proposed = question.proposed();
  violations.Require(Uuid::Parse(proposed.request_share_id()).ok(), "question.proposed.request_share_id",
                     "is a UUID in lowercase");
  violations.Require(policy.organisations.contains(proposed.recipient_agency()) &&
                         proposed.recipient_agency() != proposed.holder_agency(),
                     "question.proposed.recipient_agency", "is another agency of the policy");
  violations.Require(proposed.subject() >= 1 && proposed.subject() <= static_cast<uint32_t>(world.limits.subjects),
                     "question.proposed.subject", "is the number of a subject");
  const auto profile = policy.profiles.find(question.profile());
  violations.Require(profile != policy.profiles.end() && profile->second.purposes.contains(question.purpose()),
                     "question.profile", "is a profile of the policy with this purpose");
  violations.Require(question.route().empty() && question.document_reference().empty(), "question.document_reference",
                     "is of a request only");
  violations.Require(policy.areas.contains(question.area()), "question.area", "is an area of the policy");
  violations.Require(question.board().empty() || ledger::IsCode(question.board()), "question.board",
                     "is empty or a code without spaces");
  RequireCodes(question.grounds(), "question.grounds", violations);
  violations.Require(std::is_sorted(question.grounds().begin(), question.grounds().end()), "question.grounds",
                     "are sorted");
}

// `request`: null for a referral that waits.
absl::Status CheckQuestion(const v1::ApprovalQuestion& question, const StoredPart* request, const World& world,
                           absl::Time now) {
  Violations violations;
  const v1::ApprovalCommand& proposed = question.proposed();
  violations.Require(Uuid::Parse(proposed.approval_id()).ok(), "question.proposed.approval_id",
                     "is a UUID in lowercase");
  if (!violations.Require(AreApprovable(proposed.units(), *world.bundle->policy), "question.proposed.units",
                          "are 1 to 64, sorted, each a category and form of the policy"))
    return violations.ToStatus();
  if (request != nullptr)
    CheckAgainst(*request, question, violations);
  else
    CheckByItself(question, world, violations);
  const bool undecided = proposed.approver_agency().empty() && proposed.approver_person().empty() &&
                         !proposed.approved() && proposed.reason().empty();
  violations.Require(undecided, "question.proposed", "leaves the decision to the approver");
  const bool onward = question.role() == policy::kOriginator;
  violations.Require(onward || world.bundle->policy->board_roles.contains(question.role()), "question.role",
                     "is one that a board's owner appoints to, or the originator: other roles are the holder's own");
  violations.Require(onward ? request == nullptr && Uuid::Parse(question.received_share_id()).ok()
                            : question.received_share_id().empty(),
                     "question.received_share_id", "is of a referral's question to its originator");
  const absl::Time due = trust::FromTimestamp(question.due_time());
  violations.Require(due > now && LondonDay(due) <= policy::AddWorkingDays(*world.bundle->policy, LondonDay(now),
                                                                           kApprovalWorkingDays),
                     "question.due_time", "is within five working days");
  return violations.ToStatus();
}

// Agencies where somebody but who wants the release holds the role today. Where existence is secret the recipient's own
// are not asked: the question alone would tell them that there is something to agree to.
std::vector<std::string> AgenciesOf(const v1::ApprovalQuestion& question, const Release& release, const World& world,
                                    absl::Time now) {
  std::vector<std::string> agencies;
  for (const auto& [agency, directory] : world.directories) {
    if (question.role() == policy::kOriginator && agency != release.originator) continue;
    if (release.existence_sensitive && agency == release.recipient_agency) continue;
    const bool held = std::any_of(
        directory.people.begin(), directory.people.end(), [&, &name = agency](const policy::DirectoryEntry& entry) {
          const bool self = name == release.wanted_by_agency && entry.id == release.wanted_by_person;
          return !self && HoldsToday(world,
                                     {.agency = name,
                                      .person = entry.id,
                                      .role = policy::HeldAs(question.role()),
                                      .board = question.board(),
                                      .area = question.area()},
                                     now);
        });
    if (held) agencies.push_back(agency);
  }
  return agencies;
}

ledger::EntryDraft ApprovalDraft(absl::string_view step, ledger::Actor actor, const v1::ApprovalQuestion& question,
                                 absl::string_view approver_agency, absl::string_view approver, const Batch& batch) {
  const v1::ApprovalCommand& proposed = question.proposed();
  ledger::EntryDraft draft(step, actor);
  const bool own = approver_agency == proposed.holder_agency();
  draft.SetReleasing(proposed.holder_agency(), own ? approver : "");
  if (!own) draft.SetReceiving(approver_agency, approver);
  for (const v1::ApprovedUnit& unit : proposed.units())
    draft.AddCategory({.category = unit.category(), .asked = unit.form(), .outcome = "APPROVE", .form = ""});
  draft.SetPurpose(question.purpose(), question.profile(), question.board(), question.area())
      .SetRoute(question.route(), question.document_reference())
      .SetIds("", proposed.approval_id(), "");
  draft.SetOutcome("PENDING", {}, batch.world().policy_digest(), batch.world().register_digest);
  return draft;
}

absl::Status AskOne(const std::string& agency, const v1::AskApprovalRequest& request,
                    const v1::ApprovalQuestion& question, const Release& release, v1::AskApprovalResponse& response,
                    Batch& batch) {
  const ledger::EntryDraft draft =
      ApprovalDraft("approval_asked", ledger::Actor::kReleasing, question, agency, "", batch);
  const std::string asked =
      absl::StrCat("asked:", question.role(), ":", agency, ":", question.proposed().approval_id());
  ASSIGN_OR_RETURN(const std::vector<uint64_t> entries, EnterStepOf(release, question.proposed().holder_agency(),
                                                                    {.draft = draft, .as_kept = asked}, batch));
  if (response.agencies().empty() && !entries.empty()) response.mutable_receipt()->set_index(entries.front());
  response.add_agencies(agency);
  if (agency == question.proposed().holder_agency()) return absl::OkStatus();  // Its agent asks its own people itself.
  return batch.Deliver({.mailbox_agency = agency,
                        .share_id = "",
                        .kind = kMessageDelivery,
                        .payload = request.question().SerializeAsString(),
                        .entry_indexes = entries,
                        .create_time = batch.now()});
}

// Nobody holds the role, or the question is about an earlier policy. Where existence is secret only a holder that has
// something asks: a refusal, with its entry, would tell. There the question stands as one that nobody can answer.
absl::Status NobodyToAsk(const v1::ApprovalQuestion& question, const Release& release, Batch& batch) {
  if (!release.keeps_steps)
    return Refuse(absl::StatusCode::kFailedPrecondition, "APPROVER_UNKNOWN",
                  "nobody holds this role today for board and area");
  const v1::ApprovalCommand& proposed = question.proposed();
  const std::string kept = absl::StrCat("asked:", question.role(), "::", proposed.approval_id());
  return EnterStepOf(release, proposed.holder_agency(),
                     {.draft = ApprovalDraft("approval_asked", ledger::Actor::kReleasing, question, "", "", batch),
                      .as_kept = kept},
                     batch)
      .status();
}

absl::Status NotValid(absl::string_view why) {
  return Refuse(absl::StatusCode::kFailedPrecondition, "APPROVAL_NOT_VALID", why);
}

// The question that an approval answers, while nobody answered it.
absl::StatusOr<v1::ApprovalQuestion> OpenQuestion(const v1::ApprovalCommand& command, Batch& batch) {
  ASSIGN_OR_RETURN(const std::optional<store::ApprovalRow> row, batch.read().FindApproval(command.approval_id()));
  if (!row.has_value()) return NotValid("the approval was not asked for");
  if (row->state != store::ApprovalState::kAsked) return NotValid("the approval was given before");
  if (row->expire_time <= batch.now()) return NotValid("the time for the approval is over");
  v1::ApprovalQuestion question;
  if (!question.ParseFromString(row->question)) return absl::DataLossError("a stored question does not parse");
  if (!SameProposal(question.proposed(), command) || question.role() != command.approver_role())
    return NotValid("the approval is not the one that was asked for");
  if (trust::FromTimestamp(command.expire_time()) >
      trust::FromTimestamp(question.due_time()))  // As signed: the row's is cut to ms.
    return NotValid("the approval would outlast its question");
  return question;
}

absl::Status JudgeGiven(const Caller& caller, const CheckedApproval& approval, const Release& release, Batch& batch) {
  if (approval.command.approver_agency() != caller.agency()) return NotValid("the approval is another agency's");
  switch (JudgeSigner(approval, release, batch)) {
    case SignerVerdict::kCounts:
      return absl::OkStatus();
    case SignerVerdict::kSelf:
      return Refuse(absl::StatusCode::kPermissionDenied, "SELF_APPROVAL_FORBIDDEN",
                    "nobody approves what they want released");
    case SignerVerdict::kNotValid:
      break;
  }
  return NotValid("the signer does not hold the role today, was revoked, or the approval lapsed");
}

// What was decided, as it is kept.
std::string AsKept(const v1::ApprovalCommand& command) {
  const std::string by = absl::StrCat(command.approver_role(), ":", command.approver_agency(), ":",
                                      command.approver_person(), ":", command.approval_id());
  return command.approved() ? absl::StrCat("agreed:", by) : absl::StrCat("refused:", by, ":", command.reason());
}

// A referral that waits, with who is asked about what of it goes onward.
absl::StatusOr<Release> WaitingRelease(const v1::ApprovalQuestion& question, Batch& batch) {
  Release release = ReleaseOf(question, batch.world());
  if (question.role() != policy::kOriginator) return release;
  ASSIGN_OR_RETURN(release.originator,
                   OriginatorOf(question.received_share_id(), question.proposed().holder_agency(), batch));
  return release;
}

// What a question is about, once it says nothing but what it may.
absl::StatusOr<Release> CheckedRelease(const v1::ApprovalQuestion& question, Batch& batch) {
  const v1::ApprovalCommand& proposed = question.proposed();
  const World& world = batch.world();
  if (question.acting_person().empty()) {
    ASSIGN_OR_RETURN(const StoredPart asked, LoadRequest(proposed.request_share_id(), proposed.holder_agency(), batch));
    RETURN_IF_ERROR(CheckQuestion(question, &asked, world, batch.now()));
    return ReleaseOf(asked);
  }
  if (!PersonMay(world, proposed.holder_agency(), question.acting_person(), "push_referral", question.area(),
                 batch.now()))
    return Refuse(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED",
                  "the acting person may not send a referral in this area today");
  RETURN_IF_ERROR(CheckQuestion(question, nullptr, world, batch.now()));
  ASSIGN_OR_RETURN(const std::optional<store::ShareRow> sent, batch.read().FindShare(proposed.request_share_id()));
  if (sent.has_value())
    return Refuse(absl::StatusCode::kAborted, "REQUEST_ID_REUSED", "the referral that would wait was sent already");
  return WaitingRelease(question, batch);
}

// What a question that was asked is about, as things stand.
absl::StatusOr<Release> ReleaseNow(const v1::ApprovalQuestion& question, Batch& batch) {
  if (!question.acting_person().empty()) return WaitingRelease(question, batch);
  const v1::ApprovalCommand& proposed = question.proposed();
  ASSIGN_OR_RETURN(const StoredPart asked, LoadRequest(proposed.request_share_id(), proposed.holder_agency(), batch));
  return ReleaseOf(asked);
}

}  // namespace

absl::Status AskApproval(const Caller& caller, const v1::AskApprovalRequest& request, v1::AskApprovalResponse& response,
                         Batch& batch) {
  v1::ApprovalQuestion question;
  Violations violations;
  violations.Require(Uuid::Parse(request.request_id()).ok(), "request_id", "is a UUID in lowercase");
  violations.Require(question.ParseFromString(request.question().payload()) && question.has_proposed(), "question",
                     "is a signed ApprovalQuestion");
  RETURN_IF_ERROR(violations.ToStatus());
  const Sha256Digest digest = trust::Sha256(request.question().payload());
  ASSIGN_OR_RETURN(const bool before, Answered(caller, "AskApproval", request.request_id(), digest, response, batch));
  if (before) return absl::OkStatus();
  if (question.proposed().holder_agency() != caller.agency())
    return Refuse(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED", "a holder asks for its own releases only");
  RETURN_IF_ERROR(
      CheckSigned(batch.world(), caller.agency(), request.question(), trust::kApprovalQuestionType, batch.now()));
  ASSIGN_OR_RETURN(const Release release, CheckedRelease(question, batch));
  const bool outdated = question.proposed().policy_digest() != batch.world().bundle->policy_digest;
  if (outdated && !release.keeps_steps)
    return Refuse(absl::StatusCode::kFailedPrecondition, "POLICY_CHANGED", "the question is about another policy");
  ASSIGN_OR_RETURN(const std::optional<store::ApprovalRow> known,
                   batch.read().FindApproval(question.proposed().approval_id()));
  if (known.has_value()) return Refuse(absl::StatusCode::kAborted, "REQUEST_ID_REUSED", "the approval id is taken");
  const std::vector<std::string> agencies =
      outdated ? std::vector<std::string>() : AgenciesOf(question, release, batch.world(), batch.now());
  if (agencies.empty()) RETURN_IF_ERROR(NobodyToAsk(question, release, batch));
  for (const std::string& agency : agencies)
    RETURN_IF_ERROR(AskOne(agency, request, question, release, response, batch));
  RETURN_IF_ERROR(batch.write().PutApproval({.approval_id = question.proposed().approval_id(),
                                             .holder_agency = caller.agency(),
                                             .share_id = release.share_id,
                                             .state = store::ApprovalState::kAsked,
                                             .question = question.SerializeAsString(),
                                             .expire_time = trust::FromTimestamp(question.due_time())}));
  return Remember(caller, "AskApproval", request.request_id(), digest, response, batch.now() + kRemembered, batch);
}

absl::Status GiveApproval(const Caller& caller, const v1::GiveApprovalRequest& request, const CheckedApproval& approval,
                          v1::GiveApprovalResponse& response, Batch& batch) {
  RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  const v1::ApprovalCommand& command = approval.command;
  const Sha256Digest digest = trust::Sha256(request.approval().command().payload());
  ASSIGN_OR_RETURN(const bool before, Answered(caller, "GiveApproval", request.request_id(), digest, response, batch));
  if (before) return absl::OkStatus();
  ASSIGN_OR_RETURN(const v1::ApprovalQuestion question, OpenQuestion(command, batch));
  ASSIGN_OR_RETURN(const Release release, ReleaseNow(question, batch));
  RETURN_IF_ERROR(JudgeGiven(caller, approval, release, batch));
  v1::ApprovalQuestion given = question;  // The units are those agreed to, which may be fewer than were asked.
  *given.mutable_proposed() = command;
  ledger::EntryDraft draft = ApprovalDraft("approval", ledger::Actor::kReceiving, given, command.approver_agency(),
                                           command.approver_person(), batch);
  const std::vector<std::string> reasons =
      command.approved() ? std::vector<std::string>() : std::vector<std::string>{command.reason()};
  draft.SetOutcome(command.approved() ? "PERMIT" : "DENY", reasons, batch.world().policy_digest(),
                   batch.world().register_digest);
  draft.SetManifestDigest(digest);
  ASSIGN_OR_RETURN(const std::vector<uint64_t> entries,
                   EnterStepOf(release, command.holder_agency(), {.draft = draft, .as_kept = AsKept(command)}, batch));
  RETURN_IF_ERROR(batch.write().PutApproval(
      {.approval_id = command.approval_id(),
       .holder_agency = command.holder_agency(),
       .share_id = command.request_share_id(),
       .state = command.approved() ? store::ApprovalState::kGiven : store::ApprovalState::kRefused,
       .question = question.SerializeAsString(),
       .expire_time = trust::FromTimestamp(question.due_time())}));
  RETURN_IF_ERROR(batch.Deliver({.mailbox_agency = command.holder_agency(),
                                 .share_id = "",
                                 .kind = kApprovalDelivery,
                                 .payload = request.approval().SerializeAsString(),
                                 .entry_indexes = entries,
                                 .create_time = batch.now()}));
  if (!entries.empty()) response.mutable_receipt()->set_index(entries.front());
  return Remember(caller, "GiveApproval", request.request_id(), digest, response, batch.now() + kRemembered, batch);
}

}  // namespace derwent::exchange
