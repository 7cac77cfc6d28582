// Where existence is secret: whatever goes wrong at a holder with what it holds, its neutral answer goes out at the
// slot, and its own officer is told, nobody else.
#include <algorithm>
#include <atomic>

#include "agents/daemon/context/fault.h"
#include "tests/integration/request_fixture.h"
#include "trust/base/status_macros.h"
#include "trust/message/timestamp.h"

namespace derwent::agents {
namespace {

constexpr char kAsker[] = "p-c85e1f";  // SPOC of community safety.
constexpr char kSpoc[] = "p-58b2d1";   // Of the police.
constexpr char kDpo[] = "p-9a30f4";    // Of the police.

// A system that can be lost sight of.
class LosableRecords final : public RecordSource {
 public:
  LosableRecords(std::unique_ptr<RecordSource> records, const std::atomic<bool>& lost)
      : records_(std::move(records)), lost_(lost) {}
  absl::Status Ready() const override {
    return lost_ ? absl::UnavailableError("the agency's own system cannot be read") : records_->Ready();
  }
  absl::StatusOr<std::optional<v1::CaseRecord>> Find(const v1::CaseRecord& selector) const override {
    RETURN_IF_ERROR(Ready());
    return records_->Find(selector);
  }
  absl::StatusOr<bool> Holds(absl::string_view record_ref) const override { return records_->Holds(record_ref); }

 private:
  const std::unique_ptr<RecordSource> records_;
  const std::atomic<bool>& lost_;
};

// A system that is slow to find whom it has.
class SlowRecords final : public RecordSource {
 public:
  explicit SlowRecords(std::unique_ptr<RecordSource> records) : records_(std::move(records)) {}
  absl::Status Ready() const override { return records_->Ready(); }
  absl::StatusOr<std::optional<v1::CaseRecord>> Find(const v1::CaseRecord& selector) const override {
    absl::SleepFor(absl::Seconds(2));  // That is what it is about.
    return records_->Find(selector);
  }
  absl::StatusOr<bool> Holds(absl::string_view record_ref) const override { return records_->Holds(record_ref); }

 private:
  const std::unique_ptr<RecordSource> records_;
};

// Police holds him, the borough never heard of him.
class SilentAnswerTest : public RequestTest {
 protected:
  SilentAnswerTest() : agents_(consortium_.Agents({"dcc.community_safety", "police.derbys", "cbc"})) {}
  TestAgent& lead() { return *agents_[0]; }
  TestAgent& police() { return *agents_[1]; }
  TestAgent& borough() { return *agents_[2]; }

  void Holds(std::unique_ptr<RecordSource> records) {
    police().records = std::move(records);
    police().Restart();
    ASSERT_OK(police().daemon->upkeep().RunAll());
  }

  void Ask(const std::string& role, const std::vector<std::string>& categories,
           const std::vector<std::string>& grounds) {
    v1::SendCaseRequestRequest question = Question("tb.soce", role, categories, {"police.derbys", "cbc"});
    question.set_purpose("case.exploitation");
    question.set_board("tb.soce");
    question.set_subject_role("person_at_risk");
    question.mutable_grounds()->Assign(grounds.begin(), grounds.end());
    question.set_case_id(OpenCase("dcc.community_safety", kAsker, "tb.soce", "tb.soce", question.area()));
    asked_ = *lead().daemon->requests().Send(Person(person_), question);
    ASSERT_EQ(asked_.state(), "STORED") << asked_.reason();
  }

  // As the agents' threads do, until `answers` came, the police's was refused or the slot is long over.
  v1::ShowCaseRequestResponse WaitFor(int answers) {
    const absl::Time end = trust::FromTimestamp(asked_.answer_time()) + absl::Seconds(15);
    v1::ShowCaseRequestResponse shown;
    while (shown.answers_size() < answers && HeldState() != "REFUSED" && absl::Now() < end) {
      for (TestAgent* agent : {&police(), &borough()}) {
        agent->CollectAll();
        agent->daemon->SendOnce().IgnoreError();
      }
      EXPECT_OK(lead().daemon->receiver().CollectOnce(absl::Milliseconds(200)));
      shown = Show(lead(), person_, asked_.request_id());
    }
    return shown;
  }

