#include "agents/daemon/sending/rights_teller.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "agents/daemon/context/fault.h"
#include "agents/sdk/channel/rpc_error.h"
#include "agents/sdk/rights.h"
#include "trust/base/status_macros.h"
#include "trust/message/envelope.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

constexpr char kNotify[] = "NOTIFY";
constexpr char kAnswer[] = "ANSWER";

absl::Status NobodyHadIt() {
  return Fault(absl::StatusCode::kNotFound, "SHARE_UNKNOWN", "nobody was given anything that this event concerns");
}

absl::StatusOr<v1::RightsNotice> NoticeIn(const v1::DsseEnvelope& envelope) {
  v1::RightsNotice notice;
  if (!notice.ParseFromString(envelope.payload())) return absl::DataLossError("a kept rights notice does not parse");
  return notice;
}

// The notices that the broker says are about what nobody was given; nullopt: it says something else.
std::optional<std::set<int>> NeverGiven(const absl::Status& status) {
  std::set<int> indexes;
  for (const Violation& violation : DescribeRpcError(status).fields) {
    absl::string_view index = violation.field;
    int number = 0;
    const bool of_share = absl::ConsumePrefix(&index, "notices[") && absl::ConsumeSuffix(&index, "].share_id") &&
                          absl::SimpleAtoi(index, &number);
    if (!of_share) return std::nullopt;
    indexes.insert(number);
  }
  return indexes.empty() ? std::nullopt : std::optional<std::set<int>>(std::move(indexes));
}

// The subjects of one share that one recipient was given, together.
std::map<std::pair<std::string, std::string>, v1::RightsNotice> ByShareAndRecipient(
    const std::vector<GivenRow>& given) {
  std::map<std::pair<std::string, std::string>, std::set<std::string>> categories;
  std::map<std::pair<std::string, std::string>, v1::RightsNotice> notices;
  for (const GivenRow& row : given) {  // Ordered by subject.
    const std::pair<std::string, std::string> key{row.share_id, row.recipient};
    v1::RightsNotice& notice = notices[key];
    notice.set_share_id(row.share_id);
    notice.set_to_agency(row.recipient);
    notice.set_request_id(row.request_id);
    notice.add_subjects(row.subject);
    categories[key].insert(row.categories.begin(), row.categories.end());
  }
  for (auto& [key, notice] : notices)
    notice.mutable_categories()->Assign(categories[key].begin(), categories[key].end());
  return notices;
}

}  // namespace

absl::StatusOr<v1::NotifyRightsRequest> RightsTeller::Sign(const RightsEventToTell& event) const {
  v1::NotifyRightsRequest request;
  request.set_request_id(event.event_id);
  request.set_acting_person(event.acting_person);
  request.set_acting_role(event.acting_role);
  request.mutable_references()->Assign(event.references.begin(), event.references.end());
  request.mutable_categories()->Assign(event.categories.begin(), event.categories.end());
  request.set_because_event_id(event.because);
  for (auto& [key, notice] : ByShareAndRecipient(event.given)) {
    v1::RightsNotice whole = notice;
    whole.set_event_id(event.event_id);
    whole.set_type(event.type);
    whole.set_from_agency(context_.identity.agency);
    *whole.mutable_create_time() = trust::ToTimestamp(context_.clock.Now());
    ASSIGN_OR_RETURN(*request.add_notices(),
                     trust::SignMessage(trust::kRightsNoticeType, whole, context_.identity.keys->signing()->key));
  }
  return request;
}

absl::Status RightsTeller::Keep(const v1::NotifyRightsRequest& request) {
  std::vector<RightsRow> rows;
  for (const v1::DsseEnvelope& envelope : request.notices()) {
    ASSIGN_OR_RETURN(const v1::RightsNotice notice, NoticeIn(envelope));
    rows.push_back({.event_id = notice.event_id(),
                    .share_id = notice.share_id(),
                    .peer = notice.to_agency(),
                    .own = true,
                    .state = "QUEUED",
                    .because = request.because_event_id(),
                    .notice = envelope.SerializeAsString(),
                    .create_time = trust::FromTimestamp(notice.create_time())});
  }
  return context_.state.SaveRights(
      rows, {.request_id = request.request_id(), .method = kNotify, .request = request.SerializeAsString()});
}

absl::Status RightsTeller::Tell(const RightsEventToTell& event) {
  if (event.given.empty()) return NobodyHadIt();
  const MutexLock lock(sending_);
  ASSIGN_OR_RETURN(v1::NotifyRightsRequest request, Sign(event));
  RETURN_IF_ERROR(Keep(request));
  return SendNotices(std::move(request));
}

