// A person's rights between agents: told by their own evidence, kept, followed, answered.
#include "agents/sdk/rights.h"

#include "agents/sdk/channel/rpc_error.h"
#include "tests/integration/referral_fixture.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr char kVictim[] = "nhs:9990000026";
constexpr char kRecord[] = "nom-88101";
constexpr char kPoliceDpo[] = "p-9a30f4";
constexpr char kHousingDpo[] = "p-8da74f";

v1::TellRightsRequest About(v1::RightsEventType type, const std::string& identifier = kVictim) {
  v1::TellRightsRequest request;
  request.set_type(type);
  if (!identifier.empty()) request.add_identifiers(identifier);
  return request;
}

std::vector<std::string> AgenciesIn(const v1::RightsShown& event) {
  std::vector<std::string> agencies;
  for (const v1::RightsTold& told : event.told()) agencies.push_back(told.agency());
  return agencies;
}

class RightsTest : public ReferralTest {
 protected:
  RightsTest() {
    share_ = Push();
    housing().CollectAll();
    adults().CollectAll();
    police().CollectAll();
  }

  absl::StatusOr<v1::RightsShown> Tell(const v1::TellRightsRequest& request, const std::string& person = kPoliceDpo) {
    ASSIGN_OR_RETURN(const v1::TellRightsResponse told, police().daemon->rights().Tell(Person(person), request));
    return told.event();
  }
  v1::RightsShown Told(const v1::TellRightsRequest& request) {
    const absl::StatusOr<v1::RightsShown> told = Tell(request);
    EXPECT_OK(told);
    housing().CollectAll();
    return told.value_or(v1::RightsShown());
  }
  v1::RightsShown SeenBy(TestAgent& agent, const std::string& dpo, const std::string& event) {
    v1::ShowRightsRequest request;
    request.set_event_id(event);
    const auto shown = agent.daemon->rights().Show(Person(dpo), request);
    EXPECT_OK(shown);
    return shown.ok() ? shown->event() : v1::RightsShown();
  }
  absl::StatusOr<v1::ReplyRightsResponse> Reply(const std::string& event, v1::RightsOutcome outcome,
                                                const std::string& reason = "") {
    v1::ReplyRightsRequest request;
    request.set_event_id(event);
    request.set_outcome(outcome);
    request.set_reason(reason);
    return housing().daemon->rights().Reply(Person(kHousingDpo), request);
  }
  absl::Status Opens() {
    v1::OpenReferralRequest request;
    request.set_share_id(share_);
    return housing().daemon->desk().Open({.kind = trust::CallerKind::kConsole, .name = "one"}, request).status();
  }

  std::string share_;
};

TEST_F(RightsTest, EverybodyWhoWasGivenThePersonsDataIsTold) {
  const v1::RightsShown event = Told(About(v1::RIGHTS_EVENT_TYPE_RESTRICTION));
  EXPECT_THAT(AgenciesIn(event), UnorderedElementsAre("rp.housing", "dcc.adults"));
  EXPECT_EQ(event.state(), "TOLD");
  for (const v1::RightsTold& told : event.told()) EXPECT_EQ(told.standing(), v1::RIGHTS_STANDING_WAITING);
  const v1::RightsShown received = SeenBy(housing(), kHousingDpo, event.event_id());
  EXPECT_EQ(received.from_agency(), "police.derbys");
  EXPECT_THAT(AgenciesIn(received), ElementsAre("rp.housing"));
  EXPECT_EQ(received.told(0).share_id(), share_);
}

TEST_F(RightsTest, ARecordOfTheOwnSystemFindsWhomItWasToldAbout) {
  v1::TellRightsRequest by_record = About(v1::RIGHTS_EVENT_TYPE_ERASURE, "");
  by_record.add_record_refs(kRecord);
  EXPECT_THAT(AgenciesIn(Told(by_record)), UnorderedElementsAre("rp.housing", "dcc.adults"));
}

TEST_F(RightsTest, OfSomebodyNobodyWasToldAboutNobodyIsTold) {
  EXPECT_EQ(ReasonOf(Tell(About(v1::RIGHTS_EVENT_TYPE_ERASURE, "nhs:9434765919")).status()), "SHARE_UNKNOWN");
  EXPECT_TRUE(police().broker->notified.empty());
}

