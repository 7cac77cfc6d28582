#include "agents/daemon/holding/holder.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "agents/daemon/context/at_once.h"
#include "agents/daemon/context/fault.h"
#include "agents/daemon/context/known_by.h"
#include "agents/daemon/context/restrictions.h"
#include "agents/daemon/context/sealing.h"
#include "agents/daemon/holding/declared.h"
#include "agents/daemon/holding/slot.h"
#include "agents/daemon/holding/standing_approvals.h"
#include "agents/daemon/sending/asked_approvals.h"
#include "agents/sdk/channel/rpc_error.h"
#include "policy/loader/asked_table.h"
#include "policy/loader/emergency.h"
#include "policy/loader/record.h"
#include "trust/base/status_macros.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {
namespace {

v1::HeldRequest DetailsOf(const v1::Manifest& selector, absl::Time now) {
  v1::HeldRequest details;
  details.set_request_id(selector.share_id());
  details.set_asker_agency(selector.sender_agency());
  details.set_acting_person(selector.question().acting_person());
  details.set_role(selector.question().role());
  details.set_profile(selector.profile());
  details.set_purpose(selector.purpose());
  details.set_board(selector.board());
  details.set_area(selector.area());
  details.set_case_id(selector.case_id());
  details.set_document_reference(selector.document_reference());
  details.set_state("WAITING");
  for (const std::string& category : selector.question().categories()) {
    v1::HeldCategory& added = *details.add_categories();
    added.set_category(category);
    added.set_outcome("PENDING");
  }
  *details.mutable_receive_time() = trust::ToTimestamp(now);
  return details;
}

// What the selector's units say of the person, as one record.
v1::CaseRecord SelectorRecord(const std::vector<v1::UnitContent>& units) {
  v1::CaseRecord record;
  for (const v1::UnitContent& unit : units) {
    // A unit's facts have the field number of their category in both messages.
    const auto* facts = unit.GetDescriptor()->FindFieldByNumber(unit.content_case());
    const auto* field = facts == nullptr ? nullptr : record.GetDescriptor()->FindFieldByName(facts->name());
    if (field == nullptr || field->is_repeated() || field->message_type() != facts->message_type()) continue;
    record.GetReflection()->MutableMessage(&record, field)->MergeFrom(unit.GetReflection()->GetMessage(unit, facts));
  }
  for (const v1::IdentityFact& fact : record.identity().facts()) {
    if (record.date_of_birth().empty()) record.set_date_of_birth(fact.date_of_birth());
  }
  return record;
}

}  // namespace

// Whom a request is about; of one for counts alone, which is about nobody, the agency's tables.
absl::StatusOr<std::optional<v1::CaseRecord>> Holder::RecordFor(const v1::Manifest& selector,
                                                                const std::vector<v1::UnitContent>& units) {
  return policy::AsksForCountsAlone(selector.question()) ? parts_.records.Counts()
                                                         : parts_.records.Find(SelectorRecord(units));
}

bool Holder::IsPending(const v1::HeldRequest& details, const std::string& category) {
  const auto found = std::ranges::find(details.categories(), category, &v1::HeldCategory::category);
  return found != details.categories().end() && found->outcome() == "PENDING";
}

bool Holder::IsOpen(const v1::HeldRequest& details) {
  return std::ranges::any_of(details.categories(),
                             [](const v1::HeldCategory& category) { return category.outcome() == "PENDING"; });
}

absl::StatusOr<HeldRow> Holder::Take(const v1::Manifest& selector) {
  HeldRow row{.request_id = selector.share_id(), .next_time = context_.clock.Now()};
  ASSIGN_OR_RETURN(row.details, SealForStore(context_.identity, row.request_id,
                                             DetailsOf(selector, row.next_time).SerializeAsString(), context_.random));
  // The own data protection officer is told at once, whatever comes of it.
  if (policy::IsEmergency(selector.purpose()))
    context_.Alarm("EMERGENCY_ASKED", selector.share_id(), selector.sender_agency());
  return row;
}

absl::StatusOr<v1::HeldRequest> Holder::Describe(const HeldRow& row) const {
  ASSIGN_OR_RETURN(const std::string plain, OpenFromStore(context_.identity, row.request_id, row.details));
  v1::HeldRequest details;
  if (!details.ParseFromString(plain)) return absl::DataLossError("kept details do not parse");
  return details;
}