absl::Status RightsTeller::SendNotices(v1::NotifyRightsRequest request) {
  while (true) {
    const absl::StatusOr<v1::NotifyRightsResponse> response = context_.broker.NotifyRights(request);
    if (response.ok()) {
      RETURN_IF_ERROR(TakeReceipts(request, *response));
      const bool told = response->outcome() == v1::SUBMIT_OUTCOME_STORED;
      RETURN_IF_ERROR(context_.state.SettleRights(request.request_id(), told ? "TOLD" : "REFUSED"));
      if (told) return absl::OkStatus();
      return Fault(absl::StatusCode::kFailedPrecondition, response->reason(), "policy does not permit the event");
    }
    if (WorthRetrying(response.status())) return response.status();
    const std::optional<std::set<int>> never = NeverGiven(response.status());
    if (!never.has_value()) {
      RETURN_IF_ERROR(context_.state.ForgetRights(request.request_id()));
      return response.status();
    }
    // It was withdrawn, held or left behind before anybody had it: of that nobody is told.
    for (auto index = never->rbegin(); index != never->rend(); ++index) {
      if (*index >= 0 && *index < request.notices_size()) request.mutable_notices()->DeleteSubrange(*index, 1);
    }
    if (request.notices().empty()) {
      RETURN_IF_ERROR(context_.state.ForgetRights(request.request_id()));
      return NobodyHadIt();
    }
    RETURN_IF_ERROR(Keep(request));
  }
}

absl::Status RightsTeller::TakeReceipts(const v1::NotifyRightsRequest& request,
                                        const v1::NotifyRightsResponse& response) {
  std::vector<Evidence::Shown> shown;
  for (const v1::DsseEnvelope& envelope : request.notices()) {
    ASSIGN_OR_RETURN(const v1::RightsNotice notice, NoticeIn(envelope));
    for (const uint32_t subject : notice.subjects()) {
      const int next = static_cast<int>(shown.size());
      if (next >= response.receipts_size()) return absl::DataLossError("RECEIPT_INVALID: a receipt is missing");
      const ExpectedEntry expected{.releasing_agency = notice.from_agency(),
                                   .receiving_agency = notice.to_agency(),
                                   .share_id = notice.share_id(),
                                   .profile = "",
                                   .purpose = "rights.subject",
                                   .subject = subject,
                                   .manifest_digest = trust::Sha256(envelope.payload())};
      shown.push_back({.receipt = response.receipts(next), .expected = expected});
    }
  }
  return evidence_.Take(shown);
}

absl::Status RightsTeller::Answer(RightsRow row, v1::RightsOutcome outcome, const std::string& reason,
                                  const std::string& person) {
  v1::RightsAnswer answer;
  answer.set_event_id(row.event_id);
  answer.set_share_id(row.share_id);
  answer.set_from_agency(context_.identity.agency);
  answer.set_to_agency(row.peer);
  answer.set_outcome(outcome);
  answer.set_reason(reason);
  *answer.mutable_create_time() = trust::ToTimestamp(context_.clock.Now());
  v1::AnswerRightsRequest request;
  request.set_request_id(context_.random.NewUuid().text());
  request.set_acting_person(person);
  ASSIGN_OR_RETURN(*request.mutable_answer(),
                   trust::SignMessage(trust::kRightsAnswerType, answer, context_.identity.keys->signing()->key));
  row.state = "ANSWERING";
  row.answer = request.answer().SerializeAsString();
  const MutexLock lock(sending_);
  RETURN_IF_ERROR(context_.state.SaveRightsAnswer(
      row, {.request_id = request.request_id(), .method = kAnswer, .request = request.SerializeAsString()}));
  return SendAnswer(request);
}

absl::Status RightsTeller::SendAnswer(const v1::AnswerRightsRequest& request) {
  v1::RightsAnswer answer;
  if (!answer.ParseFromString(request.answer().payload()))
    return absl::DataLossError("a kept answer to a rights notice does not parse");
  ASSIGN_OR_RETURN(const std::vector<RightsRow> rows, context_.state.RightsOf(answer.event_id()));
  const auto row = std::ranges::find_if(rows, [&](const RightsRow& one) {
    return !one.own && one.share_id == answer.share_id() && one.peer == answer.to_agency();
  });
  if (row == rows.end()) return absl::DataLossError("an answer is kept of a notice that is not");
  const absl::Status sent = context_.broker.AnswerRights(request).status();
  if (WorthRetrying(sent)) return sent;
  RightsRow settled = *row;
  settled.state = sent.ok() ? "ANSWERED" : "RECEIVED";
  if (!sent.ok()) settled.answer.clear();
  RETURN_IF_ERROR(context_.state.SettleRightsAnswer(request.request_id(), settled));
  return sent;
}

absl::Status RightsTeller::Drain() {
  const MutexLock lock(sending_);
  ASSIGN_OR_RETURN(const std::vector<RightsCall> calls, context_.state.PendingRightsCalls());
  for (const RightsCall& call : calls) {
    v1::NotifyRightsRequest notify;
    v1::AnswerRightsRequest answer;
    const bool tells = call.method == kNotify;
    if (tells ? !notify.ParseFromString(call.request) : !answer.ParseFromString(call.request))
      return absl::DataLossError("a kept call about a rights event does not parse");
    const absl::Status sent = tells ? SendNotices(std::move(notify)) : SendAnswer(answer);
    if (WorthRetrying(sent)) return sent;
    if (!sent.ok()) {
      context_.Alarm("RIGHTS_NOT_TAKEN", "", "");
      context_.log.Failure("what was to be said about a rights event was not taken", sent,
                           {{"reason", ReasonOf(sent)}});
    }
  }
  return absl::OkStatus();
}

}  // namespace derwent::agents