  std::string HeldState() {
    const auto held = police().daemon->requests().ListHeld(Person(kDpo), {});
    EXPECT_OK(held);
    return held.ok() && held->requests_size() == 1 ? held->requests(0).state() : "";
  }

  // That both answered in one instant, and nothing tells who holds him.
  void ExpectAlike(const v1::ShowCaseRequestResponse& shown) {
    ASSERT_EQ(shown.answers_size(), 2);
    for (const v1::OpenedAnswer& answer : shown.answers()) {
      ASSERT_EQ(answer.units_size(), shown.answers(0).units_size());
      for (const v1::OpenedUnit& unit : answer.units())
        EXPECT_EQ(unit.content().neutral(), NeutralText(answer.agency()));
      const auto received = lead().daemon->context().state.FindReceived(answer.share_id());
      ASSERT_OK(received);
      v1::Manifest manifest;
      ASSERT_TRUE(manifest.ParseFromString((*received)->manifest));
      EXPECT_EQ(answer.kind(), v1::PACKAGE_KIND_ANSWER);
      EXPECT_EQ(trust::FromTimestamp(manifest.create_time()), trust::FromTimestamp(asked_.answer_time()));
    }
    for (const v1::RequestHolder& holder : shown.request().holders()) {
      EXPECT_EQ(holder.state(), v1::HOLDER_STATE_ANSWERED) << holder.agency();
      EXPECT_EQ(holder.reason(), "") << holder.agency();
    }
    EXPECT_THAT(lead().Alarms(), IsEmpty());
    EXPECT_THAT(borough().Alarms(), IsEmpty());
  }

  // That both answered neutrally, and the police's content came after that, with nobody alarmed.
  void ExpectFollowed(const v1::ShowCaseRequestResponse& shown) {
    ASSERT_EQ(shown.answers_size(), 3);
    int supplements = 0;
    for (const v1::OpenedAnswer& answer : shown.answers()) {
      ASSERT_EQ(answer.units_size(), 1);
      if (answer.kind() == v1::PACKAGE_KIND_ANSWER) {
        EXPECT_EQ(answer.units(0).content().neutral(), NeutralText(answer.agency()));
        continue;
      }
      ++supplements;
      EXPECT_EQ(answer.agency(), "police.derbys");
      EXPECT_TRUE(answer.units(0).content().has_household());
    }
    EXPECT_EQ(supplements, 1);
    for (TestAgent* agent : {&lead(), &police(), &borough()}) EXPECT_THAT(agent->Alarms(), IsEmpty());
  }

