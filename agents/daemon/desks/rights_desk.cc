#include "agents/daemon/desks/rights_desk.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

#include "agents/daemon/context/fault.h"
#include "agents/daemon/context/known_by.h"
#include "agents/daemon/context/restrictions.h"
#include "agents/daemon/desks/page.h"
#include "agents/sdk/rights.h"
#include "trust/base/status_macros.h"
#include "trust/base/uuid.h"
#include "trust/message/timestamp.h"

namespace derwent::agents {
namespace {

constexpr int kMostRecords = 8;
constexpr char kHandlesRights[] = "handle_rights";

absl::Status NoSuchEvent() { return Fault(absl::StatusCode::kNotFound, "EVENT_UNKNOWN", "no such rights event here"); }

absl::Status Invalid(const std::vector<FieldProblem>& problems) {
  return Fault(absl::StatusCode::kInvalidArgument, "PAYLOAD_REJECTED", "the request breaks rules of its form",
               problems);
}

void CheckForm(const v1::TellRightsRequest& request, std::vector<FieldProblem>& problems) {
  if (!v1::RightsEventType_IsValid(request.type()) || request.type() == v1::RIGHTS_EVENT_TYPE_UNSPECIFIED)
    problems.push_back({"type", "must be a type of a rights event"});
  if (!request.event_id().empty() && !Uuid::Parse(request.event_id()).ok())
    problems.push_back({"event_id", "must be a UUID in lowercase, or empty"});
  if (request.record_refs_size() > kMostRecords) problems.push_back({"record_refs", "must be 8 at most"});
  const bool names = !request.identifiers().empty() || !request.record_refs().empty();
  if (names == !request.because_event_id().empty())
    problems.push_back({"identifiers", "must say whom it is about, or `record_refs` must; not of an event passed on"});
}

// As far as the event concerns it: an empty list concerns all.
void Narrow(const std::vector<std::string>& concerned, std::vector<std::string>& categories) {
  if (concerned.empty()) return;
  std::erase_if(categories,
                [&](const std::string& one) { return std::ranges::find(concerned, one) == concerned.end(); });
}

v1::RightsStanding StandingOf(const RightsRow& row, absl::Time now) {
  if (!row.answer.empty()) return v1::RIGHTS_STANDING_ANSWERED;
  return now < row.create_time + kAnswerRightsWithin ? v1::RIGHTS_STANDING_WAITING : v1::RIGHTS_STANDING_OVERDUE;
}

absl::StatusOr<v1::RightsTold> ToldOf(const RightsRow& row, const v1::RightsNotice& notice, absl::Time now) {
  v1::RightsTold told;
  told.set_agency(notice.to_agency());
  told.set_share_id(row.share_id);
  *told.mutable_categories() = notice.categories();
  told.set_standing(StandingOf(row, now));
  if (row.answer.empty()) return told;
  ASSIGN_OR_RETURN(const v1::RightsAnswer answer, KeptAnswer(row.answer));
  told.set_outcome(answer.outcome());
  told.set_reason(answer.reason());
  return told;
}

}  // namespace

absl::StatusOr<bool> RightsDesk::WentOut(const std::string& share_id) {
  ASSIGN_OR_RETURN(const std::optional<OutboxRow> sent, context_.state.FindShare(share_id));
  if (sent.has_value()) return sent->state == "STORED";
  ASSIGN_OR_RETURN(const std::optional<AnswerRow> answered, requests_.FindAnswer(share_id));
  return answered.has_value() && answered->state == "STORED";
}

absl::StatusOr<std::vector<GivenRow>> RightsDesk::FindGiven(const v1::TellRightsRequest& request,
                                                            const std::vector<std::string>& known_by) {
  std::vector<GivenRow> found;
  for (const std::string& digest : known_by) {
    ASSIGN_OR_RETURN(std::vector<GivenRow> rows, context_.state.GivenAbout(digest));
    std::ranges::move(rows, std::back_inserter(found));
  }
  if (!request.because_event_id().empty()) {
    ASSIGN_OR_RETURN(const std::vector<RightsRow> because, context_.state.RightsOf(request.because_event_id()));
    for (const RightsRow& row : because) {
      if (row.own) continue;
      ASSIGN_OR_RETURN(const v1::RightsNotice notice, KeptNotice(row.notice));
      ASSIGN_OR_RETURN(std::vector<GivenRow> rows, context_.state.GivenOnward(row.share_id));
      for (GivenRow& onward : rows) {
        onward.categories = onward.onward;
        Narrow({notice.categories().begin(), notice.categories().end()}, onward.categories);
        found.push_back(std::move(onward));
      }
    }
  }
  const auto key = [](const GivenRow& row) { return std::tie(row.share_id, row.recipient, row.subject); };
  std::ranges::sort(found, {}, key);
  found.erase(std::ranges::unique(found, {}, key).begin(), found.end());
  std::vector<GivenRow> given;
  for (GivenRow& row : found) {
    Narrow({request.categories().begin(), request.categories().end()}, row.categories);
    ASSIGN_OR_RETURN(const bool went_out, WentOut(row.share_id));
    if (went_out && !row.categories.empty()) given.push_back(std::move(row));
  }
  return given;
}

absl::StatusOr<v1::TellRightsResponse> RightsDesk::Tell(const LocalCaller& caller,
                                                        const v1::TellRightsRequest& request) {
  RETURN_IF_ERROR(CheckRight(caller, LocalRight::kHandleRights, context_));
  std::vector<FieldProblem> problems;
  CheckForm(request, problems);
  std::vector<std::string> references;
  if (!request.identifiers().empty()) references = ReferencesFor(request.identifiers(), "", context_, problems);
  if (!problems.empty()) return Invalid(problems);
  RightsEventToTell event{.event_id = request.event_id(), .type = request.type(), .acting_person = caller.name};
  if (event.event_id.empty()) event.event_id = context_.random.NewUuid().text();
  ASSIGN_OR_RETURN(const std::vector<RightsRow> before, context_.state.RightsOf(event.event_id));
  if (!before.empty() && !before.front().own)
    return Fault(absl::StatusCode::kAborted, "REQUEST_ID_REUSED", "the event is another agency's");
  RETURN_IF_ERROR(context_.state.LogAccess(caller.name, "", "tell rights"));
  v1::TellRightsResponse response;
  if (before.empty()) {
    std::vector<std::string> known_by;
    for (const std::string& reference : references) known_by.push_back(KnownByReference(reference, context_));
    for (const std::string& record : request.record_refs()) known_by.push_back(KnownByRecord(record, context_));
    ASSIGN_OR_RETURN(event.given, FindGiven(request, known_by));
    event.acting_role = RoleWith(caller.name, kHandlesRights, context_);
    event.references = std::move(references);
    const std::set<std::string> categories(request.categories().begin(), request.categories().end());
    event.categories.assign(categories.begin(), categories.end());
    event.because = request.because_event_id();
    RETURN_IF_ERROR(teller_.Tell(event));
  }
  ASSIGN_OR_RETURN(*response.mutable_event(), Describe(event.event_id));
  return response;
}

absl::Status RightsDesk::AddOnward(const RightsRow& row, const std::vector<RightsRow>& passed_on,
                                   v1::RightsShown& shown) {
  ASSIGN_OR_RETURN(const v1::RightsNotice notice, KeptNotice(row.notice));
  ASSIGN_OR_RETURN(const std::vector<GivenRow> given, context_.state.GivenOnward(row.share_id));
  std::set<std::pair<std::string, std::string>> seen;
  for (const GivenRow& one : given) {
    std::vector<std::string> concerned = one.onward;
    Narrow({notice.categories().begin(), notice.categories().end()}, concerned);
    ASSIGN_OR_RETURN(const bool went_out, WentOut(one.share_id));
    if (concerned.empty() || !went_out || !seen.emplace(one.share_id, one.recipient).second) continue;
    v1::RightsOnward& onward = *shown.add_onward();
    onward.set_share_id(one.share_id);
    onward.set_agency(one.recipient);
    onward.set_told(std::ranges::any_of(passed_on, [&](const RightsRow& told) {
      return told.share_id == one.share_id && told.peer == one.recipient && told.state == "TOLD";
    }));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::RightsShown> RightsDesk::Describe(const std::string& event_id) {
  ASSIGN_OR_RETURN(const std::vector<RightsRow> rows, context_.state.RightsOf(event_id));
  if (rows.empty()) return NoSuchEvent();
  const RightsRow& first = rows.front();
  v1::RightsShown shown;
  shown.set_event_id(event_id);
  shown.set_from_agency(first.own ? context_.identity.agency : first.peer);
  shown.set_state(first.own ? first.state : "RECEIVED");
  shown.set_because_event_id(first.because);
  shown.set_ground(first.ground);
  *shown.mutable_create_time() = trust::ToTimestamp(first.create_time);
  ASSIGN_OR_RETURN(const std::vector<RightsRow> passed_on, context_.state.RightsBecauseOf(event_id));
  for (const RightsRow& row : rows) {
    ASSIGN_OR_RETURN(const v1::RightsNotice notice, KeptNotice(row.notice));
    shown.set_type(notice.type());
    ASSIGN_OR_RETURN(*shown.add_told(), ToldOf(row, notice, context_.clock.Now()));
    if (!row.own) RETURN_IF_ERROR(AddOnward(row, passed_on, shown));
  }
  return shown;
}

absl::StatusOr<v1::ListRightsResponse> RightsDesk::List(const LocalCaller& caller,
                                                        const v1::ListRightsRequest& request) {
  RETURN_IF_ERROR(CheckRight(caller, LocalRight::kHandleRights, context_));
  ASSIGN_OR_RETURN(const Page page, Page::Of("rights", caller, request.page_size(), request.page_token(), context_));
  ASSIGN_OR_RETURN(const Filled<RightsRow> filled,
                   page.Fill([&](int64_t before, int limit) { return context_.state.ListRights(before, limit); },
                             [](const RightsRow&) -> absl::StatusOr<bool> { return true; }));
  RETURN_IF_ERROR(context_.state.LogAccess(caller.name, "", "list rights"));
  v1::ListRightsResponse response;
  for (const RightsRow& row : filled.rows) {
    ASSIGN_OR_RETURN(*response.add_events(), Describe(row.event_id));
  }
  response.set_next_page_token(filled.next_page_token);
  return response;
}

absl::StatusOr<v1::ShowRightsResponse> RightsDesk::Show(const LocalCaller& caller,
                                                        const v1::ShowRightsRequest& request) {
  RETURN_IF_ERROR(CheckRight(caller, LocalRight::kHandleRights, context_));
  RETURN_IF_ERROR(context_.state.LogAccess(caller.name, "", "show rights"));
  v1::ShowRightsResponse response;
  ASSIGN_OR_RETURN(*response.mutable_event(), Describe(request.event_id()));
  return response;
}

absl::StatusOr<v1::ReplyRightsResponse> RightsDesk::Reply(const LocalCaller& caller,
                                                          const v1::ReplyRightsRequest& request) {
  RETURN_IF_ERROR(CheckRight(caller, LocalRight::kHandleRights, context_));
  if (!v1::RightsOutcome_IsValid(request.outcome()) || request.outcome() == v1::RIGHTS_OUTCOME_UNSPECIFIED)
    return Invalid({{"outcome", "must be an outcome"}});
  if (!IsRightsReason(request.outcome(), request.reason()))
    return Invalid({{"reason", "must be a code of the closed list where it is declined, else empty"}});
  ASSIGN_OR_RETURN(const std::vector<RightsRow> rows, context_.state.RightsOf(request.event_id()));
  if (rows.empty() || rows.front().own) return NoSuchEvent();
  ASSIGN_OR_RETURN(const v1::RightsShown shown, Describe(request.event_id()));
  const bool all_told = std::ranges::all_of(shown.onward(), [](const v1::RightsOnward& one) { return one.told(); });
  if (request.outcome() == v1::RIGHTS_OUTCOME_DONE && !all_told)
    return Fault(absl::StatusCode::kFailedPrecondition, "ONWARD_NOT_TOLD",
                 "its facts went onward from here: those agencies are told first, because of this event");
  const bool open = std::ranges::any_of(rows, [](const RightsRow& row) { return row.answer.empty(); });
  if (!open) return Fault(absl::StatusCode::kFailedPrecondition, "STATE_NOT_ALLOWED", "the event was answered");
  RETURN_IF_ERROR(context_.state.LogAccess(caller.name, "", "answer rights"));
  for (const RightsRow& row : rows) {
    if (row.answer.empty()) RETURN_IF_ERROR(teller_.Answer(row, request.outcome(), request.reason(), caller.name));
  }
  v1::ReplyRightsResponse response;
  ASSIGN_OR_RETURN(*response.mutable_event(), Describe(request.event_id()));
  return response;
}

absl::StatusOr<v1::AllowRestrictedResponse> RightsDesk::Allow(const LocalCaller& caller,
                                                              const v1::AllowRestrictedRequest& request) {
  RETURN_IF_ERROR(CheckRight(caller, LocalRight::kHandleRights, context_));
  if (!IsRestrictionGround(request.ground())) return Invalid({{"ground", "must be a ground of Article 18(2)"}});
  ASSIGN_OR_RETURN(const std::vector<RightsRow> rows, context_.state.RightsOf(request.event_id()));
  if (rows.empty() || rows.front().own) return NoSuchEvent();
  ASSIGN_OR_RETURN(const v1::RightsNotice notice, KeptNotice(rows.front().notice));
  if (notice.type() != v1::RIGHTS_EVENT_TYPE_RESTRICTION) return NoSuchEvent();
  RETURN_IF_ERROR(context_.state.LogAccess(caller.name, rows.front().share_id, "allow restricted"));
  RETURN_IF_ERROR(context_.state.AllowRestricted(request.event_id(), request.ground()));
  v1::AllowRestrictedResponse response;
  ASSIGN_OR_RETURN(*response.mutable_event(), Describe(request.event_id()));
  return response;
}

}  // namespace derwent::agents
