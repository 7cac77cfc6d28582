// P05 of approvals: what nobody agreed to is in the ledger, and where existence is secret it tells nobody else (P08).
#include "broker/exchange/upkeep/sweep.h"
#include "tests/broker/exchange/request_fixture.h"

namespace derwent::exchange {
namespace {

constexpr char kDeclined[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1d77";

class DeclinedTest : public RequestTest {
 protected:
  explicit DeclinedTest(const Setting& setting = Antisocial()) : RequestTest(setting) {}
  void SetUp() override {
    RequestTest::SetUp();
    HandOverRequest();
  }
  v1::DeclinedApproval Declined(const std::string& person, const std::string& reason) const {
    v1::DeclinedApproval declined;
    declined.set_approval_id(kDeclined);
    declined.set_role("spoc");
    declined.set_person(person);
    declined.set_reason(reason);
    v1::ApprovedUnit& unit = *declined.add_units();
    unit.set_category(setting_.approved.category);
    unit.set_form(setting_.approved.form);
    return declined;
  }
  v1::SubmitCaseAnswerRequest With(v1::SubmitCaseAnswerRequest answer, const v1::DeclinedApproval& declined) const {
    *answer.add_declined() = declined;
    return answer;
  }
  uint64_t Size() { return store_->Read().value()->GetLogState().value().size; }
  void SweepAt(absl::Duration later) {
    now_ += later;
    ASSERT_OK(Run([](Batch& batch) { return Sweep(batch); }));
  }
};

TEST_F(DeclinedTest, IsAnEntryOfTheHoldersOwn) {
  ASSERT_EQ(Told(With(Answer(), Declined(kPractitioner, "CONFIDENCE"))), "STORED");
  EXPECT_EQ(EntriesOf(kHolder, "approval_declined"), 1u);
  EXPECT_EQ(EntriesOf("cbc", "approval_declined"), 0u);
  const std::vector<std::string> seen = EntriesSeenBy(kHolder);
  EXPECT_THAT(seen, ::testing::Contains(::testing::HasSubstr(absl::StrCat("request=", kDeclined))));
  EXPECT_THAT(seen, ::testing::Contains(::testing::HasSubstr("outcome=DENY reasons=CONFIDENCE")));
}

TEST_F(DeclinedTest, IsEnteredOnceAndLetsNothingOutAnyMore) {
  ASSERT_EQ(Told(With(Answer(), Declined("", "LAPSED"))), "STORED");
  v1::SubmitCaseAnswerRequest supplement = Supplement();
  ASSERT_EQ(Told(With(supplement, Declined("", "LAPSED"))), "STORED");
  EXPECT_EQ(EntriesOf(kHolder, "approval_declined"), 1u) << "told again";
  EXPECT_EQ(store_->Read().value()->FindApproval(kDeclined).value()->state, store::ApprovalState::kRefused);
}

// It was asked under the policy of then: a role or category that is gone since must not keep the answer from going.
TEST_F(DeclinedTest, IsTakenInTheWordsOfAnEarlierPolicy) {
  v1::DeclinedApproval declined = Declined(kPractitioner, "CONFIDENCE");
  declined.set_role("former_role");
  declined.mutable_units(0)->set_category("former.category");
  ASSERT_EQ(Told(With(Answer(), declined)), "STORED");
  EXPECT_EQ(EntriesOf(kHolder, "approval_declined"), 1u);
}

TEST_F(DeclinedTest, SaysNothingThatIsNoCode) {
  for (const auto& change : std::vector<std::function<void(v1::DeclinedApproval&)>>{
           [](auto& d) { d.set_approval_id("x"); }, [](auto& d) { d.set_role("marac_chair"); },
           [](auto& d) { d.set_role("no role"); }, [](auto& d) { d.set_person("Jo Oakshott"); },
           [](auto& d) { d.set_reason("because she lives there"); }, [](auto& d) { d.clear_person(); },
           [](auto& d) { d.clear_units(); }, [](auto& d) { d.mutable_units(0)->set_form("in whole"); }}) {
    v1::DeclinedApproval declined = Declined(kPractitioner, "CONFIDENCE");
    change(declined);
    const auto response = SubmitAnswer(With(Answer(), declined));
    EXPECT_EQ(response.status().code(), absl::StatusCode::kInvalidArgument) << declined.DebugString();
  }
}

class SecretDeclinedTest : public DeclinedTest {
 protected:
  SecretDeclinedTest() : DeclinedTest(Marac()) {}
};

TEST_F(SecretDeclinedTest, GrowsNothingBeyondWhatEveryAnswerGrows) {
  const uint64_t before = Size();
  ASSERT_EQ(Told(With(Answer(), Declined(kPractitioner, "CONFIDENCE"))), "STORED");
  EXPECT_EQ(Size(), before + 2);
  EXPECT_THAT(EntriesSeenBy(kHolder),
              ::testing::Contains(::testing::HasSubstr(
                  absl::StrCat("refused:spoc:", kHolder, ":", kPractitioner, ":", kDeclined, ":CONFIDENCE"))));
  for (const std::string& seen : EntriesSeenBy("cbc"))
    EXPECT_THAT(seen, ::testing::Not(::testing::HasSubstr(kDeclined)));
}

// What a chair said after the answer is entered at the request's end, where each holder has one such entry.
TEST_F(SecretDeclinedTest, TheEndOfARequestIsAnEntryOfEachHolderAnsweredOrNot) {
  ASSERT_EQ(Told(Answer()), "STORED");
  const v1::RequestHolder seen = HolderSeenBy("cbc");
  SweepAt(absl::Hours(24 * 8));
  EXPECT_EQ(EntriesOf(kHolder, "approval_steps"), 1u);
  EXPECT_EQ(EntriesOf("cbc", "approval_steps"), 0u);
  EXPECT_EQ(HolderSeenBy("cbc").DebugString(), seen.DebugString()) << "the asker sees no difference";
  SweepAt(absl::Hours(24));
  EXPECT_EQ(EntriesOf(kHolder, "approval_steps"), 1u) << "once";
}

TEST_F(SecretDeclinedTest, NorWhereItWasNeverAnswered) {
  SweepAt(absl::Hours(24 * 8));
  EXPECT_EQ(EntriesOf(kHolder, "approval_steps"), 1u);
}

}  // namespace
}  // namespace derwent::exchange
