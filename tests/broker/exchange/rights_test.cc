#include "broker/exchange/governance/past.h"
#include "broker/exchange/mailbox/mailbox.h"
#include "broker/ledger/attributes.h"
#include "broker/ledger/erasure.h"
#include "tests/broker/exchange/rights_fixture.h"
#include "trust/signature/payload_types.h"

namespace derwent::exchange {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;
using trust::Field;

constexpr char kCallA[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1e11";
constexpr char kCallB[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1e12";

TEST_F(RightsTest, EveryRecipientIsToldByTheNoticeThatWasSigned) {
  const v1::NotifyRightsRequest event = AboutBoth();
  ASSERT_EQ(Told(event), "STORED");
  const auto waiting = CollectAs(kRecipient);
  ASSERT_EQ(waiting->deliveries_size(), 3) << "the second share, then two notices";
  EXPECT_TRUE(waiting->deliveries(0).has_package());
  for (const int i : {0, 1})
    EXPECT_EQ(waiting->deliveries(1 + i).message().SerializeAsString(), event.notices(i).SerializeAsString());
}

TEST_F(RightsTest, EachRecipientAndSubjectIsDecidedAndEnteredOnTheRouteOfRights) {
  ASSERT_EQ(Told(AboutBoth()), "STORED");
  const std::vector<uint64_t> entries = Entries(kRecipient, "rights_notice");
  ASSERT_THAT(entries, SizeIs(2));
  EXPECT_EQ(Entries(kSender, "rights_notice"), entries);
  const auto reader = store_->Read().value();
  const trust::SealedFields fields = ledger::FindSealed(*reader, entries.front())->entry.fields;
  EXPECT_EQ(ledger::Attribute(fields[Field::kPurpose], "route"), "RIGHTS_EVENT");
  EXPECT_EQ(ledger::Attribute(fields[Field::kPurpose], "purpose"), "rights.subject");
  EXPECT_EQ(ledger::Attribute(fields[Field::kIds], "request"), kEvent);
  EXPECT_EQ(ledger::Attribute(fields[Field::kOutcome], "outcome"), "PERMIT");
  EXPECT_EQ(fields[Field::kReleasingPerson], kSendersOfficer);
  EXPECT_EQ(WhatDiffers(fields, reader->FindDecisionRequest(entries.front()).value().value(), world()), "");
}

TEST_F(RightsTest, ThePersonsEntriesHoldTheirRightsToo) {
  ASSERT_EQ(Told(AboutBoth()), "STORED");
  const std::vector<std::string> tags = tagger_->EveryTag(std::string(32, 'r')).value();
  const auto about =
      store_->Read().value()->SearchEntries({.viewer_agency = kSender, .tags = tags, .limit = 100}).value();
  EXPECT_THAT(about, IsSupersetOf(Entries(kSender, "rights_notice")));
}

TEST_F(RightsTest, ARecipientLeftOutStopsTheWholeEvent) {
  const auto left_out = Notify(EventOf({NoticeAbout(kShareId)}));
  EXPECT_EQ(ReasonOf(left_out.status()), "RECIPIENT_LEFT_OUT");
  EXPECT_THAT(left_out.status().message(), HasSubstr(kSecondId));
  EXPECT_THAT(left_out.status().message(), HasSubstr(kRecipient));
  EXPECT_THAT(left_out.status().message(), Not(HasSubstr(std::string(32, 'r'))));
  EXPECT_THAT(Entries(kRecipient, "rights_notice"), IsEmpty());
  EXPECT_EQ(CollectAs(kRecipient)->deliveries_size(), 1) << "the second share alone";
}

TEST_F(RightsTest, TheSharesToldOfTellWhomItConcernsWithoutAReference) {
  v1::NotifyRightsRequest event = EventOf({NoticeAbout(kShareId)});
  event.clear_references();
  EXPECT_EQ(Told(event), "RECIPIENT_LEFT_OUT");
}

TEST_F(RightsTest, WhatWasWithdrawnBeforeAnybodyCollectedItWasNeverGiven) {
  v1::Withdrawal message;
  *message.mutable_head() = Head(kSender, kRecipient, 1);
  message.mutable_head()->set_share_id(kSecondId);
  message.set_reason("SENT_IN_ERROR");
  v1::WithdrawReferralRequest withdrawal;
  withdrawal.set_request_id(kCallA);
  *withdrawal.add_withdrawals() = Sign(kSender, trust::kWithdrawalType, message);
  v1::WithdrawReferralResponse response;
  ASSERT_OK(Run([&](Batch& batch) { return WithdrawReferral(AgentOf(kSender), withdrawal, response, batch); }));
  EXPECT_THAT(Violations::Of(Notify(AboutBoth()).status()),
              ElementsAre(Pair("notices[1].share_id", HasSubstr("given"))));
  EXPECT_EQ(Told(EventOf({NoticeAbout(kShareId)})), "STORED");
}

TEST_F(RightsTest, WhatWasWithdrawnAfterItWasCollectedWasGiven) {
  v1::WithdrawReferralResponse response;
  ASSERT_OK(Run([&](Batch& batch) { return WithdrawReferral(AgentOf(kSender), Withdrawal(1), response, batch); }));
  EXPECT_EQ(Told(EventOf({NoticeAbout(kSecondId)})), "RECIPIENT_LEFT_OUT");
  EXPECT_EQ(Told(AboutBoth()), "STORED");
}

TEST_F(RightsTest, AnEventAboutSomeCategoriesLeavesAloneWhatHoldsNoneOfThem) {
  v1::RightsNotice notice = NoticeAbout(kShareId);
  notice.clear_categories();
  notice.add_categories("fire_risk");
  v1::NotifyRightsRequest event = EventOf({notice});
  event.add_categories("fire_risk");
  EXPECT_EQ(Told(event), "RECIPIENT_LEFT_OUT");
  event.set_categories(0, "household");
  EXPECT_EQ(Told(event), "STORED");
}

TEST_F(RightsTest, NobodyTellsOfAShareThatIsNotTheirs) {
  const auto to_nobody = Notify(EventOf({NoticeAbout(kShareId, kSender, kStranger)}));
  EXPECT_THAT(Violations::Of(to_nobody.status()), ElementsAre(Pair("notices[0].share_id", HasSubstr("given"))));
  v1::NotifyRightsRequest others = EventOf({NoticeAbout(kShareId, kRecipient, kSender)});
  others.set_acting_person(kRecipientsOfficer);
  EXPECT_THAT(Violations::Of(Notify(others, kRecipient).status()),
              ElementsAre(Pair("notices[0].share_id", HasSubstr("given"))));
}

TEST_F(RightsTest, ANoticeNamesWhatTheShareHolds) {
  v1::RightsNotice other_subject = NoticeAbout(kShareId);
  other_subject.set_subjects(0, 2);
  v1::RightsNotice other_category = NoticeAbout(kShareId);
  other_category.set_categories(1, "household");
  for (const v1::RightsNotice& flawed : {other_subject, other_category})
    EXPECT_EQ(Told(EventOf({flawed, NoticeAbout(kSecondId)})), "PAYLOAD_REJECTED");
}

TEST_F(RightsTest, OnlyWhoHoldsTheRoleTodayTells) {
  v1::NotifyRightsRequest event = AboutBoth();
  event.set_acting_person(kRecipientsOfficer);
  EXPECT_EQ(Told(event), "ROLE_NOT_ENTITLED");
}

TEST_F(RightsTest, ARoleThatHandlesNoRightsIsDeniedAndEntered) {
  v1::NotifyRightsRequest event = AboutBoth();
  event.set_acting_person(kPractitioner);
  event.set_acting_role("practitioner");
  EXPECT_EQ(Told(event), "REFUSED ROLE_NOT_ENTITLED");
  const std::vector<uint64_t> entries = Entries(kSender, "rights_notice");
  ASSERT_THAT(entries, SizeIs(2));
  const trust::SealedFields fields = ledger::FindSealed(*store_->Read().value(), entries.front())->entry.fields;
  EXPECT_EQ(ledger::Attribute(fields[Field::kOutcome], "outcome"), "DENY");
  EXPECT_EQ(CollectAs(kRecipient)->deliveries_size(), 1) << "the second share alone";
}

TEST_F(RightsTest, ACallThatIsRepeatedTellsOnce) {
  const v1::NotifyRightsRequest event = AboutBoth();
  const auto first = Notify(event);
  const auto again = Notify(event);
  EXPECT_EQ(first->SerializeAsString(), again->SerializeAsString());
  EXPECT_THAT(Entries(kRecipient, "rights_notice"), SizeIs(2));
  EXPECT_EQ(Told(EventOf({NoticeAbout(kShareId)})), "REQUEST_ID_REUSED");
}

TEST_F(RightsTest, AnAnswerGoesToWhoAskedAndIsFinal) {
  ASSERT_EQ(Told(AboutBoth()), "STORED");
  CollectAs(kSender).IgnoreError();  // The acknowledgement of the first share.
  ASSERT_OK(Answer(AnswerAbout(kShareId), kCallA));
  ASSERT_OK(Answer(AnswerAbout(kShareId), kCallA));
  EXPECT_EQ(ReasonOf(Answer(AnswerAbout(kShareId), kCallB)), "STATE_NOT_ALLOWED");
  EXPECT_THAT(Entries(kSender, "rights_answer"), SizeIs(1));
  const auto collected = CollectAs(kSender);
  const v1::Delivery& last = collected->deliveries(collected->deliveries_size() - 1);
  EXPECT_EQ(last.message().payload_type(), trust::kRightsAnswerType);
}

TEST_F(RightsTest, OnlyWhoWasToldAnswersAndByWhoMay) {
  ASSERT_EQ(Told(EventOf({NoticeAbout(kShareId), NoticeAbout(kSecondId)})), "STORED");
  v1::RightsAnswer strangers = AnswerAbout(kShareId);
  strangers.set_from_agency(kStranger);
  Employ(kStranger, "p-057a6e");
  EXPECT_EQ(ReasonOf(Answer(strangers, kCallA, "p-057a6e")), "EVENT_UNKNOWN");
  EXPECT_EQ(ReasonOf(Answer(AnswerAbout(kShareId), kCallA, kPractitioner)), "ROLE_NOT_ENTITLED");
}

TEST_F(RightsTest, DecliningNamesItsGroundInLaw) {
  ASSERT_EQ(Told(AboutBoth()), "STORED");
  v1::RightsAnswer declined = AnswerAbout(kShareId);
  declined.set_outcome(v1::RIGHTS_OUTCOME_DECLINED);
  for (const char* reason : {"", "TOO_BUSY"}) {
    declined.set_reason(reason);
    EXPECT_EQ(ReasonOf(Answer(declined, kCallA)), "PAYLOAD_REJECTED");
  }
  declined.set_reason("LEGAL_CLAIMS");
  EXPECT_OK(Answer(declined, kCallA));
}

TEST_F(RightsTest, WhoDoesNotAnswerInSevenDaysIsAskedAgainEverySevenDays) {
  ASSERT_EQ(Told(AboutBoth()), "STORED");
  ASSERT_OK(Answer(AnswerAbout(kSecondId), kCallA));
  now_ += kAnswerRightsWithin - absl::Seconds(1);
  ASSERT_OK(Run(ChaseRights));
  EXPECT_THAT(Entries(kRecipient, "rights_unanswered"), IsEmpty());
  now_ += absl::Seconds(1);
  ASSERT_OK(Run(ChaseRights));
  ASSERT_OK(Run(ChaseRights));
  EXPECT_THAT(Entries(kRecipient, "rights_unanswered"), SizeIs(1));
  EXPECT_EQ(Entries(kSender, "rights_unanswered"), Entries(kRecipient, "rights_unanswered"));
  now_ += kAnswerRightsWithin;
  ASSERT_OK(Run(ChaseRights));
  ASSERT_THAT(Entries(kRecipient, "rights_unanswered"), SizeIs(2));
  ASSERT_OK(Answer(AnswerAbout(kShareId), kCallB));
  now_ += kAnswerRightsWithin;
  ASSERT_OK(Run(ChaseRights));
  EXPECT_THAT(Entries(kRecipient, "rights_unanswered"), SizeIs(2));
}

TEST_F(RightsTest, BothSidesHearOfWhoDidNotAnswer) {
  ASSERT_EQ(Told(AboutBoth()), "STORED");
  now_ += kAnswerRightsWithin;
  ASSERT_OK(Run(ChaseRights));
  for (const char* agency : {kSender, kRecipient}) {
    const auto collected = CollectAs(agency);
    ASSERT_GT(collected->deliveries_size(), 0);
    const v1::BrokerNotice& notice = collected->deliveries(collected->deliveries_size() - 1).notice();
    EXPECT_EQ(notice.kind(), v1::BROKER_NOTICE_KIND_RIGHTS_UNANSWERED);
    EXPECT_EQ(notice.event_id(), kEvent);
    EXPECT_EQ(notice.recipient_agency(), kRecipient);
  }
}

TEST_F(RightsTest, WhatIsWrongWithANoticeIsToldAllAtOnce) {
  v1::NotifyRightsRequest request;
  *request.add_notices() = Sign(kSender, trust::kRightsNoticeType, v1::RightsNotice());
  request.add_references("short");
  std::set<std::string> fields;
  for (const auto& [field, rule] : Violations::Of(CheckNotices(AgentOf(kSender), request, world(), now_).status()))
    fields.insert(field);
  EXPECT_EQ(fields, (std::set<std::string>{"request_id", "acting_person", "acting_role", "references", "notices.type",
                                           "notices.from_agency", "notices.to_agency", "notices.share_id",
                                           "notices.subjects", "notices.categories", "notices.create_time"}));
}

TEST_F(RightsTest, ANoticeThatItsAgencyDidNotSignIsNotTaken) {
  v1::NotifyRightsRequest event = AboutBoth();
  *event.mutable_notices(0) = Sign(kRecipient, trust::kRightsNoticeType, NoticeAbout(kShareId));
  EXPECT_THAT(Told(event), ::testing::AnyOf("SIGNATURE_INVALID", "KEY_NOT_CERTIFIED"));
}

}  // namespace
}  // namespace derwent::exchange
