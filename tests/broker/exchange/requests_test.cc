#include "broker/exchange/request/requests.h"

#include "broker/exchange/cases/cases.h"
#include "broker/exchange/mailbox/mailbox.h"
#include "broker/exchange/referral/referrals.h"
#include "broker/exchange/upkeep/sweep.h"
#include "derwent/v1/message.pb.h"
#include "tests/broker/exchange/request_fixture.h"
#include "trust/message/timestamp.h"
#include "trust/signature/payload_types.h"

namespace derwent::exchange {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;

class CaseRequestTest : public RequestTest {
 protected:
  size_t Waiting(const std::string& agency) { return store_->Read().value()->GetMailboxDepth(agency)->waiting; }
};

TEST_F(CaseRequestTest, ARequestThatPolicyAllowsIsStoredEnteredAndDelivered) {
  const auto response = SubmitRequest(Request());
  ASSERT_OK(response);
  EXPECT_EQ(response->outcome(), v1::SUBMIT_OUTCOME_STORED) << response->DebugString();
  ASSERT_EQ(response->decisions_size(), 1);
  EXPECT_EQ(response->decisions(0).question().overall(), "PENDING") << "the officer must agree to one category";
  EXPECT_EQ(response->decisions(0).selector().overall(), "PERMIT");
  EXPECT_EQ(response->receipts_size(), 1);
  EXPECT_EQ(Waiting(kHolder), 1u);
  EXPECT_EQ(EntriesOf("cbc", "request"), 1u);
  EXPECT_EQ(EntriesOf(kHolder, "request"), 1u);
  EXPECT_EQ(HolderSeenBy("cbc").state(), v1::HOLDER_STATE_WAITING);
}

TEST_F(CaseRequestTest, TheAskerFindsItsRequestByPersonAndTheHolderDoesNot) {
  ASSERT_EQ(Told(Request()), "STORED");
  const std::string tag = tagger_->Tag(std::string(32, 'a')).value();
  const auto found = [&](const std::string& agency) {
    return store_->Read().value()->SearchEntries({.viewer_agency = agency, .tags = {tag}}).value().size();
  };
  EXPECT_EQ(found("cbc"), 1u);
  EXPECT_EQ(found(kHolder), 0u);
  for (const std::string& line : EntriesSeenBy(kHolder))
    EXPECT_FALSE(line.starts_with("subject_tags") || line.starts_with("receiving_person")) << line;
}

TEST_F(CaseRequestTest, TheSameRequestAgainGetsTheFirstAnswerAndTakesEffectOnce) {
  const v1::SubmitCaseRequestRequest request = Request();
  const auto first = SubmitRequest(request);
  now_ += absl::Hours(1);
  const auto again = SubmitRequest(request);
  ASSERT_OK(first);
  ASSERT_OK(again);
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(*first, *again));
  EXPECT_EQ(Waiting(kHolder), 1u);
  EXPECT_EQ(EntriesOf("cbc", "request"), 1u);
  EXPECT_EQ(Told(Request([](v1::Manifest& m, v1::SenderStatement&) { m.set_marking("OS"); })), "REQUEST_ID_REUSED");
}

TEST_F(CaseRequestTest, ValidateOnlyEntersTheCheckAndStoresNothing) {
  v1::SubmitCaseRequestRequest request = Request();
  request.set_validate_only(true);
  EXPECT_EQ(SubmitRequest(request)->outcome(), v1::SUBMIT_OUTCOME_VALID);
  EXPECT_EQ(Waiting(kHolder), 0u);
  EXPECT_EQ(EntriesOf("cbc", "check"), 1u);
}