absl::StatusOr<Holder::Standing> Holder::Load(const HeldRow& row, const InboxRow& received) {
  Standing standing{.row = row, .received = received};
  ASSIGN_OR_RETURN(standing.details, Describe(row));
  v1::Manifest& selector = standing.inquiry.selector;
  if (!selector.ParseFromString(standing.received.manifest))
    return absl::DataLossError("a kept manifest does not parse");
  standing.answer_time = selector.question().has_answer_time() ? trust::FromTimestamp(selector.question().answer_time())
                                                               : absl::InfinitePast();
  standing.expire_time = trust::FromTimestamp(selector.expire_time());
  return standing;
}

absl::Status Holder::FindRecord(Standing& standing, bool& vetoed) {
  // Also when nobody is held: else only who is held would fare otherwise.
  RETURN_IF_ERROR(parts_.records.Ready());
  vetoed = false;
  if (standing.received.content.empty()) return absl::OkStatus();  // Nobody was found, or all is said.
  ASSIGN_OR_RETURN(const std::string plain,
                   OpenFromStore(context_.identity, standing.row.request_id, standing.received.content));
  v1::ReceivedReferral kept;
  if (!kept.ParseFromString(plain)) return absl::DataLossError("kept content does not parse");
  standing.inquiry.justification = kept.justification();
  std::vector<v1::UnitContent> units;
  for (const v1::OpenedUnit& unit : kept.units()) units.push_back(unit.content());
  ASSIGN_OR_RETURN(standing.record, RecordFor(standing.inquiry.selector, units));
  if (!standing.details.matched()) KeepMatch(standing);
  if (!standing.record.has_value()) return absl::OkStatus();
  standing.about = AboutWhom(*standing.record, SelectorRecord(units), context_);
  ASSIGN_OR_RETURN(vetoed, context_.state.StoppedHere(standing.about));
  if (vetoed) {  // Nothing that leaves rests on it, its references included.
    standing.record.reset();
    standing.about.clear();
  }
  return absl::OkStatus();
}

// Whom the asker may not know to be held is nobody from then on.
void Holder::KeepMatch(Standing& standing) const {
  standing.first_look = true;
  const std::string& asker = standing.inquiry.selector.question().acting_person();
  if (standing.record.has_value() && !MaySee(*standing.record, asker)) standing.record.reset();
  if (!standing.record.has_value()) return;
  standing.details.set_matched(true);
  standing.details.set_record_ref(standing.record->record_ref());
}

absl::Status Holder::Decide(Standing& standing) {
  const auto view = context_.policy.view();
  if (view == nullptr) return absl::UnavailableError("no policy was verified yet");
  standing.policy_digest = view->bundle->policy_digest;
  ASSIGN_OR_RETURN(standing.decision,
                   DecideAnswer(standing.inquiry, standing.record.has_value() ? &*standing.record : nullptr,
                                view->snapshot(), context_.clock.Now(), context_.identity.contact, context_.random));
  standing.details.set_route(std::string(policy::RouteName(standing.decision.asker_side.route)));
  return absl::OkStatus();
}

absl::Status Holder::LookUp(Standing& standing) {
  bool vetoed = false;  // By this agency's own officer.
  RETURN_IF_ERROR(FindRecord(standing, vetoed));
  RETURN_IF_ERROR(Decide(standing));
  if (vetoed) Veto(standing.decision);
  if (std::ranges::any_of(standing.decision.lines, [](const AnswerLine& line) {
        return line.reasons == std::vector<std::string>{kNotSendable};
      }))
    context_.Alarm(kAnswerNotMade, standing.row.request_id, "");
  if (policy::IsEmergency(standing.inquiry.selector.purpose())) {
    ASSIGN_OR_RETURN(const bool declared, IsDeclared(standing.inquiry.selector, context_));
    if (!declared) WithholdAll(standing.decision, "EMERGENCY_NOT_DECLARED");
  }
  ASSIGN_OR_RETURN(standing.approvals, parts_.requests.ApprovalsOf(standing.row.request_id));
  DropStale(standing.decision, standing.policy_digest, standing.approvals);
  return absl::OkStatus();
}

