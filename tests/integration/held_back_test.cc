// Units of a referral that wait for somebody's agreement, over real TLS through a real broker.
#include "agents/daemon/context/fault.h"
#include "tests/integration/request_fixture.h"

namespace derwent::agents {
namespace {

using ::testing::Not;

constexpr char kChair[] = "p-60ab93";   // Of the MARAC, at the police.
constexpr char kPusher[] = "p-81d7b6";  // A practitioner of probation.
constexpr char kConsole[] = "one";

// Probation refers an offender to the council's community safety for MARAC: his household goes at once, the assessment
// of his risk once a chair, who sits at the police, agreed.
class HeldBackTest : public RequestTest {
 protected:
  HeldBackTest() : agents_(consortium_.Agents({"probation.em", "dcc.community_safety", "police.derbys"})) {}
  TestAgent& probation() { return *agents_[0]; }
  TestAgent& council() { return *agents_[1]; }
  TestAgent& police() { return *agents_[2]; }

  v1::PushReferralRequest Referral(const std::string& reference = "ND-1") {
    v1::PushReferralRequest request;
    request.set_referral_ref(reference);
    request.set_profile("marac");
    request.set_purpose("case.da_safety");
    request.set_area("E07000034");
    request.set_acting_person(kPusher);
    request.set_justification("he was told where she lives");
    v1::ReferralSubject& subject = *request.add_subjects();
    subject.set_role("perpetrator_alleged");
    *subject.mutable_record() = Kestrel();
    subject.mutable_record()->mutable_household()->add_facts()->mutable_composition()->set_lives_alone(v1::YES_NO_YES);
    subject.mutable_record()->mutable_risk_offender()->add_facts()->set_assessed_on("2026-03-04");
    v1::ReferralRecipientChoice& recipient = *request.add_recipients();
    recipient.set_agency("dcc.community_safety");
    recipient.set_role("practitioner");
    recipient.add_grounds("marac.risk.offender");
    recipient.add_categories("household");
    recipient.add_categories("risk.offender");
    return request;
  }
  v1::PushReferralResponse Push(const v1::PushReferralRequest& request) {
    const auto pushed = probation().daemon->sender().Push(request);
    EXPECT_OK(pushed);
    return pushed.value_or(v1::PushReferralResponse());
  }
  // As the threads of the agents do.
  void Turn() {
    EXPECT_OK(probation().daemon->held_back().Work());
    police().CollectAll();
    probation().CollectAll();
    EXPECT_OK(probation().daemon->held_back().Work());
    council().CollectAll();
  }
  OutboxRow ShareOf(const std::string& share) {
    return probation().daemon->context().state.FindShare(share)->value_or(OutboxRow());
  }
  std::vector<InboxRow> Received() { return council().daemon->context().state.ListInbox(0, 10).value(); }
  std::string Opened(const std::string& share) {
    v1::OpenReferralRequest open;
    open.set_share_id(share);
    const auto opened = council().daemon->desk().Open({.kind = trust::CallerKind::kPerson, .name = "p-0b93d7"}, open);
    EXPECT_OK(opened);
    return opened.ok() ? opened->DebugString() : "";
  }