TEST_F(CaseRequestTest, AllViolationsAreToldAtOnce) {
  const auto status = SubmitRequest(Request([](v1::Manifest& m, v1::SenderStatement& statement) {
                        statement.set_acting_person("p-other");
                        m.mutable_question()->add_categories("aggregate");
                        m.mutable_question()->set_role("");
                        m.set_reply_to_share_id(kAnswerId);
                      })).status();
  const auto violations = Violations::Of(status);
  EXPECT_THAT(violations, Contains(Pair("submissions[0].manifest.question.acting_person", ::testing::_)));
  EXPECT_THAT(violations, Contains(Pair("submissions[0].manifest.question.categories", ::testing::_)));
  EXPECT_THAT(violations, Contains(Pair("submissions[0].manifest.question.role", ::testing::_)));
  EXPECT_THAT(violations, Contains(Pair("submissions[0].manifest.reply_to_share_id", ::testing::_)));
}

TEST_F(CaseRequestTest, AReferralDoesNotAskAndARequestIsNoReferral) {
  EXPECT_EQ(ReasonOf(Submit(Share([](v1::Manifest& m, v1::SenderStatement&) {
                       m.mutable_question()->set_role("spoc");
                     })).status()),
            "PAYLOAD_REJECTED");
  EXPECT_EQ(ReasonOf(Submit(Share([](v1::Manifest& m, v1::SenderStatement&) {
                       m.set_kind(v1::PACKAGE_KIND_SELECTOR);
                     })).status()),
            "PAYLOAD_REJECTED");
  ASSERT_EQ(Told(Request()), "STORED");
  v1::GetReferralRequest get;
  get.set_name(absl::StrCat("agencies/cbc/referrals/", kShareId));
  EXPECT_EQ(ReasonOf(GetReferral(AgentOf("cbc"), get, *store_->Read().value()).status()), "SHARE_UNKNOWN");
  v1::ListReferralsRequest list;
  list.set_parent("agencies/cbc");
  EXPECT_EQ(ListReferrals(AgentOf("cbc"), list, *store_->Read().value())->referrals_size(), 0);
}

TEST_F(CaseRequestTest, TimesAreTheProfiles) {
  EXPECT_EQ(Told(Request([&](v1::Manifest& m, v1::SenderStatement&) {
              *m.mutable_expire_time() = trust::ToTimestamp(now_ + absl::Hours(121));
            })),
            "PAYLOAD_REJECTED");
  EXPECT_EQ(Told(Request([&](v1::Manifest& m, v1::SenderStatement&) {
              *m.mutable_question()->mutable_answer_time() = trust::ToTimestamp(now_ + absl::Hours(1));
            })),
            "PAYLOAD_REJECTED");
  EXPECT_EQ(Told(Request([&](v1::Manifest& m, v1::SenderStatement&) { m.set_existence_sensitive(true); })),
            "PAYLOAD_REJECTED");
}

TEST_F(CaseRequestTest, WhatIsPermittedNearestIsSoughtAfterTheCommit) {
  const v1::SubmitCaseRequestRequest request =
      Request([](v1::Manifest& m, v1::SenderStatement&) { m.mutable_subjects(0)->clear_grounds(); });
  auto response = SubmitRequest(request);
  ASSERT_OK(response);
  const auto& steps = response->decisions(0).question().next_steps();
  EXPECT_THAT(steps, ::testing::Not(Contains(HasSubstr("with the ground `")))) << "not on the writer";
  const auto share = CheckShare(AgentOf("cbc"), request, world(), now_);
  ASSERT_OK(share);
  ASSERT_OK(AddNextSteps(*share, world(), now_, *store_->Read().value(), *response));
  EXPECT_THAT(steps, Contains(HasSubstr("with the ground `")));
}

TEST_F(CaseRequestTest, ACategoryThatIsNotForTheAskerIsSimplyNotGiven) {
  const auto response =
      SubmitRequest(Request([](v1::Manifest& m, v1::SenderStatement&) { m.mutable_subjects(0)->clear_grounds(); }));
  ASSERT_OK(response);
  EXPECT_EQ(response->outcome(), v1::SUBMIT_OUTCOME_STORED);
  EXPECT_EQ(response->decisions(0).question().categories(0).outcome(), "DENY");
}