absl::Status Holder::Work() {
  // What an approver is waited for may not be answered at all any more.
  if (fresh_look_.IsDue(context_.policy, context_.clock.Now()))
    RETURN_IF_ERROR(parts_.requests.WakeAllHeld(context_.clock.Now()));
  ASSIGN_OR_RETURN(const std::vector<HeldRow> due, parts_.requests.HeldDue(context_.clock.Now()));
  if (due.empty()) return absl::OkStatus();
  // Under no older policy or register than the broker let the asker ask by: a refusal under one would be told for good,
  // and an answer be made a second time.
  const absl::Status policy = parts_.upkeep.SyncPolicy();
  if (WorthRetrying(policy)) return policy;
  const absl::Status directories = parts_.upkeep.SyncDirectories();
  if (WorthRetrying(directories)) return directories;
  Mutex mutex;
  absl::Status first;
  const absl::Status tried = AtOnce(due.size(), [&](size_t i) -> absl::Status {
    const absl::Status done = WorkOn(due[i]);
    if (done.ok()) return done;
    {
      const MutexLock lock(mutex);
      if (first.ok()) first = done;
    }
    context_.log.Failure("a request was not worked on", done, {{"share", due[i].request_id}});
    return parts_.requests.WakeHeld(due[i].request_id, context_.clock.Now() + kHolderAgain);
  });
  return first.ok() ? tried : first;
}

absl::Status Holder::WorkOn(const HeldRow& due) {
  const KeyedLock::Hold hold(working_, due.request_id);
  ASSIGN_OR_RETURN(const std::optional<HeldRow> row, parts_.requests.FindHeld(due.request_id));
  if (!row.has_value() || row->next_time > context_.clock.Now()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::optional<InboxRow> received, context_.state.FindReceived(due.request_id));
  if (!received.has_value()) return absl::OkStatus();  // Just being taken; who takes it rings when it has.
  ASSIGN_OR_RETURN(Standing standing, Load(*row, *received));
  if (context_.clock.Now() >= standing.expire_time) return Expire(standing);
  ASSIGN_OR_RETURN(const bool acknowledged, parts_.postman.HasAcknowledged(due.request_id));
  if (!acknowledged) return absl::OkStatus();  // Likewise.
  const absl::Status done = Proceed(standing);
  return done.ok() ? done : InSpiteOf(done, *row, *received);
}

absl::Status Holder::Proceed(Standing& standing) {
  if (standing.details.neutral() && !standing.details.has_answer_time())
    return AnswerNeutrally(standing, absl::InfiniteFuture());
  RETURN_IF_ERROR(LookUp(standing));
  // What is due is answered first: to ask takes time, and only who has something asks.
  if (!IsDueSilently(standing)) RETURN_IF_ERROR(AskApprovers(standing));
  const Verdicts verdicts = VerdictsOf(standing.approvals, standing.policy_digest);
  return standing.details.has_answer_time() ? Supplement(standing, verdicts) : Answer(standing, verdicts);
}

bool Holder::IsDueSilently(const Standing& standing) const {
  return standing.inquiry.selector.existence_sensitive() && !standing.details.has_answer_time() &&
         context_.clock.Now() >= standing.answer_time - kAnswerLead;
}

absl::Status Holder::Expire(Standing& standing) {
  for (v1::HeldCategory& category : *standing.details.mutable_categories()) {
    if (category.outcome() == "PENDING") category.set_outcome("WITHHELD");
  }
  if (!standing.details.has_answer_time()) standing.details.set_state("EXPIRED");
  RETURN_IF_ERROR(LapseAll(standing.row.request_id, parts_.requests));
  RETURN_IF_ERROR(context_.state.EraseReceived(standing.row.request_id));
  return Save(standing, absl::InfiniteFuture(), std::nullopt);
}