TEST_F(RightsTest, OnlyWhoHandlesRightsTells) {
  EXPECT_EQ(ReasonOf(Tell(About(v1::RIGHTS_EVENT_TYPE_ERASURE), kSpoc).status()), "ROLE_NOT_ENTITLED");
  const auto by_console = police().daemon->rights().Tell({.kind = trust::CallerKind::kConsole, .name = "one"},
                                                         About(v1::RIGHTS_EVENT_TYPE_ERASURE));
  EXPECT_EQ(ReasonOf(by_console.status()), "ROLE_NOT_ENTITLED");
}

TEST_F(RightsTest, WhatTheAgentForgotTheLedgerRemembers) {
  const std::string second = Push(Sample("RMS-2"));
  ASSERT_OK(police().daemon->context().state.ForgetGiven(second));
  const auto told = Tell(About(v1::RIGHTS_EVENT_TYPE_RESTRICTION));
  EXPECT_EQ(ReasonOf(told.status()), "RECIPIENT_LEFT_OUT");
  EXPECT_THAT(told.status().message(), HasSubstr(second));
  EXPECT_TRUE(police().daemon->rights().List(Person(kPoliceDpo), {})->events().empty());
}

TEST_F(RightsTest, WhatWasTakenBackBeforeAnybodyHadItIsLeftOut) {
  const std::string second = Push(Sample("RMS-2"));
  v1::WithdrawRequest withdraw;
  withdraw.set_share_id(second);
  withdraw.set_reason("SENT_IN_ERROR");
  ASSERT_OK(police().daemon->desk().Withdraw({.kind = trust::CallerKind::kConsole, .name = "one"}, withdraw));
  const v1::RightsShown event = Told(About(v1::RIGHTS_EVENT_TYPE_RESTRICTION));
  ASSERT_THAT(event.told(), SizeIs(2));
  for (const v1::RightsTold& told : event.told()) EXPECT_EQ(told.share_id(), share_);
}

TEST_F(RightsTest, WithoutTheBrokerItIsKeptAndSentAsTheSameOctets) {
  police().broker->refuse_rights = absl::UnavailableError("away");
  EXPECT_THAT(Tell(About(v1::RIGHTS_EVENT_TYPE_RESTRICTION)).status(), StatusIs(absl::StatusCode::kUnavailable));
  const auto kept = police().daemon->rights().List(Person(kPoliceDpo), {});
  ASSERT_EQ(kept->events_size(), 1);
  EXPECT_EQ(kept->events(0).state(), "QUEUED");
  police().Restart();
  police().broker->refuse_rights = absl::OkStatus();
  ASSERT_OK(police().daemon->rights_teller().Drain());
  EXPECT_EQ(police().daemon->context().state.RightsOf(kept->events(0).event_id())->front().state, "TOLD");
  ASSERT_THAT(police().broker->notified, SizeIs(2));
  EXPECT_EQ(police().broker->notified[0], police().broker->notified[1]);
}

TEST_F(RightsTest, TheSameEventTellsOnce) {
  v1::TellRightsRequest request = About(v1::RIGHTS_EVENT_TYPE_RESTRICTION);
  request.set_event_id("7d9f0c52-4a1e-4b53-9c0e-6f1f0a2b3c4d");
  Told(request);
  Told(request);
  EXPECT_THAT(police().broker->notified, SizeIs(1));
}

TEST_F(RightsTest, WhatIsRestrictedIsStoredAndNotOpened) {
  ASSERT_OK(Opens());
  const v1::RightsShown event = Told(About(v1::RIGHTS_EVENT_TYPE_RESTRICTION));
  EXPECT_EQ(ReasonOf(Opens()), "SUBJECT_RESTRICTED");
  const auto inbox = housing().daemon->desk().ListInbox({.kind = trust::CallerKind::kConsole, .name = "one"}, {});
  EXPECT_THAT(inbox->items(0).restricted_categories(), Contains("identity"));
  v1::AllowRestrictedRequest allow;
  allow.set_event_id(event.event_id());
  allow.set_ground("RIGHTS_OF_ANOTHER");
  ASSERT_OK(housing().daemon->rights().Allow(Person(kHousingDpo), allow));
  EXPECT_OK(Opens());
}

TEST_F(RightsTest, ARestrictionEndsWhenItIsLifted) {
  Told(About(v1::RIGHTS_EVENT_TYPE_RESTRICTION));
  ASSERT_FALSE(Opens().ok());
  Told(About(v1::RIGHTS_EVENT_TYPE_RESTRICTION_LIFTED));
  EXPECT_OK(Opens());
}