TEST_F(CaseRequestTest, SomebodyElsesCaseLooksLikeNone) {
  v1::OpenCaseRequest open;
  open.set_request_id(kAnswerId);
  open.set_profile("tb.ncasb");
  open.set_board("tb.ncasb");
  open.set_area(kArea);
  v1::Case response;
  ASSERT_OK(Run([&](Batch& batch) { return OpenCase(PersonOf(kHolder), open, response, batch); }));
  const auto others = SubmitRequest(Request([](v1::Manifest& m, v1::SenderStatement&) { m.set_case_id(kAnswerId); }));
  const auto none = SubmitRequest(Request([](v1::Manifest& m, v1::SenderStatement&) { m.set_case_id(kSupplementId); }));
  EXPECT_EQ(others->reason(), "CASE_LINK_REQUIRED");
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(others->decisions(0), none->decisions(0)));
}

TEST_F(CaseRequestTest, AnExcludedOrUnnamedPersonAndAClosedCaseLinkNothing) {
  const auto change = [&](const std::function<void(v1::CaseMember&)>& how, const std::string& id) {
    v1::ChangeCaseMemberRequest request;
    request.set_request_id(id);
    request.set_name(absl::StrCat("cases/", kCase));
    request.mutable_member()->set_agency("cbc");
    how(*request.mutable_member());
    v1::Case response;
    return Run([&](Batch& batch) { return ChangeCaseMember(PersonOf("cbc"), request, response, batch); });
  };
  Give("cbc", "p-other", "practitioner");
  ASSERT_OK(change([](v1::CaseMember& m) { m.add_roles("spoc"); }, kAnswerId));
  EXPECT_EQ(Told(Request()), "REFUSED CASE_LINK_REQUIRED") << "the role takes no part";
  ASSERT_OK(change([](v1::CaseMember& m) { m.add_excluded_persons("p-other"); }, kSupplementId));
  EXPECT_EQ(Told(Request([](v1::Manifest& m, v1::SenderStatement& s) {
              m.mutable_question()->set_acting_person("p-other");
              s.set_acting_person("p-other");
            })),
            "REFUSED CASE_LINK_REQUIRED");
  ASSERT_OK(change([](v1::CaseMember& m) { m.add_persons(kPractitioner); }, kApprovalId));
  EXPECT_EQ(Told(Request([](v1::Manifest& m, v1::SenderStatement& s) {
              m.mutable_question()->set_acting_person("p-other");
              s.set_acting_person("p-other");
            })),
            "REFUSED CASE_LINK_REQUIRED");
  ASSERT_OK(Close());
  EXPECT_EQ(Told(Request()), "REFUSED CASE_LINK_REQUIRED");
}

TEST_F(CaseRequestTest, ASelectorThatNoLongerPassesIsHeldAndItsAskerTold) {
  ASSERT_EQ(Told(Request()), "STORED");
  ASSERT_OK(Close());
  EXPECT_EQ(CollectAs(kHolder)->deliveries_size(), 0);
  EXPECT_EQ(HolderSeenBy("cbc").state(), v1::HOLDER_STATE_HELD);
  EXPECT_EQ(HolderSeenBy("cbc").reason(), "CASE_LINK_REQUIRED");
  EXPECT_EQ(CollectAs("cbc")->deliveries(0).notice().kind(), v1::BROKER_NOTICE_KIND_HELD);
}

TEST_F(CaseRequestTest, AHolderThatMayAnswerNothingIsNotToldWhoItIsAbout) {
  MakeAgency("police.derbys");
  v1::SubmitCaseRequestRequest both = Request();
  v1::SubmitCaseRequestRequest second = Request([&](v1::Manifest& m, v1::SenderStatement&) {
    m.set_recipient_agency("police.derbys");
    m.set_sealing_key_id(sealing_.at("police.derbys"));
  });
  *both.add_submissions() = second.submissions(0);
  policy().profiles.at("tb.ncasb").senders.erase("police");
  const auto response = SubmitRequest(both);
  ASSERT_OK(response);
  ASSERT_EQ(response->outcome(), v1::SUBMIT_OUTCOME_STORED) << response->DebugString();
  EXPECT_EQ(Waiting(kHolder), 1u);
  EXPECT_EQ(Waiting("police.derbys"), 0u);
  const auto part =
      store_->Read().value()->FindPart({.share_id = kShareId, .recipient_agency = "police.derbys"}).value();
  EXPECT_EQ(part->state, v1::RECIPIENT_STATE_HELD);
  EXPECT_EQ(part->reason, "SENDER_NOT_PERMITTED");
}