absl::Status Holder::Answer(Standing& standing, const Verdicts& verdicts) {
  const bool silent = standing.inquiry.selector.existence_sensitive();
  const absl::Time now = context_.clock.Now();
  if (silent) {
    if (!IsDueSilently(standing)) return Save(standing, standing.answer_time - kAnswerLead, std::nullopt);
    // Everything in it is the slot's: when it was made and sent tells nothing.
    const absl::Time slot = SlotOf(standing.answer_time, now);
    ASSIGN_OR_RETURN(const Sealed answer,
                     Seal(standing, v1::PACKAGE_KIND_ANSWER,
                          SilentAnswer(standing.inquiry, standing.decision, verdicts, slot), slot));
    *standing.details.mutable_answer_time() = trust::ToTimestamp(slot);
    standing.details.set_state("ANSWERED");
    return Settle(standing, verdicts, answer, /*silently=*/true);
  }
  std::set<std::string> waits;
  bool gives = false;
  for (const AnswerLine& line : standing.decision.lines) {
    const std::string outcome = OutcomeOf(line, verdicts);
    gives = gives || outcome == "RELEASED";
    if (outcome == "PENDING") waits.insert(line.approvers.begin(), line.approvers.end());
  }
  if (!waits.empty() && !gives) {
    if (standing.details.state() == "WAITING") {
      RETURN_IF_ERROR(parts_.postman.QueueProgress(
          standing.received,
          {.state = v1::PROGRESS_STATE_AWAITING_APPROVAL, .reason = absl::AsciiStrToUpper(*waits.begin())}));
      standing.details.set_state("AWAITING_APPROVAL");
    }
    return Save(standing, NextOf(standing), std::nullopt);
  }
  ASSIGN_OR_RETURN(const Sealed answer, Seal(standing, v1::PACKAGE_KIND_ANSWER,
                                             ExplainedAnswer(standing.inquiry, standing.decision, verdicts, now), now));
  *standing.details.mutable_answer_time() = trust::ToTimestamp(now);
  standing.details.set_state("ANSWERED");
  return Settle(standing, verdicts, answer, /*silently=*/false);
}

// A supplement is nothing before its answer, which may still wait for the slot.
absl::Time Holder::FollowsFrom(const Standing& standing) const {
  return std::max(context_.clock.Now(), trust::FromTimestamp(standing.details.answer_time()));
}

absl::Status Holder::Supplement(Standing& standing, const Verdicts& verdicts) {
  const bool silent = standing.inquiry.selector.existence_sensitive();
  std::vector<std::string> settled;
  for (const AnswerLine& line : standing.decision.lines) {
    const std::string outcome = OutcomeOf(line, verdicts);
    const bool tell =
        outcome == "RELEASED" || (outcome == "WITHHELD" && !silent);  // Where existence is secret a refusal is silence.
    if (IsPending(standing.details, line.category) && tell) settled.push_back(line.category);
  }
  std::optional<Sealed> supplement;
  if (!settled.empty()) {
    const absl::Time from = FollowsFrom(standing);
    const PackageRecipient reply = SupplementTo(standing.inquiry, standing.decision, verdicts, settled, from);
    ASSIGN_OR_RETURN(supplement, Seal(standing, v1::PACKAGE_KIND_SUPPLEMENT, reply, from));
  }
  return Settle(standing, verdicts, supplement, /*silently=*/false);
}

absl::StatusOr<Holder::Sealed> Holder::Seal(const Standing& standing, v1::PackageKind kind,
                                            const PackageRecipient& reply, absl::Time create_time) {
  ASSIGN_OR_RETURN(const Sha256Digest digest, Sha256Digest::FromBytes(standing.policy_digest));
  const std::string share = context_.random.NewUuid().text();
  v1::SubmitCaseAnswerRequest submit;
  submit.set_request_id(share);
  ASSIGN_OR_RETURN(*submit.mutable_submission(),
                   SealFor(ReplyHead(standing.inquiry, kind, share, digest, create_time), reply, context_));
  const bool silent = reply.existence_sensitive && kind == v1::PACKAGE_KIND_ANSWER;
  const auto view = context_.policy.view();
  const auto profile = view->bundle->policy->profiles.find(standing.inquiry.selector.profile());
  const auto key = profile == view->bundle->policy->profiles.end()
                       ? context_.identity.reference_keys.end()
                       : context_.identity.reference_keys.find(profile->second.enclave);
  if (key != context_.identity.reference_keys.end() && (silent || standing.record.has_value())) {
    const v1::CaseRecord* record = standing.record.has_value() ? &*standing.record : nullptr;
    v1::SubjectReferences& references = *submit.add_references();
    references.set_subject(1);
    for (std::string& reference : AnswerReferences(record, key->second, silent, context_.random))
      references.add_references(std::move(reference));
  }
  for (v1::SignedApproval& approval : ApprovalsFor(reply, standing.approvals, standing.policy_digest))
    *submit.add_approvals() = std::move(approval);
  for (v1::DeclinedApproval& declined : DeclinedOf(standing.approvals, *view->bundle->policy))
    *submit.add_declined() = std::move(declined);
  return Sealed{.row = {.share_id = share,
                        .request_id = standing.row.request_id,
                        .submit = submit.SerializeAsString(),
                        .not_before = create_time,
                        .state = "QUEUED",
                        .about = standing.about,
                        .emergency = policy::IsEmergency(standing.inquiry.selector.purpose())},
                .manifest = submit.submission().package().manifest().payload()};
}

