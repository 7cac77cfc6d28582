// A share that waits to be sent while the policy changes is planned again under the one in force (architecture 5): the
// same share, never more than may go now.
#include "agents/daemon/context/fault.h"
#include "tests/integration/request_fixture.h"

namespace derwent::agents {
namespace {

using ::testing::Each;
using ::testing::Not;

constexpr char kPusher[] = "p-81d7b6";  // A practitioner of probation.
constexpr char kSpoc[] = "p-f04e29";    // Of probation.

// Probation refers an offender to the council's community safety for MARAC.
class PlanAgainTest : public RequestTest {
 protected:
  PlanAgainTest() : agents_(consortium_.Agents({"probation.em", "dcc.community_safety"})) {}
  TestAgent& probation() { return *agents_[0]; }
  TestAgent& council() { return *agents_[1]; }

  v1::PushReferralRequest Referral(const std::vector<std::string>& categories) {
    v1::PushReferralRequest request;
    request.set_referral_ref("ND-1");
    request.set_profile("marac");
    request.set_purpose("case.da_safety");
    request.set_area("E07000034");
    request.set_acting_person(kPusher);
    request.set_justification("he was told where she lives");
    v1::ReferralSubject& subject = *request.add_subjects();
    subject.set_role("perpetrator_alleged");
    *subject.mutable_record() = Kestrel();
    subject.mutable_record()->mutable_household()->add_facts()->mutable_composition()->set_lives_alone(v1::YES_NO_YES);
    v1::ReferralRecipientChoice& recipient = *request.add_recipients();
    recipient.set_agency("dcc.community_safety");
    recipient.set_role("practitioner");
    recipient.add_grounds("marac.household");
    recipient.mutable_categories()->Assign(categories.begin(), categories.end());
    return request;
  }

  // Pushed while the broker is away; then the agent crashes.
  std::string Queue(const std::vector<std::string>& categories) {
    probation().broker->refuse_submit = absl::UnavailableError("away");
    const auto pushed = probation().daemon->sender().Push(Referral(categories));
    EXPECT_OK(pushed);
    EXPECT_EQ(pushed->shares(0).state(), "QUEUED");
    probation().Restart();
    return pushed->shares(0).share_id();
  }

  // What was pushed goes on under a changed policy.
  void ChangeAndSend(const std::string& edit) {
    const std::string before = probation().real->GetPolicyBundle({})->policy_digest();
    consortium_.ChangePolicy(edit, "marac");
    const absl::Time end = absl::Now() + absl::Seconds(30);
    while (probation().real->GetPolicyBundle({})->policy_digest() == before) ASSERT_LT(absl::Now(), end);
    ASSERT_OK(probation().daemon->upkeep().RunAll());
    ASSERT_OK(council().daemon->upkeep().RunAll());
    probation().broker->refuse_submit = absl::OkStatus();
    EXPECT_OK(probation().daemon->sender().Drain());
  }

  OutboxRow ShareOf(const std::string& share) {
    return probation().daemon->context().state.FindShare(share)->value_or(OutboxRow());
  }
  v1::ShareOutcome OutcomeOf(const std::string& share) {
    v1::ShareOutcome outcome;
    EXPECT_TRUE(outcome.ParseFromString(ShareOf(share).outcome));
    return outcome;
  }
  bool IsPlanned(const std::string& share) {
    return probation().daemon->context().state.FindPlanned(share)->has_value();
  }
  std::vector<std::string> Opened(const std::string& share) {
    council().CollectAll();
    v1::OpenReferralRequest open;
    open.set_share_id(share);
    const auto opened = council().daemon->desk().Open(Person("p-0b93d7"), open);
    EXPECT_OK(opened);
    std::vector<std::string> categories;
    if (!opened.ok()) return categories;
    for (const v1::OpenedUnit& unit : opened->units()) categories.push_back(unit.content().category());
    return categories;
  }

