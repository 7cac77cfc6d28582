// Approvals over real TLS through a real broker: a panel's chair of another agency, late agreement, what does not
// count.
#include "agents/daemon/context/fault.h"
#include "agents/daemon/sending/asked_approvals.h"
#include "tests/integration/request_fixture.h"
#include "trust/message/timestamp.h"

namespace derwent::agents {
namespace {

using ::testing::Not;

constexpr char kChair[] = "p-60ab93";    // Of the MARAC, at the police.
constexpr char kOfficer[] = "p-f6019d";  // SPOC of adults' services.

// The council's community safety asks probation, which holds him, for MARAC; a chair at the police must agree to the
// offender's risk.
class PanelTest : public RequestTest {
 protected:
  PanelTest() : agents_(consortium_.Agents({"dcc.community_safety", "probation.em", "police.derbys"})) {
    v1::CaseRecord record = Known();
    record.mutable_household()->add_facts()->mutable_composition()->set_lives_alone(v1::YES_NO_YES);
    record.mutable_risk_offender()->add_facts()->set_assessed_on("2026-03-04");
    probation().records = Holding(record);
    probation().Restart();
    EXPECT_OK(probation().daemon->upkeep().RunAll());
  }
  TestAgent& council() { return *agents_[0]; }
  TestAgent& probation() { return *agents_[1]; }
  TestAgent& police() { return *agents_[2]; }

  // MARAC lets no address go to whom it asks: what tells him from others is a middle name and an e-mail address.
  static v1::CaseRecord Known() {
    v1::CaseRecord record = Kestrel();
    record.mutable_identity()->mutable_facts(0)->add_given_names("Orrin");
    record.mutable_contact()->add_facts()->set_value("abel.kestrel@example.org");
    return record;
  }

  // Asked, taken by probation, and put to the chair.
  void Ask() {
    v1::SendCaseRequestRequest question =
        Question("marac", "practitioner", {"household", "risk.offender"}, {"probation.em"});
    *question.mutable_selector() = Known();
    question.set_purpose("case.da_safety");
    question.set_subject_role("perpetrator_alleged");
    question.add_grounds("marac.risk.offender");
    question.set_case_id(OpenCase("dcc.community_safety", "p-41be78", "marac", "", question.area()));
    const auto sent = council().daemon->requests().Send(Person(kAsker), question);
    ASSERT_OK(sent);
    ASSERT_EQ(sent->state(), "STORED") << sent->reason() << sent->DebugString();
    request_ = sent->request_id();
    slot_ = trust::FromTimestamp(sent->answer_time());
    Step(probation());
    police().CollectAll();
  }
  // Until the asker has `answers`, or half a minute after the slot.
  v1::ShowCaseRequestResponse WaitFor(int answers) {
    v1::ShowCaseRequestResponse shown;
    while (shown.answers_size() < answers && absl::Now() < slot_ + absl::Seconds(30)) {
      Step(probation());
      EXPECT_OK(council().daemon->receiver().CollectOnce(absl::Seconds(1)));
      shown = Show(council(), kAsker, request_);
    }
    EXPECT_EQ(shown.answers_size(), answers);
    return shown;
  }
  static const v1::OpenedUnit* UnitOf(const v1::OpenedAnswer& answer, const std::string& category) {
    for (const v1::OpenedUnit& unit : answer.units()) {
      if (unit.content().category() == category) return &unit;
    }
    return nullptr;
  }
  v1::PendingApproval TheQuestion() {
    const v1::ListApprovalsResponse waiting = Waiting(police(), kChair);
    EXPECT_EQ(waiting.approvals_size(), 1);
    return waiting.approvals().empty() ? v1::PendingApproval() : waiting.approvals(0);
  }
  absl::Status Give(const v1::SignedApproval& approval) {
    v1::GiveApprovalRequest give;
    give.set_request_id(trust::SystemRandom().NewUuid().text());
    *give.mutable_approval() = approval;
    return police().real->GiveApproval(give).status();
  }