TEST_F(CaseRequestTest, CancellingDeletesWhatWasNotCollected) {
  ASSERT_EQ(Told(Request()), "STORED");
  ASSERT_OK(Withdraw(kShareId, "cbc", kHolder, 1));
  EXPECT_EQ(HolderSeenBy("cbc").state(), v1::HOLDER_STATE_CANCELLED);
  const auto told = CollectAs(kHolder);
  ASSERT_EQ(told->deliveries_size(), 1);
  EXPECT_TRUE(told->deliveries(0).has_message()) << "the withdrawal, not the selector";
}

TEST_F(CaseRequestTest, WhatIsNotAnsweredInTimeExpiresAndIsTold) {
  HandOverRequest();
  now_ += absl::Hours(73);
  ASSERT_OK(Run([](Batch& batch) { return Sweep(batch); }));
  EXPECT_EQ(HolderSeenBy("cbc").state(), v1::HOLDER_STATE_EXPIRED);
  EXPECT_EQ(EntriesOf("cbc", "expiry"), 1u);
  EXPECT_EQ(Told(Answer()), "REFUSED REQUEST_EXPIRED");
}

TEST_F(CaseRequestTest, AwaitingApprovalIsToldWithTheRole) {
  HandOverRequest();
  const auto progress = [&](v1::ProgressState state, uint32_t sequence) {
    v1::Progress message;
    *message.mutable_head() = Head(kHolder, "cbc", sequence);
    message.set_state(state);
    message.set_reason(state == v1::PROGRESS_STATE_DECLINED ? "CAPACITY" : "SPOC");
    v1::ReportProgressRequest request;
    request.set_request_id(absl::StrCat("5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1c0", static_cast<int>(state)));
    *request.mutable_progress() = Sign(kHolder, trust::kProgressType, message);
    v1::ReportProgressResponse response;
    return Run([&](Batch& batch) { return ReportProgress(AgentOf(kHolder), request, response, batch); });
  };
  EXPECT_EQ(Told(progress(v1::PROGRESS_STATE_DECLINED, 2)), "STATE_NOT_ALLOWED")
      << "a request is answered, not declined";
  ASSERT_OK(progress(v1::PROGRESS_STATE_AWAITING_APPROVAL, 2));
  EXPECT_EQ(HolderSeenBy("cbc").state(), v1::HOLDER_STATE_AWAITING_APPROVAL);
  EXPECT_EQ(HolderSeenBy("cbc").reason(), "SPOC");
  EXPECT_EQ(Told(Answer()), "STORED");
}

TEST_F(CaseRequestTest, OverTheQuotaNobodyIsAskedAndBothAgenciesAreToldOnce) {
  world().limits.holders_a_day = 1;
  ASSERT_EQ(Told(Request()), "STORED");
  const v1::SubmitCaseRequestRequest more = Request(nullptr, kAnswerId);
  EXPECT_EQ(Told(more), "QUOTA_EXCEEDED");
  const CheckedShare share = CheckShare(AgentOf("cbc"), more, world(), now_).value();
  for (int i = 0; i < 2; ++i) ASSERT_OK(Run([&](Batch& batch) { return AlarmQuota(share, batch); }));
  EXPECT_EQ(EntriesOf("cbc", "quota_exceeded"), 1u);
  EXPECT_EQ(CollectAs("cbc")->deliveries(0).notice().kind(), v1::BROKER_NOTICE_KIND_QUOTA_EXCEEDED);
  EXPECT_EQ(CollectAs(kHolder)->deliveries_size(), 2) << "the first request, and the notice";
  now_ += absl::Hours(24);
  EXPECT_EQ(Told(Request(nullptr, kAnswerId)), "STORED") << "another day";
}

