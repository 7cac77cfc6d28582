#pragma once

#include <string>
#include <vector>

#include "broker/exchange/command/refusal.h"
#include "broker/exchange/rights/rights.h"
#include "tests/broker/exchange/exchange_fixture.h"
#include "trust/base/status_macros.h"
#include "trust/message/timestamp.h"
#include "trust/signature/payload_types.h"

namespace derwent::exchange {

inline constexpr char kEvent[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1e01";
inline constexpr char kSecondId[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b02";
inline constexpr char kSendersOfficer[] = "p-0a11ce";
inline constexpr char kRecipientsOfficer[] = "p-0b0b0b";

// Two shares of kSender to kRecipient about one resident, the first collected, the second waiting; and an officer for
// rights at each.
class RightsTest : public ExchangeTest {
 protected:
  void SetUp() override {
    Employ(kSender, kSendersOfficer);
    Employ(kRecipient, kRecipientsOfficer);
    HandOver();
    v1::SubmitReferralRequest second =
        Share([](v1::Manifest& manifest, v1::SenderStatement&) { manifest.set_share_id(kSecondId); });
    second.set_request_id(kSecondId);
    ASSERT_EQ(Submit(second)->outcome(), v1::SUBMIT_OUTCOME_STORED);
  }

  void Employ(const std::string& agency, const std::string& person) {
    world().directories[agency].people.push_back({.id = person,
                                                  .roles = {{.role = "dpo", .areas = {"E23000018"}}},
                                                  .training_until = absl::CivilDay(2027, 12, 31)});
  }
  v1::RightsNotice NoticeAbout(const std::string& share, const std::string& from = kSender,
                               const std::string& to = kRecipient) const {
    v1::RightsNotice notice;
    notice.set_event_id(kEvent);
    notice.set_type(v1::RIGHTS_EVENT_TYPE_RESTRICTION);
    notice.set_from_agency(from);
    notice.set_to_agency(to);
    notice.set_share_id(share);
    notice.add_subjects(1);
    for (const char* category : {"fire_risk", "identity"}) notice.add_categories(category);
    *notice.mutable_create_time() = trust::ToTimestamp(now_);
    return notice;
  }
  v1::NotifyRightsRequest EventOf(const std::vector<v1::RightsNotice>& notices) const {
    v1::NotifyRightsRequest request;
    request.set_request_id(notices.front().event_id());
    request.set_acting_person(kSendersOfficer);
    request.set_acting_role("dpo");
    request.add_references(std::string(32, 'r'));
    for (const v1::RightsNotice& notice : notices)
      *request.add_notices() = Sign(notice.from_agency(), trust::kRightsNoticeType, notice);
    return request;
  }
  v1::NotifyRightsRequest AboutBoth() const { return EventOf({NoticeAbout(kShareId), NoticeAbout(kSecondId)}); }
  absl::StatusOr<v1::NotifyRightsResponse> Notify(const v1::NotifyRightsRequest& request,
                                                  const std::string& agency = kSender) {
    ASSIGN_OR_RETURN(const CheckedNotices checked, CheckNotices(AgentOf(agency), request, world(), now_));
    v1::NotifyRightsResponse response;
    RETURN_IF_ERROR(
        Run([&](Batch& batch) { return NotifyRights(AgentOf(agency), request, checked, response, batch); }));
    return response;
  }
  // `STORED`, `REFUSED` with the reason, or the reason of the status.
  std::string Told(const v1::NotifyRightsRequest& request, const std::string& agency = kSender) {
    const auto response = Notify(request, agency);
    if (!response.ok()) return ReasonOf(response.status());
    return response->outcome() == v1::SUBMIT_OUTCOME_STORED ? "STORED" : "REFUSED " + response->reason();
  }

  v1::RightsAnswer AnswerAbout(const std::string& share) const {
    v1::RightsAnswer answer;
    answer.set_event_id(kEvent);
    answer.set_share_id(share);
    answer.set_from_agency(kRecipient);
    answer.set_to_agency(kSender);
    answer.set_outcome(v1::RIGHTS_OUTCOME_DONE);
    *answer.mutable_create_time() = trust::ToTimestamp(now_);
    return answer;
  }
  absl::Status Answer(const v1::RightsAnswer& answer, const std::string& request_id,
                      const std::string& person = kRecipientsOfficer) {
    v1::AnswerRightsRequest request;
    request.set_request_id(request_id);
    request.set_acting_person(person);
    *request.mutable_answer() = Sign(answer.from_agency(), trust::kRightsAnswerType, answer);
    const Caller caller = AgentOf(answer.from_agency());
    ASSIGN_OR_RETURN(const auto checked, CheckRightsAnswer(caller, request, world(), now_));
    v1::AnswerRightsResponse response;
    return Run([&](Batch& batch) { return AnswerRights(caller, request, checked, response, batch); });
  }

  std::vector<uint64_t> Entries(const std::string& agency, const std::string& step) {
    return store_->Read().value()->SearchEntries({.viewer_agency = agency, .step = step, .limit = 100}).value();
  }
};

}  // namespace derwent::exchange