  static constexpr char kAsker[] = "p-0b93d7";
  std::vector<std::unique_ptr<TestAgent>> agents_;
  std::string request_;
  absl::Time slot_;
};

TEST_F(PanelTest, AChairElsewhereAgreesWithoutSeeingAndTheHolderReleases) {
  ASSERT_NO_FATAL_FAILURE(Ask());
  const v1::PendingApproval pending = TheQuestion();
  EXPECT_FALSE(pending.own_data());
  EXPECT_EQ(pending.question().proposed().units(0).category(), "risk.offender");
  v1::ShowApprovalRequest look;
  look.set_approval_id(pending.approval_id());
  const auto seen = police().daemon->requests().ShowApproval(Person(kChair), look);
  ASSERT_OK(seen);
  EXPECT_THAT(seen->units(), IsEmpty());
  EXPECT_EQ(seen->justification(), "");
  EXPECT_THAT(seen->DebugString(), Not(HasSubstr("Kestrel")));
  AnswerAll(police(), kChair, true);
  const v1::ShowCaseRequestResponse shown = WaitFor(1);
  ASSERT_EQ(shown.answers_size(), 1);
  const v1::OpenedUnit* risk = UnitOf(shown.answers(0), "risk.offender");
  ASSERT_NE(risk, nullptr);
  EXPECT_EQ(risk->content().risk_offender().facts(0).assessed_on(), "2026-03-04") << risk->DebugString();
  // Nothing of it ever was at the chair's agent.
  EXPECT_TRUE(police().daemon->context().state.ListInbox(0, 10)->empty());
  EXPECT_THAT(police().daemon->context().state.FindReceived(request_)->has_value(), false);
  for (const auto& agent : agents_) EXPECT_THAT(agent->Alarms(), IsEmpty()) << agent->config.agency;
}

TEST_F(PanelTest, AgreementAfterTheSlotReachesTheAskerAsASupplement) {
  ASSERT_NO_FATAL_FAILURE(Ask());
  const v1::ShowCaseRequestResponse first = WaitFor(1);
  ASSERT_EQ(first.answers_size(), 1);
  EXPECT_TRUE(UnitOf(first.answers(0), "household")->content().has_household());
  EXPECT_EQ(UnitOf(first.answers(0), "risk.offender")->content().neutral(), NeutralText("probation.em"));
  AnswerAll(police(), kChair, true);
  const v1::ShowCaseRequestResponse then = WaitFor(2);
  ASSERT_EQ(then.answers_size(), 2);
  EXPECT_EQ(then.answers(1).kind(), v1::PACKAGE_KIND_SUPPLEMENT);
  ASSERT_EQ(then.answers(1).units_size(), 1);
  EXPECT_TRUE(then.answers(1).units(0).content().has_risk_offender());
  EXPECT_EQ((*probation().daemon->context().state.FindReceived(request_))->content, "") << "the selector has served";
  for (const auto& agent : agents_) EXPECT_THAT(agent->Alarms(), IsEmpty()) << agent->config.agency;
}

TEST_F(PanelTest, AQuestionThatIsNotTakenIsSaidAndPutAgain) {
  probation().broker->refuse_question =
      Fault(absl::StatusCode::kFailedPrecondition, "APPROVER_UNKNOWN", "nobody holds this role today");
  ASSERT_NO_FATAL_FAILURE(Ask());
  EXPECT_THAT(probation().Alarms(), ElementsAre("APPROVER_NOT_ASKED"));
  EXPECT_THAT(Waiting(police(), kChair).approvals(), IsEmpty());
  EXPECT_EQ(WaitFor(1).answers_size(), 1);
  probation().broker->refuse_question = absl::OkStatus();
  Step(probation());
  police().CollectAll();
  EXPECT_THAT(Waiting(police(), kChair).approvals(), IsEmpty()) << "not in a circle";
  probation().clock.Move(kAskAgain);
  ASSERT_OK(probation().daemon->holder().Work());
  police().CollectAll();
  EXPECT_THAT(Waiting(police(), kChair).approvals(), SizeIs(1));
}

TEST_F(PanelTest, WhatWasNotAskedOrLapsedOrWasGivenBeforeDoesNotCountAtTheBroker) {
  ASSERT_NO_FATAL_FAILURE(Ask());
  const v1::PendingApproval pending = TheQuestion();
  const auto changed = [&](const std::function<void(v1::ApprovalCommand&)>& change) {
    const absl::Status given = Give(Signed(police(), kChair, pending, change));
    EXPECT_THAT(given, StatusIs(absl::StatusCode::kFailedPrecondition));
    return ReasonOf(given);
  };
  EXPECT_EQ(changed([](auto& c) { c.mutable_units(0)->set_category("household"); }), "APPROVAL_NOT_VALID");
  EXPECT_EQ(changed([](auto& c) { c.mutable_units(0)->set_form("generalise"); }), "APPROVAL_NOT_VALID");
  EXPECT_EQ(changed([](auto& c) { c.set_request_share_id(c.approval_id()); }), "APPROVAL_NOT_VALID");
  EXPECT_EQ(changed([](auto& c) { *c.mutable_expire_time() = trust::ToTimestamp(absl::Now()); }), "APPROVAL_NOT_VALID");
  ASSERT_OK(Give(Signed(police(), kChair, pending)));
  EXPECT_EQ(changed(nullptr), "APPROVAL_NOT_VALID") << "given before";
  Step(probation());
  EXPECT_THAT(probation().Alarms(), IsEmpty());
}

// Fire asks adults' services; what the SPOC must agree to waits.
class OwnApprovalTest : public RequestTest {
 protected:
  OwnApprovalTest() : agents_(consortium_.Agents({"dfrs", "dcc.adults"})) {}
  TestAgent& fire() { return *agents_[0]; }
  TestAgent& adults() { return *agents_[1]; }