TEST_F(RightsTest, AnAnswerComesBackToWhoAsked) {
  const v1::RightsShown event = Told(About(v1::RIGHTS_EVENT_TYPE_RESTRICTION));
  ASSERT_OK(Reply(event.event_id(), v1::RIGHTS_OUTCOME_DECLINED, "LEGAL_CLAIMS"));
  EXPECT_OK(Opens());
  EXPECT_EQ(ReasonOf(Reply(event.event_id(), v1::RIGHTS_OUTCOME_DONE).status()), "STATE_NOT_ALLOWED");
  police().CollectAll();
  const v1::RightsShown shown = SeenBy(police(), kPoliceDpo, event.event_id());
  for (const v1::RightsTold& told : shown.told()) {
    const bool answered = told.agency() == "rp.housing";
    EXPECT_EQ(told.standing(), answered ? v1::RIGHTS_STANDING_ANSWERED : v1::RIGHTS_STANDING_WAITING);
    EXPECT_EQ(told.reason(), answered ? "LEGAL_CLAIMS" : "");
  }
}

TEST_F(RightsTest, AnAnswerThatTheBrokerDoesNotTakeNowIsKept) {
  const v1::RightsShown event = Told(About(v1::RIGHTS_EVENT_TYPE_ERASURE));
  housing().broker->refuse_rights = absl::UnavailableError("away");
  EXPECT_THAT(Reply(event.event_id(), v1::RIGHTS_OUTCOME_DONE).status(), StatusIs(absl::StatusCode::kUnavailable));
  housing().broker->refuse_rights = absl::OkStatus();
  ASSERT_OK(housing().daemon->rights_teller().Drain());
  police().CollectAll();
  EXPECT_THAT(SeenBy(police(), kPoliceDpo, event.event_id()).told(),
              Contains(::testing::Property(&v1::RightsTold::outcome, v1::RIGHTS_OUTCOME_DONE)));
}

TEST_F(RightsTest, WhoDoesNotAnswerInAWeekIsOverdue) {
  const v1::RightsShown event = Told(About(v1::RIGHTS_EVENT_TYPE_ERASURE));
  police().clock.Move(kAnswerRightsWithin + absl::Seconds(1));
  const v1::RightsShown shown = SeenBy(police(), kPoliceDpo, event.event_id());
  for (const v1::RightsTold& told : shown.told()) EXPECT_EQ(told.standing(), v1::RIGHTS_STANDING_OVERDUE);
}

TEST_F(RightsTest, ANoticeThatItsSenderDidNotSignIsRejected) {
  housing().broker->on_collect = [](v1::CollectResponse& response) {
    for (v1::Delivery& delivery : *response.mutable_deliveries()) {
      if (!delivery.has_message()) continue;
      v1::RightsNotice notice;
      ASSERT_TRUE(notice.ParseFromString(delivery.message().payload()));
      notice.set_type(v1::RIGHTS_EVENT_TYPE_RESTRICTION);
      delivery.mutable_message()->set_payload(notice.SerializeAsString());
    }
  };
  Told(About(v1::RIGHTS_EVENT_TYPE_RESTRICTION_LIFTED));
  EXPECT_THAT(housing().Alarms(), Contains("MESSAGE_REJECTED"));
  EXPECT_OK(Opens());
  EXPECT_TRUE(housing().daemon->rights().List(Person(kHousingDpo), {})->events().empty());
}

TEST_F(RightsTest, OfAShareThatNeverCameTheOfficerSaysSo) {
  housing().broker->on_collect = [](v1::CollectResponse& response) {
    for (v1::Delivery& delivery : *response.mutable_deliveries()) {
      if (delivery.has_package()) delivery.clear_package();
    }
  };
  const std::string second = Push(Sample("RMS-2"));
  const v1::RightsShown event = Told(About(v1::RIGHTS_EVENT_TYPE_ERASURE));
  const v1::RightsShown received = SeenBy(housing(), kHousingDpo, event.event_id());
  ASSERT_THAT(received.told(), SizeIs(2));
  ASSERT_OK(Reply(event.event_id(), v1::RIGHTS_OUTCOME_NOT_HELD));
}

}  // namespace
}  // namespace derwent::agents