TEST_F(CaseRequestTest, APlanSaysWhatWouldBeDecidedAndEntersItself) {
  v1::PlanCaseRequestRequest request;
  request.set_request_id(FreshRequestId());
  request.set_profile("tb.ncasb");
  request.set_purpose(setting_.purpose);
  request.set_board(setting_.board);
  request.set_area(kArea);
  request.set_case_id(kCase);
  request.set_acting_person(kPractitioner);
  request.set_role("practitioner");
  request.set_subject_role(setting_.subject_role);
  for (const std::string& category : setting_.asked) request.add_categories(category);
  request.add_grounds(setting_.grounds[0]);
  request.set_justification(true);
  v1::PlannedHolder& holder = *request.add_holders();
  holder.set_agency(kHolder);
  holder.add_selector_categories("identity");
  v1::PlanCaseRequestResponse response;
  ASSERT_OK(Run([&](Batch& batch) { return PlanCaseRequest(AgentOf("cbc"), request, response, batch); }));
  ASSERT_EQ(response.decisions_size(), 1);
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(response.decisions(0),
                                                                 SubmitRequest(Request())->decisions(0)));
  EXPECT_EQ(response.decisions(0).selector_role(), "spoc");
  EXPECT_EQ(response.keys_size(), 1);
  EXPECT_EQ(response.answer_slot_seconds(), 0);
  EXPECT_EQ(EntriesOf("cbc", "plan"), 1u);
  request.set_role("signatory");
  EXPECT_EQ(Told(Run([&](Batch& batch) { return PlanCaseRequest(AgentOf("cbc"), request, response, batch); })),
            "ROLE_NOT_ENTITLED");
}

// A thematic lead asks for her own board and area only.
TEST_F(CaseRequestTest, AThematicLeadAsksForHerOwnBoardAlone) {
  Give("cbc", "p-lead", "thematic_lead", {"tb.ncasb"});
  v1::OpenCaseRequest open;
  open.set_request_id(kAnswerId);
  open.set_profile("tb.ncasb");
  open.set_board("tb.ncasb");
  open.set_area(kArea);
  v1::Case opened;
  EXPECT_EQ(Told(Run([&](Batch& batch) { return OpenCase(PersonOf("cbc", "p-lead"), open, opened, batch); })),
            "ROLE_NOT_ENTITLED");
  ASSERT_OK(Run([&](Batch& batch) { return OpenCase(PersonOf("cbc"), open, opened, batch); }));
  const auto ask = [&](const std::string& board, const std::string& area) {
    return Told(Request([&](v1::Manifest& m, v1::SenderStatement& s) {
      m.set_board(board);
      m.set_area(area);
      m.set_case_id(kAnswerId);
      m.mutable_subjects(0)->clear_grounds();
      m.mutable_question()->set_role("thematic_lead");
      m.mutable_question()->set_acting_person("p-lead");
      m.mutable_question()->clear_categories();
      m.mutable_question()->add_categories("incident");
      s.set_acting_person("p-lead");
    }));
  };
  EXPECT_EQ(ask("", kArea), "REFUSED ROLE_NOT_ENTITLED");
  EXPECT_EQ(ask("tb.soce", kArea), "REFUSED ROLE_NOT_ENTITLED");
  EXPECT_EQ(ask("tb.ncasb", "E07000038"), "REFUSED CASE_LINK_REQUIRED") << "the case is of another area";
  auto& appointments = world().directories["dcc.community_safety"].appointments;
  std::vector<policy::Appointment> made;
  made.swap(appointments);
  EXPECT_EQ(ask("tb.ncasb", kArea), "REFUSED ROLE_NOT_ENTITLED") << "her agency's word alone";
  made.swap(appointments);
  EXPECT_EQ(ask("tb.ncasb", kArea), "STORED");
}

}  // namespace
}  // namespace derwent::exchange