  std::vector<std::unique_ptr<TestAgent>> agents_;
};

TEST_F(HeldBackTest, GoesOnceTheChairAgreedWithoutSeeingIt) {
  const v1::PushReferralResponse pushed = Push(Referral());
  ASSERT_EQ(pushed.shares_size(), 2) << pushed.DebugString();
  EXPECT_EQ(pushed.shares(0).state(), "STORED") << pushed.shares(0).reason();
  EXPECT_EQ(pushed.shares(1).state(), "PENDING");
  EXPECT_EQ(pushed.shares(1).reason(), "APPROVAL_REQUIRED");
  EXPECT_THAT(pushed.shares(1).units(0).approvers(), ElementsAre("marac_chair"));
  Turn();
  ASSERT_THAT(Received(), SizeIs(1));
  EXPECT_THAT(Opened(pushed.shares(0).share_id()), Not(HasSubstr("2026-03-04")));

  const v1::ListApprovalsResponse waiting = Waiting(police(), kChair);
  ASSERT_EQ(waiting.approvals_size(), 1);
  EXPECT_THAT(waiting.DebugString(), Not(HasSubstr("Kestrel")));
  AnswerAll(police(), kChair, true);
  Turn();
  EXPECT_EQ(ShareOf(pushed.shares(1).share_id()).state, "STORED") << ShareOf(pushed.shares(1).share_id()).reason;
  ASSERT_THAT(Received(), SizeIs(2));
  const std::string second = Opened(pushed.shares(1).share_id());
  EXPECT_THAT(second, HasSubstr("2026-03-04"));
  EXPECT_THAT(second, HasSubstr(absl::StrCat("adds_to_share_id: \"", pushed.shares(0).share_id(), "\"")));
  EXPECT_THAT(second, HasSubstr("he was told where she lives"));
  // Kept no longer than it is needed, and not sent twice.
  Turn();
  EXPECT_FALSE(probation().daemon->context().state.FindHeldBack(pushed.shares(1).share_id())->has_value());
  EXPECT_THAT(Received(), SizeIs(2));
  for (const auto& agent : agents_) EXPECT_THAT(agent->Alarms(), IsEmpty()) << agent->config.agency;
}

TEST_F(HeldBackTest, IsRefusedWhenTheChairRefuses) {
  const v1::PushReferralResponse pushed = Push(Referral());
  Turn();
  AnswerAll(police(), kChair, false, "NOT_PROPORTIONATE");
  Turn();
  const OutboxRow ended = ShareOf(pushed.shares(1).share_id());
  EXPECT_EQ(ended.state, "REFUSED");
  EXPECT_EQ(ended.reason, "APPROVAL_REFUSED");
  v1::ShareOutcome outcome;
  ASSERT_TRUE(outcome.ParseFromString(ended.outcome));
  EXPECT_EQ(outcome.units(0).outcome(), "WITHHELD");
  EXPECT_THAT(outcome.units(0).reasons(), ElementsAre("APPROVAL_REFUSED", "NOT_PROPORTIONATE"));
  EXPECT_FALSE(probation().daemon->context().state.FindHeldBack(ended.share_id)->has_value());
  EXPECT_THAT(Received(), SizeIs(1));
}

TEST_F(HeldBackTest, IsKeptFromWhomItsRecordKeepsOut) {
  v1::PushReferralRequest referral = Referral();
  referral.mutable_subjects(0)->mutable_record()->add_excluded_from("p-f04e29");  // Probation's SPOC.
  const std::string waiting = Push(referral).shares(1).share_id();
  v1::WithdrawRequest withdraw;
  withdraw.set_share_id(waiting);
  withdraw.set_reason("SENT_IN_ERROR");
  EXPECT_THAT(probation().daemon->desk().Withdraw(Person("p-f04e29"), withdraw), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(ShareOf(waiting).state, "PENDING");
  EXPECT_OK(probation().daemon->desk().Withdraw(Person(kPusher), withdraw));
}

TEST_F(HeldBackTest, AChairElsewhereWhomItsRecordKeepsOutDoesNotCount) {
  v1::PushReferralRequest referral = Referral();
  referral.mutable_subjects(0)->mutable_record()->add_excluded_from(kChair);
  const std::string waiting = Push(referral).shares(1).share_id();
  Turn();
  AnswerAll(police(), kChair, true);
  Turn();
  EXPECT_EQ(ShareOf(waiting).state, "PENDING");
  EXPECT_THAT(probation().Alarms(), Contains("APPROVAL_REJECTED"));
}

TEST_F(HeldBackTest, SurvivesARestart) {
  const v1::PushReferralResponse pushed = Push(Referral());
  Turn();
  probation().Restart();
  EXPECT_OK(probation().daemon->upkeep().RunAll());
  AnswerAll(police(), kChair, true);
  Turn();
  EXPECT_EQ(ShareOf(pushed.shares(1).share_id()).state, "STORED");
  EXPECT_EQ(Push(Referral()).shares(1).state(), "STORED") << "the same reference is the same referral";
  EXPECT_THAT(Received(), SizeIs(2));
}

TEST_F(HeldBackTest, ACrashBetweenTheAgreementAndTheSendingSendsItOnce) {
  const v1::PushReferralResponse pushed = Push(Referral());
  Turn();
  AnswerAll(police(), kChair, true);
  police().CollectAll();
  probation().CollectAll();  // The agreement is here, and durable.
  probation().Restart();
  EXPECT_OK(probation().daemon->upkeep().RunAll());
  EXPECT_EQ(ShareOf(pushed.shares(1).share_id()).state, "PENDING");
  for (int i = 0; i < 2; ++i) {
    EXPECT_OK(probation().daemon->held_back().Work());
    probation().Restart();
    EXPECT_OK(probation().daemon->upkeep().RunAll());
  }
  EXPECT_EQ(ShareOf(pushed.shares(1).share_id()).state, "STORED");
  council().CollectAll();
  EXPECT_THAT(Received(), SizeIs(2));
}

TEST_F(HeldBackTest, UnderAnotherPolicyItIsDecidedAndAskedAgain) {
  const v1::PushReferralResponse pushed = Push(Referral());
  Turn();
  AnswerAll(police(), kChair, true);  // Agreed, to the policy of before.
  const std::string before = probation().real->GetPolicyBundle({})->policy_digest();
  consortium_.ChangePolicy("sed -i '1i # looked at again' marac.txtpb", "marac");
  const absl::Time end = absl::Now() + absl::Seconds(30);
  while (probation().real->GetPolicyBundle({})->policy_digest() == before) ASSERT_LT(absl::Now(), end);
  for (const auto& agent : agents_) ASSERT_OK(agent->daemon->upkeep().RunAll());
  Turn();
  EXPECT_EQ(ShareOf(pushed.shares(1).share_id()).state, "PENDING") << "the agreement was to another policy";
  EXPECT_THAT(Received(), SizeIs(1));
  police().CollectAll();
  const v1::ListApprovalsResponse waiting = Waiting(police(), kChair);
  ASSERT_EQ(waiting.approvals_size(), 1);
  EXPECT_NE(waiting.approvals(0).question().proposed().policy_digest(), before);
  AnswerAll(police(), kChair, true);
  Turn();
  EXPECT_EQ(ShareOf(pushed.shares(1).share_id()).state, "STORED") << ShareOf(pushed.shares(1).share_id()).reason;
  EXPECT_THAT(Received(), SizeIs(2));
}

TEST_F(HeldBackTest, EndsWithTheAgreementAndItsSenderIsToldWhy) {
  const v1::PushReferralResponse pushed = Push(Referral());
  Turn();
  consortium_.EndAgreement("marac", "probation.em", probation());
  EXPECT_OK(probation().daemon->held_back().Work());
  const OutboxRow share = ShareOf(pushed.shares(1).share_id());
  EXPECT_EQ(share.state, "REFUSED") << "nobody waits for the chair any more";
  EXPECT_EQ(share.reason, "AGREEMENT_NOT_IN_FORCE");
  v1::ShareOutcome outcome;
  ASSERT_TRUE(outcome.ParseFromString(share.outcome));
  EXPECT_EQ(outcome.units(0).outcome(), "WITHHELD");
  EXPECT_THAT(outcome.units(0).reasons(), Contains("AGREEMENT_NOT_IN_FORCE"));
  EXPECT_THAT(Received(), SizeIs(1));
}

TEST_F(HeldBackTest, DoesNotGoOnceTheSenderTookItBack) {
  const v1::PushReferralResponse pushed = Push(Referral());
  Turn();
  v1::WithdrawRequest withdraw;
  withdraw.set_share_id(pushed.shares(0).share_id());
  withdraw.set_reason("CONSENT_WITHDRAWN");
  ASSERT_OK(probation().daemon->desk().Withdraw({.kind = trust::CallerKind::kConsole, .name = kConsole}, withdraw));
  EXPECT_EQ(ShareOf(pushed.shares(1).share_id()).state, "REFUSED");
  AnswerAll(police(), kChair, true);
  police().CollectAll();
  probation().CollectAll();
  EXPECT_OK(probation().daemon->held_back().Work());
  council().CollectAll();
  EXPECT_THAT(Received(), SizeIs(1));
}

TEST_F(HeldBackTest, DoesNotGoOnceALaterVersionTookThePlaceOfItsReferral) {
  const v1::PushReferralResponse pushed = Push(Referral());
  Turn();
  v1::PushReferralRequest later = Referral("ND-2");
  later.set_supersedes_share_id(pushed.shares(0).share_id());
  const v1::PushReferralResponse second = Push(later);
  ASSERT_EQ(second.shares_size(), 2) << second.DebugString();
  EXPECT_EQ(second.shares(0).supersedes_share_id(), pushed.shares(0).share_id());
  ASSERT_OK(probation().daemon->supersessions().Work());
  EXPECT_EQ(ShareOf(pushed.shares(1).share_id()).state, "REFUSED");
  EXPECT_EQ(ShareOf(second.shares(1).share_id()).state, "PENDING") << "the later one's own units wait on";
  Turn();
  AnswerAll(police(), kChair, true);
  Turn();
  EXPECT_EQ(ShareOf(second.shares(1).share_id()).state, "STORED");
  EXPECT_THAT(Received(), SizeIs(3)) << "the earlier one, the later one and what was agreed to of it";
}

TEST_F(HeldBackTest, WhatWasAgreedToOfAnEarlierVersionIsWithdrawnWithIt) {
  const v1::PushReferralResponse pushed = Push(Referral());
  Turn();
  AnswerAll(police(), kChair, true);
  Turn();
  v1::PushReferralRequest later = Referral("ND-2");
  later.set_supersedes_share_id(pushed.shares(0).share_id());
  Push(later);
  ASSERT_OK(probation().daemon->supersessions().Work());
  ASSERT_OK(probation().daemon->postman().Drain());
  Turn();
  const auto added = council().daemon->context().state.FindReceived(pushed.shares(1).share_id());
  ASSERT_TRUE(added.ok() && added->has_value());
  EXPECT_EQ((*added)->state, "WITHDRAWN");
  EXPECT_EQ((*added)->content, "");
}

TEST_F(HeldBackTest, WhatWaitsTakesNothingsPlace) {
  const v1::PushReferralResponse pushed = Push(Referral());
  v1::PushReferralRequest later = Referral("ND-2");
  later.set_supersedes_share_id(pushed.shares(0).share_id());
  later.mutable_recipients(0)->clear_categories();
  later.mutable_recipients(0)->add_categories("risk.offender");
  EXPECT_EQ(ReasonOf(probation().daemon->sender().Push(later).status()), "APPROVAL_REQUIRED");
  EXPECT_EQ(ShareOf(pushed.shares(1).share_id()).state, "PENDING");
}

TEST_F(HeldBackTest, ASubmissionThatWasLostIsSentAgainWithTheSameApproval) {
  const v1::PushReferralResponse pushed = Push(Referral());
  Turn();
  AnswerAll(police(), kChair, true);
  probation().CollectAll();
  probation().broker->on_submit = [](auto&) { return absl::UnavailableError("lost on the way"); };
  EXPECT_THAT(probation().daemon->held_back().Work(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(ShareOf(pushed.shares(1).share_id()).state, "QUEUED");
  probation().broker->on_submit = nullptr;
  EXPECT_OK(probation().daemon->sender().Drain());
  EXPECT_EQ(ShareOf(pushed.shares(1).share_id()).state, "STORED");
  council().CollectAll();
  EXPECT_THAT(Received(), SizeIs(2));
}

TEST_F(HeldBackTest, NothingButTheWaitingIsToldWhenNothingGoesNow) {
  v1::PushReferralRequest request = Referral();
  request.mutable_recipients(0)->clear_categories();
  request.mutable_recipients(0)->add_categories("risk.offender");
  request.set_validate_only(true);
  const v1::PushReferralResponse planned = Push(request);
  ASSERT_EQ(planned.shares_size(), 1);
  EXPECT_EQ(planned.shares(0).state(), "PENDING");
  request.set_validate_only(false);
  const v1::PushReferralResponse pushed = Push(request);
  ASSERT_EQ(pushed.shares_size(), 1);
  EXPECT_EQ(pushed.shares(0).state(), "PENDING");
  Turn();
  AnswerAll(police(), kChair, true);
  Turn();
  ASSERT_THAT(Received(), SizeIs(1));
  EXPECT_THAT(Opened(pushed.shares(0).share_id()), Not(HasSubstr("adds_to_share_id")));
}

}  // namespace
}  // namespace derwent::agents