  std::string person_ = kAsker;
  std::vector<std::unique_ptr<TestAgent>> agents_;
  v1::SendCaseRequestResponse asked_;
};

v1::CaseRecord WithHousehold() {
  v1::CaseRecord record = Kestrel();
  record.mutable_household()->add_facts()->mutable_composition()->set_lives_alone(v1::YES_NO_YES);
  return record;
}

TEST_F(SilentAnswerTest, AGistThatCannotBeSealedIsAnsweredLikeNothing) {
  v1::CaseRecord record = Kestrel();
  v1::CategorySummary& gist = *record.add_summaries();
  gist.set_category("narrative");
  gist.mutable_summary()->set_text("he is visited at night");
  gist.mutable_summary()->set_author(std::string(300, 'A'));  // Over the label's bound.
  gist.mutable_summary()->set_as_at("2026-03-04");
  Holds(Holding(record));
  Ask("spoc", {"narrative"}, {"tb.soce.narrative"});
  Step(police());
  if (!Waiting(police(), kSpoc).approvals().empty()) AnswerAll(police(), kSpoc, true);
  ExpectAlike(WaitFor(2));
  EXPECT_THAT(police().Alarms(), ElementsAre("ANSWER_NOT_MADE"));
  const auto held = police().daemon->requests().ListHeld(Person(kDpo), {});
  ASSERT_OK(held);
  ASSERT_EQ(held->requests_size(), 1);
  EXPECT_EQ(held->requests(0).categories(0).outcome(), "WITHHELD");
  EXPECT_THAT(held->requests(0).categories(0).reasons(), ElementsAre("NOT_SENDABLE"));
}

TEST_F(SilentAnswerTest, ARecordThatIsSlowToFindIsAnsweredAsOfTheSlot) {
  person_ = "p-5f7a21";  // The lead, to whom the holder's SPOC must agree.
  Holds(std::make_unique<SlowRecords>(Holding(WithHousehold())));
  Ask("thematic_lead", {"household"}, {});
  ExpectAlike(WaitFor(2));
  EXPECT_THAT(police().Alarms(), IsEmpty());
}

TEST_F(SilentAnswerTest, ARecordThatCannotBeReadAtTheSlotFollowsOnceItCan) {
  std::atomic<bool> lost = false;
  Holds(std::make_unique<LosableRecords>(Holding(WithHousehold()), lost));
  Ask("spoc", {"household"}, {});
  Step(police());
  lost = true;
  ExpectAlike(WaitFor(2));
  EXPECT_THAT(police().Alarms(), ElementsAre("ANSWER_NOT_MADE"));
  lost = false;
  const v1::ShowCaseRequestResponse shown = WaitFor(3);
  ASSERT_EQ(shown.answers_size(), 3);
  EXPECT_EQ(shown.answers(2).kind(), v1::PACKAGE_KIND_SUPPLEMENT);
  EXPECT_TRUE(shown.answers(2).units(0).content().has_household());
}

// More of them than fit the key ring, which has one size.
v1::CaseRecord KeptFromMany() {
  v1::CaseRecord record = WithHousehold();
  for (int i = 0; i < 100; ++i) record.add_excluded_from(absl::StrCat("p-", 100000 + i));
  return record;
}

TEST_F(SilentAnswerTest, WhatDoesNotFitTheAnswerFollowsIt) {
  Holds(Holding(KeptFromMany()));
  Ask("spoc", {"household"}, {});
  Step(police());
  const v1::ShowCaseRequestResponse shown = WaitFor(3);
  ExpectFollowed(shown);
}

TEST_F(SilentAnswerTest, WhatIsAgreedAfterTheAnswerWasMadeAndBeforeItsSlotFollowsIt) {
  person_ = "p-5f7a21";  // The lead, to whom the holder's SPOC must agree.
  Holds(Holding(WithHousehold()));
  Ask("thematic_lead", {"household"}, {});
  Step(police());
  while (HeldState() == "WAITING" && absl::Now() < trust::FromTimestamp(asked_.answer_time()))
    ASSERT_OK(police().daemon->holder().Work());
  ASSERT_LT(absl::Now(), trust::FromTimestamp(asked_.answer_time())) << "too slow to meet the moment between";
  AnswerAll(police(), kSpoc, true);
  Step(police());
  const v1::ShowCaseRequestResponse shown = WaitFor(3);
  ExpectFollowed(shown);
}

TEST_F(SilentAnswerTest, WhatFollowsAnAnswerThatIsMadeAnewIsMadeAnewToo) {
  Holds(Holding(KeptFromMany()));
  Ask("spoc", {"household"}, {});
  Step(police());
  int refused = 0;
  std::vector<v1::PackageKind> sent;
  police().broker->refuse_answer_by = [&](const v1::SubmitCaseAnswerRequest& answer) {
    v1::Manifest manifest;
    EXPECT_TRUE(manifest.ParseFromString(answer.submission().package().manifest().payload()));
    sent.push_back(manifest.kind());
    return ++refused == 1 ? Fault(absl::StatusCode::kFailedPrecondition, "POLICY_CHANGED", "the policy is another")
                          : absl::OkStatus();
  };
  const v1::ShowCaseRequestResponse shown = WaitFor(3);
  ExpectFollowed(shown);
  EXPECT_THAT(sent, ElementsAre(v1::PACKAGE_KIND_ANSWER, v1::PACKAGE_KIND_ANSWER, v1::PACKAGE_KIND_SUPPLEMENT));
}

TEST_F(SilentAnswerTest, AnAnswerThatTheBrokerRefusesForItsContentGoesWithoutIt) {
  person_ = "p-5f7a21";  // The lead, to whom the holder's SPOC must agree.
  Holds(Holding(WithHousehold()));
  Ask("thematic_lead", {"household"}, {});
  Step(police());
  AnswerAll(police(), kSpoc, true);
  int refused = 0;
  police().broker->before_answer = [&](v1::SubmitCaseAnswerRequest& answer) {
    if (answer.approvals().empty()) return;
    ++refused;
    answer.mutable_approvals(0)->clear_certificate();  // Whoever agreed cannot be shown to be who they were.
  };
  ExpectAlike(WaitFor(2));
  EXPECT_EQ(refused, 1) << "what was refused is not tried again";
  EXPECT_THAT(police().Alarms(), ElementsAre("ANSWER_NOT_TAKEN"));
  const auto held = police().daemon->requests().ListHeld(Person(kDpo), {});
  ASSERT_OK(held);
  EXPECT_TRUE(held->requests(0).neutral());
  EXPECT_EQ(held->requests(0).categories(0).outcome(), "WITHHELD");
}

TEST_F(SilentAnswerTest, WhatNobodyAgreedToInTimeIsSilence) {
  person_ = "p-5f7a21";
  Holds(Holding(WithHousehold()));
  Ask("thematic_lead", {"household"}, {});
  Step(police());
  const v1::ListApprovalsResponse waiting = Waiting(police(), kSpoc);
  ASSERT_THAT(waiting.approvals(), SizeIs(1));
  ExpectAlike(WaitFor(2));
  police().broker->refuse_answer_by = [](const v1::SubmitCaseAnswerRequest&) {
    ADD_FAILURE() << "something was sent";
    return absl::UnavailableError("its clock is days ahead");
  };
  police().clock.Move(trust::FromTimestamp(waiting.approvals(0).question().due_time()) - absl::Now());
  ASSERT_OK(police().daemon->holder().Work());
  EXPECT_OK(police().daemon->holder().Drain());
  const auto held = police().daemon->requests().ListHeld(Person(kDpo), {});
  ASSERT_OK(held);
  EXPECT_EQ(held->requests(0).categories(0).outcome(), "WITHHELD");
  EXPECT_EQ(held->requests(0).state(), "ANSWERED");
}

// Nothing is made of what is over but its end.
class EndedRequestTest : public SilentAnswerTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(EndedRequestTest, IsAnsweredNoSecondTime) {
  Holds(Holding(WithHousehold()));
  Ask("spoc", {"household"}, {});
  const std::string ended = GetParam();
  int refused = 0;
  police().broker->refuse_answer_by = [&](const v1::SubmitCaseAnswerRequest&) {
    ++refused;
    return Fault(absl::StatusCode::kFailedPrecondition, "REQUEST_" + ended, "it is over");
  };
  while (HeldState() != ended && absl::Now() < trust::FromTimestamp(asked_.answer_time()) + absl::Seconds(15)) {
    police().CollectAll();
    police().daemon->SendOnce().IgnoreError();
  }
  police().daemon->SendOnce().IgnoreError();
  EXPECT_EQ(HeldState(), ended);
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(police().Alarms().size(), ended == "CANCELLED" ? 0u : 1u);
  EXPECT_EQ((*police().daemon->context().state.FindReceived(asked_.request_id()))->content, "") << "it has served";
}

INSTANTIATE_TEST_SUITE_P(Each, EndedRequestTest, ::testing::Values("CANCELLED", "EXPIRED"),
                         [](const auto& param) { return std::string(param.param); });

TEST_F(SilentAnswerTest, ANeutralAnswerThatTheBrokerRefusesIsNotTriedForEver) {
  Holds(Holding(WithHousehold()));
  Ask("spoc", {"household"}, {});
  int refused = 0;
  police().broker->before_answer = [&](v1::SubmitCaseAnswerRequest& answer) {
    ++refused;
    answer.mutable_submission()->mutable_package()->clear_key_ring();
  };
  EXPECT_LT(WaitFor(2).answers_size(), 2) << "the borough's, or none yet";
  EXPECT_EQ(refused, 2) << "with its content, and without";
  EXPECT_THAT(police().Alarms(), ElementsAre("ANSWER_NOT_TAKEN"));
  EXPECT_EQ(HeldState(), "REFUSED");
}

}  // namespace
}  // namespace derwent::agents