  // About the sample's person, or another.
  void Ask(const v1::CaseRecord* about = nullptr) {
    v1::SendCaseRequestRequest question = ReadQuestion("samples/dfrs/home-visit-request.json");
    if (about != nullptr) {
      *question.mutable_selector() = Kestrel();
      question.set_request_ref(absl::StrCat("VISIT-", ++asked_));
    }
    question.mutable_grounds()->Add("fire_safety.health.physical");
    question.set_case_id(OpenCase("dfrs", "p-7be041", "fire_safety", "", question.area()));
    const auto sent = fire().daemon->requests().Send(Person("p-23f9a8"), question);
    ASSERT_OK(sent);
    ASSERT_EQ(sent->state(), "STORED") << sent->reason();
    request_ = sent->request_id();
    Step(adults());
  }
  // Agrees under a recorded ground, but for what `change` does.
  v1::SignedApproval Agreement(const std::function<void(v1::ApprovalCommand&)>& change = nullptr) {
    return Signed(adults(), kOfficer, Waiting(adults(), kOfficer).approvals(0), [&](v1::ApprovalCommand& command) {
      command.set_ground("gw.consent_confidence");
      if (change) change(command);
    });
  }

  std::vector<std::unique_ptr<TestAgent>> agents_;
  std::string request_;
  int asked_ = 0;
};

TEST_F(OwnApprovalTest, WhatWaitsIsCountedAndNoMoreOnceItIsDecided) {
  const auto pending = [&] {
    adults().daemon->Measure();
    for (const prometheus::MetricFamily& family : adults().daemon->context().metrics.registry()->Collect()) {
      if (family.name == "derwent_approvals_pending") return family.metric.front().gauge.value;
    }
    return -1.0;
  };
  EXPECT_EQ(pending(), 0);
  ASSERT_NO_FATAL_FAILURE(Ask());
  EXPECT_EQ(pending(), 1);
  ASSERT_OK(Answer(adults(), kOfficer, Agreement()));
  EXPECT_EQ(pending(), 0);
}

// Neither of what is asked from now on, nor of what waits already.
TEST_F(OwnApprovalTest, WhomTheRecordKeepsOutIsNotAsked) {
  v1::CaseRecord record = Kestrel();
  record.mutable_health_physical()->add_facts()->set_kind(v1::PHYSICAL_HEALTH_KIND_CONDITION);
  const auto hold = [&] {
    adults().records = Holding(record);
    adults().Restart();
    EXPECT_OK(adults().daemon->upkeep().RunAll());
  };
  hold();
  Ask(&record);
  const v1::ListApprovalsResponse waiting = Waiting(adults(), kOfficer);
  ASSERT_THAT(waiting.approvals(), SizeIs(1));
  const v1::PendingApproval& first = waiting.approvals(0);
  record.add_excluded_from(kOfficer);
  hold();
  Ask(&record);
  EXPECT_THAT(Waiting(adults(), kOfficer).approvals(), IsEmpty());
  v1::ShowApprovalRequest show;
  show.set_approval_id(first.approval_id());
  EXPECT_THAT(adults().daemon->requests().ShowApproval(Person(kOfficer), show), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Answer(adults(), kOfficer, Signed(adults(), kOfficer, first)), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(OwnApprovalTest, WhatIsForOtherUnitsOrLapsedOrSaidBeforeDoesNotCount) {
  ASSERT_NO_FATAL_FAILURE(Ask());
  const auto told = [&](const v1::SignedApproval& approval) {
    const absl::Status answered = Answer(adults(), kOfficer, approval);
    EXPECT_THAT(answered, StatusIs(absl::StatusCode::kFailedPrecondition));
    return std::string(answered.message());
  };
  EXPECT_THAT(told(Agreement([](auto& c) { c.mutable_units(0)->set_category("household"); })), HasSubstr("else"));
  EXPECT_THAT(told(Agreement([](auto& c) { c.mutable_units(0)->set_form("full"); })), HasSubstr("else"));
  EXPECT_THAT(told(Agreement([](auto& c) { *c.mutable_expire_time() = trust::ToTimestamp(absl::Now()); })),
              HasSubstr("lapsed"));
  EXPECT_THAT(told(Agreement([](auto& c) { c.clear_ground(); })), HasSubstr("confidence"));
  const v1::SignedApproval agreement = Agreement();
  ASSERT_OK(Answer(adults(), kOfficer, agreement));
  EXPECT_THAT(told(agreement), HasSubstr("before")) << "replayed";
}

TEST_F(OwnApprovalTest, WhatNobodyAnsweredIsToldAsARefusalWhileTheRequestIsOpen) {
  v1::CaseRecord record = Kestrel();
  record.mutable_health_physical()->add_facts()->set_kind(v1::PHYSICAL_HEALTH_KIND_CONDITION);
  adults().records = Holding(record);
  adults().Restart();
  ASSERT_OK(adults().daemon->upkeep().RunAll());
  ASSERT_NO_FATAL_FAILURE(Ask(&record));
  const v1::ListApprovalsResponse waiting = Waiting(adults(), kOfficer);
  ASSERT_THAT(waiting.approvals(), SizeIs(1));
  const absl::Time due = trust::FromTimestamp(waiting.approvals(0).question().due_time());
  EXPECT_LT(due, trust::FromTimestamp(Show(fire(), "p-23f9a8", request_).request().expire_time()) - absl::Minutes(59));
  std::vector<v1::SubmitCaseAnswerRequest> sent;
  adults().broker->refuse_answer_by = [&](const v1::SubmitCaseAnswerRequest& answer) {
    sent.push_back(answer);
    return absl::UnavailableError("its clock is days ahead");
  };
  adults().clock.Move(due - absl::Now());
  ASSERT_OK(adults().daemon->holder().Work());
  adults().daemon->holder().Drain().IgnoreError();
  ASSERT_EQ(sent.size(), 1u);
  ASSERT_EQ(sent[0].declined_size(), 1);
  EXPECT_EQ(sent[0].declined(0).reason(), "LAPSED");
  EXPECT_EQ(sent[0].declined(0).role(), "spoc");
}

TEST_F(OwnApprovalTest, AnAgreementToSomethingElseLetsNothingOutAtTheBroker) {
  ASSERT_NO_FATAL_FAILURE(Ask());
  const v1::SignedApproval other = Agreement([](auto& c) { c.set_request_share_id(c.approval_id()); });
  ASSERT_OK(Answer(adults(), kOfficer, Agreement()));
  adults().broker->before_answer = [&](v1::SubmitCaseAnswerRequest& answer) {
    if (!answer.approvals().empty()) *answer.mutable_approvals(0) = other;
  };
  Step(adults());
  fire().CollectAll();
  const v1::ShowCaseRequestResponse shown = Show(fire(), "p-23f9a8", request_);
  ASSERT_EQ(shown.answers_size(), 1) << "the supplement was refused";
  EXPECT_EQ(AnswerTo(shown.answers(0), "health.physical")->outcome(), "PENDING");
  EXPECT_THAT(adults().Alarms(), Contains("ANSWER_NOT_TAKEN"));
}

}  // namespace
}  // namespace derwent::agents
