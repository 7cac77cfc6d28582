// What comes back on a request: whether it answers it, who may open it, and when it is erased.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "agents/daemon/asking/asker.h"
#include "agents/daemon/context/entitlement.h"
#include "agents/daemon/context/fault.h"
#include "agents/daemon/context/under_restriction.h"
#include "agents/sdk/approval.h"
#include "agents/sdk/channel/rpc_error.h"
#include "agents/sdk/inquiry.h"
#include "agents/sdk/lets_in.h"
#include "agents/sdk/neutral_unit.h"
#include "policy/loader/asked_route.h"
#include "policy/loader/emergency.h"
#include "trust/base/status_macros.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {
namespace {

// What an emergency brought is kept 24 hours.
bool IsOver(const AskedRow& row, absl::Time now) {
  v1::Manifest selector;
  return selector.ParseFromString(row.manifest) && policy::IsEmergency(selector.purpose()) &&
         trust::FromTimestamp(selector.expire_time()) <= now;
}

// Nothing more of it will have to be erased: it is of no emergency, or over for as long as an answer may be on its way.
bool IsSettled(const AskedRow& row, absl::Time now) {
  constexpr absl::Duration kOnItsWay = absl::Hours(24 * 30);
  v1::Manifest selector;
  return !selector.ParseFromString(row.manifest) || !policy::IsEmergency(selector.purpose()) ||
         trust::FromTimestamp(selector.expire_time()) + kOnItsWay <= now;
}

// The holder's lists name persons of either agency, by their opaque ids.
bool MayOpen(const v1::OpenedAnswer& answer, const std::string& person) {
  return LetsIn(answer.only_persons(), answer.excluded_persons(), person);
}

// The answer as of a holder that holds nothing.
void Neutralise(v1::OpenedAnswer& answer) {
  for (v1::OpenedUnit& unit : *answer.mutable_units())
    *unit.mutable_content() = NeutralUnit(unit.content().category(), unit.content().form(), answer.agency());
}

// What hangs on the person, and so on who may open it, is not in the states: the answer of a holder, at its slot.
void HideSupplements(const v1::Manifest& selector, v1::RequestHolder& holder) {
  if (holder.answer_share_ids().empty()) return;
  holder.mutable_answer_share_ids()->DeleteSubrange(1, holder.answer_share_ids_size() - 1);
  *holder.mutable_update_time() = selector.question().answer_time();
}

// What its holder put under restriction is stored only.
absl::Status LeaveOutRestricted(v1::OpenedAnswer& answer, State& state) {
  ASSIGN_OR_RETURN(const UnderRestriction restriction, RestrictionOn(answer.share_id(), state));
  answer.mutable_restricted_categories()->Assign(restriction.categories.begin(), restriction.categories.end());
  auto& units = *answer.mutable_units();
  for (int i = units.size() - 1; i >= 0; --i) {
    if (restriction.closed.contains(units[i].content().category())) units.DeleteSubrange(i, 1);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Asker::Judge(const v1::Manifest& answer) {
  const auto view = context_.policy.view();
  if (view == nullptr) return absl::UnavailableError("policy and directories were not verified yet");
  ASSIGN_OR_RETURN(const std::string sent,
                   parts_.requests.SelectorOf(answer.reply_to_share_id(), answer.sender_agency()));
  v1::Manifest selector;
  if (sent.empty() || !selector.ParseFromString(sent))
    return absl::InvalidArgumentError("the answer is to no request of this agency to its sender");
  return CheckAnswer(answer, selector, view->snapshot(), context_.clock.Now());
}

v1::OpenedAnswer Asker::Kept(const OpenedPackage& opened,
                             const google::protobuf::RepeatedPtrField<v1::Receipt>& receipts) {
  const v1::Manifest& manifest = opened.manifest;
  v1::OpenedAnswer kept;
  kept.set_share_id(manifest.share_id());
  kept.set_agency(manifest.sender_agency());
  kept.set_kind(manifest.kind());
  for (const VerifiedUnit& unit : opened.units) {
    v1::OpenedUnit& added = *kept.add_units();
    added.set_subject(unit.subject);
    added.set_role(manifest.subjects(0).role());
    *added.mutable_content() = unit.content;
  }
  // Where existence is secret the ring explains nothing: what a holder puts there all the same is not shown.
  if (!manifest.existence_sensitive()) kept.mutable_answers()->Assign(opened.answers.begin(), opened.answers.end());
  *kept.mutable_obligations() = manifest.obligations();
  kept.set_marking(manifest.marking());
  *kept.mutable_receipts() = receipts;
  kept.mutable_excluded_persons()->Assign(opened.excluded_persons.begin(), opened.excluded_persons.end());
  kept.mutable_only_persons()->Assign(opened.only_persons.begin(), opened.only_persons.end());
  return kept;
}

absl::Status Asker::Take(const v1::Manifest& answer, Changes& changes) {
  return changes.AddReply(answer.reply_to_share_id(), answer.share_id());
}

absl::StatusOr<v1::SentRequest> Asker::Describe(const AskedRow& row) {
  v1::SentRequest request;
  request.set_request_id(row.request_id);
  request.set_request_ref(row.request_ref);
  request.set_acting_person(row.acting_person);
  request.set_state(row.state);
  request.set_reason(row.reason);
  *request.mutable_create_time() = trust::ToTimestamp(row.create_time);
  v1::Manifest manifest;
  if (!manifest.ParseFromString(row.manifest)) return absl::DataLossError("a kept manifest does not parse");
  request.set_profile(manifest.profile());
  request.set_case_id(manifest.case_id());
  request.set_document_reference(manifest.document_reference());
  if (manifest.has_expire_time()) *request.mutable_expire_time() = manifest.expire_time();
  if (row.state != "STORED" && row.state != "CANCELLED") return request;
  v1::GetCaseRequestRequest get;
  get.set_name(absl::StrCat("agencies/", context_.identity.agency, "/caseRequests/", row.request_id));
  absl::StatusOr<v1::CaseRequest> known = context_.broker.GetCaseRequest(get);
  if (!known.ok()) return request;
  *request.mutable_holders() = std::move(*known->mutable_holders());
  if (!known->existence_sensitive()) return request;
  for (v1::RequestHolder& holder : *request.mutable_holders()) HideSupplements(manifest, holder);
  return request;
}

const absl::StatusOr<v1::Case>& Asker::CaseOf(const std::string& case_id, KnownCases& cases) {
  const auto known = cases.find(case_id);
  if (known != cases.end()) return known->second;
  v1::GetCaseRequest get;
  get.set_name(absl::StrCat("cases/", case_id));
  return cases.emplace(case_id, context_.broker.GetCase(get)).first->second;
}

absl::StatusOr<bool> Asker::MaySee(const AskedRow& row, const std::string& person, KnownCases& cases) {
  v1::Manifest manifest;
  if (!manifest.ParseFromString(row.manifest)) return absl::DataLossError("a kept manifest does not parse");
  if (context_.policy.view() == nullptr) return absl::UnavailableError("policy and directories were not verified yet");
  const auto holds = [&](const std::string& role) {
    const std::string& board = policy::AskedBoard(manifest.board(), manifest.profile());
    return HoldsToday(person, {.role = role, .board = board, .area = manifest.area()}, context_);
  };
  // Of one that was refused there is nothing to see but why: who asked may, whatever the case or the role.
  if (row.state == "REFUSED") return person == row.acting_person;
  const bool asked = person == row.acting_person && holds(manifest.question().role());
  if (manifest.case_id().empty()) return asked;
  const absl::StatusOr<v1::Case>& known = CaseOf(manifest.case_id(), cases);
  // A case of which the agency is no part is no case to it.
  if (!known.ok()) return WorthRetrying(known.status()) ? absl::StatusOr<bool>(known.status()) : false;
  const auto member = std::ranges::find(known->members(), context_.identity.agency, &v1::CaseMember::agency);
  if (member == known->members().end()) return false;
  const auto& excluded = member->excluded_persons();
  if (std::ranges::find(excluded, person) != excluded.end()) return false;
  if (asked) return true;
  if (!member->persons().empty()) {
    return std::ranges::find(member->persons(), person) != member->persons().end() &&
           ServesToday(person, manifest.area(), context_);
  }
  return member->roles().empty() ? holds(manifest.question().role()) : std::ranges::any_of(member->roles(), holds);
}

absl::Status Asker::EraseOver() {
  constexpr int kPage = 200;
  const absl::Time now = context_.clock.Now();
  int64_t after = erased_to_;
  bool none_open = true;  // Of the rows gone through.
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<AskedRow> rows, parts_.requests.AskedAfter(after, kPage));
    for (const AskedRow& row : rows) {
      after = row.row;
      if (IsOver(row, now)) RETURN_IF_ERROR(EraseAnswers(row));
      // An answer may still come, and is erased then, until the mailbox would have given it.
      none_open = none_open && IsSettled(row, now);
      if (none_open) erased_to_ = row.row;
    }
    if (rows.size() < kPage) return absl::OkStatus();
  }
}

absl::Status Asker::EraseAnswers(const AskedRow& row) {
  ASSIGN_OR_RETURN(const std::vector<std::string> replies, parts_.requests.RepliesTo(row.request_id));
  for (const std::string& share : replies) {
    ASSIGN_OR_RETURN(const std::optional<InboxRow> received, context_.state.FindReceived(share));
    if (!received.has_value() || received->content.empty()) continue;
    RETURN_IF_ERROR(context_.state.EraseReceived(share));
    context_.log.Write("info", "what an emergency brought was erased", {{"share", share}});
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::OpenedAnswer>> Asker::OpenAnswers(const AskedRow& row, const std::string& person) {
  ASSIGN_OR_RETURN(const std::vector<std::string> replies, parts_.requests.RepliesTo(row.request_id));
  std::vector<v1::OpenedAnswer> answers;
  if (IsOver(row, context_.clock.Now())) RETURN_IF_ERROR(EraseAnswers(row));
  for (const std::string& share : replies) {
    ASSIGN_OR_RETURN(const std::optional<InboxRow> received, context_.state.FindReceived(share));
    if (!received.has_value() || received->content.empty()) continue;
    ASSIGN_OR_RETURN(const std::string plain, OpenFromStore(context_.identity, share, received->content));
    v1::OpenedAnswer answer;
    v1::Manifest manifest;
    if (!answer.ParseFromString(plain) || !manifest.ParseFromString(received->manifest))
      return absl::DataLossError("a kept answer does not parse");
    if (!MayOpen(answer, person)) {
      // Where existence is secret, who is kept out must not see that there is something to be kept out of.
      if (!manifest.existence_sensitive() || answer.kind() != v1::PACKAGE_KIND_ANSWER) continue;
      Neutralise(answer);
    } else {
      RETURN_IF_ERROR(LeaveOutRestricted(answer, context_.state));
    }
    answer.clear_only_persons();
    answer.clear_excluded_persons();
    RETURN_IF_ERROR(context_.state.LogAccess(person, share, "open answer"));
    answers.push_back(std::move(answer));
  }
  return answers;
}

}  // namespace derwent::agents