absl::Status Holder::Settle(Standing& standing, const Verdicts& verdicts, const std::optional<Sealed>& answer,
                            bool silently) {
  std::set<std::string> given;  // By this answer.
  for (v1::HeldCategory& category : *standing.details.mutable_categories()) {
    const auto line = std::ranges::find(standing.decision.lines, category.category(), &AnswerLine::category);
    if (category.outcome() != "PENDING" || line == standing.decision.lines.end()) continue;
    const std::string outcome = OutcomeOf(*line, verdicts);
    const bool later = outcome == "RELEASED" && silently && !GivenSilently(*line, standing.decision, verdicts);
    if (outcome == "RELEASED" && !later) given.insert(category.category());
    category.set_outcome(later ? "PENDING" : outcome);
    category.set_form(outcome == "WITHHELD" ? "" : line->form);
    category.mutable_reasons()->Assign(line->reasons.begin(), line->reasons.end());
    category.mutable_approvers()->Assign(line->approvers.begin(), line->approvers.end());
  }
  if (answer.has_value()) RETURN_IF_ERROR(KeepGiven(standing, answer->row, std::move(given)));
  // After a silent answer: what does not fit it follows, and approvers are asked what they were not.
  const absl::Time next = !IsOpen(standing.details) ? absl::InfiniteFuture()
                          : silently                ? context_.clock.Now()
                                                    : NextOf(standing);
  if (!IsOpen(standing.details) && !answer.has_value())
    RETURN_IF_ERROR(context_.state.EraseReceived(standing.row.request_id));
  return Save(standing, next, answer);
}

// Of whom the asker was told, and what: by this a person's rights find it.
absl::Status Holder::KeepGiven(const Standing& standing, const AnswerRow& answer, std::set<std::string> given) {
  if (given.empty() || !standing.record.has_value()) return absl::OkStatus();
  std::vector<GivenPerson> persons;
  for (std::string& digest : KnownBy(*standing.record, context_))
    persons.push_back({.digest = std::move(digest), .share_id = answer.share_id, .subject = 1});
  return context_.state.KeepGiven({{.share_id = answer.share_id,
                                    .request_id = answer.request_id,
                                    .recipient = standing.inquiry.selector.sender_agency(),
                                    .subject = 1,
                                    .categories = {given.begin(), given.end()},
                                    .source_share_id = "",
                                    .onward = {}}},
                                  persons);
}

absl::Status Holder::Save(const Standing& standing, absl::Time next_time, const std::optional<Sealed>& answer) {
  HeldRow row{.request_id = standing.row.request_id, .next_time = next_time};
  ASSIGN_OR_RETURN(row.details, SealForStore(context_.identity, row.request_id, standing.details.SerializeAsString(),
                                             context_.random));
  const bool matched = standing.details.matched();
  return context_.state.Together([&](Changes& changes) -> absl::Status {
    if (standing.first_look) {
      RETURN_IF_ERROR(changes.LogAccess("", row.request_id, matched ? "record matched" : "no record"));
      if (!matched) RETURN_IF_ERROR(changes.EraseReceived(row.request_id));
    }
    if (!answer.has_value()) return changes.UpdateHeld(row, std::nullopt);
    RETURN_IF_ERROR(changes.UpdateHeld(row, answer->row));
    return KeepSent(answer->row.share_id, standing.inquiry.selector.sender_agency(), answer->manifest, changes);
  });
}

absl::Status Holder::Cancelled(const std::string& request_id) {
  const KeyedLock::Hold hold(working_, request_id);
  ASSIGN_OR_RETURN(const std::optional<HeldRow> row, parts_.requests.FindHeld(request_id));
  if (!row.has_value()) return absl::OkStatus();
  Standing standing{.row = *row};
  ASSIGN_OR_RETURN(standing.details, Describe(*row));
  standing.details.set_state("CANCELLED");
  RETURN_IF_ERROR(LapseAll(request_id, parts_.requests));
  ASSIGN_OR_RETURN(const std::vector<std::string> waiting, parts_.requests.WaitingAnswers(request_id));
  for (const std::string& share : waiting) RETURN_IF_ERROR(parts_.requests.SettleAnswer(share, "REFUSED"));
  return Save(standing, absl::InfiniteFuture(), std::nullopt);
}

}  // namespace derwent::agents