  std::vector<std::unique_ptr<TestAgent>> agents_;
};

TEST_F(PlanAgainTest, WhatMayStillGoGoesAsTheSameShare) {
  const std::string share = Queue({"household", "identity"});
  EXPECT_TRUE(IsPlanned(share));
  ChangeAndSend("sed -i '/necessary: \"household\"/d' marac.txtpb");
  EXPECT_EQ(ShareOf(share).state, "STORED") << ShareOf(share).reason;
  EXPECT_EQ(OutcomeOf(share).share_id(), share);
  EXPECT_THAT(Opened(share), ElementsAre("identity"));
  const v1::ShareOutcome told = OutcomeOf(share);
  for (const v1::UnitOutcome& unit : told.units())
    EXPECT_EQ(unit.outcome(), unit.category() == "identity" ? "RELEASED" : "WITHHELD") << unit.category();
  EXPECT_FALSE(IsPlanned(share)) << "kept no longer than it is needed";
  EXPECT_THAT(probation().daemon->sender().Push(Referral({"household", "identity"}))->shares(0).share_id(), share);
  for (const auto& agent : agents_) EXPECT_THAT(agent->Alarms(), IsEmpty()) << agent->config.agency;
}

TEST_F(PlanAgainTest, WhatMayGoNoMoreIsRefusedWithTheReason) {
  const std::string share = Queue({"household"});
  ChangeAndSend("sed -i '/necessary: \"household\"/d' marac.txtpb");
  EXPECT_EQ(ShareOf(share).state, "REFUSED");
  EXPECT_EQ(ShareOf(share).reason, "CATEGORY_NOT_PERMITTED");
  EXPECT_EQ(OutcomeOf(share).units(0).outcome(), "WITHHELD");
  EXPECT_THAT(OutcomeOf(share).units(0).reasons(), Contains("CATEGORY_NOT_PERMITTED"));
  EXPECT_FALSE(IsPlanned(share));
  council().CollectAll();
  EXPECT_THAT(council().daemon->context().state.ListInbox(0, 10).value(), IsEmpty());
}

TEST_F(PlanAgainTest, WhatSomebodyMustNowAgreeToWaitsForThem) {
  const std::string share = Queue({"household", "identity"});
  ChangeAndSend(
      "sed -i 's/^necessary: \"household\"/conditional { category: \"household\" when: \"asked\" approver: \"spoc\" "
      "}/' "
      "marac.txtpb");
  EXPECT_EQ(ShareOf(share).state, "STORED") << ShareOf(share).reason;
  EXPECT_THAT(Opened(share), ElementsAre("identity"));
  const v1::PushReferralResponse now = *probation().daemon->sender().Push(Referral({"household", "identity"}));
  ASSERT_EQ(now.shares_size(), 2) << now.DebugString();
  EXPECT_EQ(now.shares(1).state(), "PENDING");
  EXPECT_THAT(now.shares(1).units(0).approvers(), ElementsAre("spoc"));
  EXPECT_OK(probation().daemon->held_back().Work());
  AnswerAll(probation(), kSpoc, true);
  EXPECT_OK(probation().daemon->held_back().Work());
  EXPECT_THAT(Opened(now.shares(1).share_id()), ElementsAre("household"));
}

TEST_F(PlanAgainTest, WhatIsRefusedForEverIsNotPlannedForEver) {
  const std::string share = Queue({"household"});
  ASSERT_OK(probation().daemon->upkeep().RunAll());
  probation().broker->refuse_submit =
      Fault(absl::StatusCode::kFailedPrecondition, "KEY_NOT_CERTIFIED", "no mind of one");
  for (int turn = 0; turn < 10; ++turn) probation().daemon->sender().Drain().IgnoreError();
  EXPECT_EQ(ShareOf(share).state, "REFUSED");
  EXPECT_EQ(ShareOf(share).reason, "KEY_NOT_CERTIFIED");
  EXPECT_THAT(probation().Alarms(), ElementsAre("SHARE_NOT_TAKEN"));
}

TEST_F(PlanAgainTest, ACrashBetweenTheRefusalAndTheNewPlanForgetsNothing) {
  const std::string share = Queue({"household", "identity"});
  int plans = 0;
  probation().broker->on_plan = [&](v1::PlanReferralResponse&) { ++plans; };
  probation().broker->refuse_plan = absl::UnavailableError("away");
  const std::string before = probation().real->GetPolicyBundle({})->policy_digest();
  consortium_.ChangePolicy("sed -i '/necessary: \"household\"/d' marac.txtpb", "marac");
  const absl::Time end = absl::Now() + absl::Seconds(30);
  while (probation().real->GetPolicyBundle({})->policy_digest() == before) ASSERT_LT(absl::Now(), end);
  ASSERT_OK(probation().daemon->upkeep().RunAll());
  probation().broker->refuse_submit = absl::OkStatus();
  EXPECT_THAT(probation().daemon->sender().Drain(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(ShareOf(share).state, "QUEUED");
  EXPECT_EQ(ShareOf(share).reason, "POLICY_CHANGED");
  probation().broker->refuse_plan = absl::OkStatus();
  probation().Restart();
  ASSERT_OK(probation().daemon->upkeep().RunAll());
  EXPECT_OK(probation().daemon->sender().Drain());
  EXPECT_EQ(ShareOf(share).state, "STORED") << ShareOf(share).reason;
  EXPECT_EQ(plans, 1);
}

}  // namespace
}  // namespace derwent::agents
