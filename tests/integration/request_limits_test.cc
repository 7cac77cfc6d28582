// What ends, changes or stops a request on its way, over real TLS through a real broker: the day's quota, another
// policy, the deadline, a person whom the holder's own officer restricted.
#include <algorithm>

#include "agents/daemon/context/restrictions.h"
#include "agents/sdk/receipts.h"
#include "tests/integration/request_fixture.h"
#include "trust/message/envelope.h"
#include "trust/message/timestamp.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

constexpr char kFireOfficer[] = "p-23f9a8";
constexpr char kDpo[] = "p-84eb3a";  // Of adults' services.

class HomeVisitTest : public RequestTest {
 protected:
  explicit HomeVisitTest(const std::string& broker = "")
      : RequestTest(broker), agents_(consortium_.Agents({"dfrs", "dcc.adults"})) {}
  void SetUp() override { case_ = OpenCase("dfrs", "p-7be041", "fire_safety", "", "E07000032"); }
  TestAgent& fire() { return *agents_[0]; }
  TestAgent& adults() { return *agents_[1]; }

  absl::StatusOr<v1::SendCaseRequestResponse> Ask(const std::string& person = kFireOfficer) {
    v1::SendCaseRequestRequest question = ReadQuestion("samples/dfrs/home-visit-request.json");
    question.set_request_ref(absl::StrCat("VISIT-", ++references_));
    question.set_case_id(case_);
    if (person != kFireOfficer) question.set_role("spoc");
    return fire().daemon->requests().Send(Person(person), question);
  }
  absl::StatusOr<v1::SendCaseRequestResponse> AskAbout(const v1::CaseRecord& selector) {
    v1::SendCaseRequestRequest question = ReadQuestion("samples/dfrs/home-visit-request.json");
    question.set_request_ref(absl::StrCat("VISIT-", ++references_));
    question.set_case_id(case_);
    *question.mutable_selector() = selector;
    return fire().daemon->requests().Send(Person(kFireOfficer), question);
  }

  std::vector<std::unique_ptr<TestAgent>> agents_;
  std::string case_;
};

class QuotaTest : public HomeVisitTest {
 protected:
  QuotaTest() : HomeVisitTest("holders_a_day: 2\n") {}
};

TEST_F(QuotaTest, WhoAsksTooManyOnADayIsStoppedAndBothOfficersAreAlarmed) {
  ASSERT_OK(Ask());
  ASSERT_OK(Ask());
  EXPECT_THAT(Ask(), StatusIs(absl::StatusCode::kResourceExhausted));
  fire().CollectAll();
  adults().CollectAll();
  for (TestAgent* agent : {&fire(), &adults()}) {
    const std::string officer = agent == &fire() ? "p-0d96c5" : kDpo;
    const auto status = agent->daemon->desk().Status(Person(officer));
    ASSERT_OK(status);
    EXPECT_TRUE(std::ranges::any_of(status->alarms(), [](const auto& alarm) {
      return alarm.code() == "QUOTA_EXCEEDED";
    })) << agent->config.agency;
  }
  EXPECT_EQ(adults().daemon->requests().ListHeld(Person(kDpo), {})->requests_size(), 2);
  EXPECT_OK(Ask("p-7be041")) << "a quota is a person's";
}

TEST_F(HomeVisitTest, AnotherPolicyBetweenPlanAndSubmitIsPlannedForAgain) {
  int sent = 0;
  std::vector<int> units;  // Of each selector sent: the place may not go under the new policy.
  fire().broker->before_request = [&](v1::SubmitCaseRequestRequest& request) {
    units.push_back(request.submissions(0).package().units_size());
    if (++sent > 1) return;
    const std::string before = fire().real->GetPolicyBundle({})->policy_digest();
    consortium_.ChangePolicy("sed -i '/necessary: \"location.current\"/d' fire_safety.txtpb", "fire_safety");
    const absl::Time end = absl::Now() + absl::Seconds(30);
    while (fire().real->GetPolicyBundle({})->policy_digest() == before) ASSERT_LT(absl::Now(), end);
  };
  const auto asked = Ask();
  ASSERT_OK(asked);
  EXPECT_THAT(units, ElementsAre(2, 1));
  EXPECT_EQ(asked->state(), "STORED") << asked->reason();
  ASSERT_OK(adults().daemon->upkeep().RunAll());
  Step(adults());
  fire().CollectAll();
  const v1::ShowCaseRequestResponse shown = Show(fire(), kFireOfficer, asked->request_id());
  ASSERT_EQ(shown.answers_size(), 1);
  EXPECT_EQ(AnswerTo(shown.answers(0), "household")->reasons(0), "NO_RECORD")
      << "a name and a day of birth match nobody";
  EXPECT_EQ(fire().daemon->requests().ListSent(Person(kFireOfficer), {})->requests_size(), 2)
      << "what took no effect stays to be seen, without its reference";
  EXPECT_THAT(fire().Alarms(), IsEmpty());
}

TEST_F(HomeVisitTest, NothingIsAnsweredOnceTheDeadlineIsOver) {
  const auto asked = Ask();
  ASSERT_OK(asked);
  adults().CollectAll();
  adults().clock.Move(trust::FromTimestamp(asked->expire_time()) - absl::Now() + absl::Minutes(1));
  ASSERT_OK(adults().daemon->holder().Work());
  ASSERT_OK(adults().daemon->holder().Drain());
  fire().CollectAll();
  EXPECT_THAT(Show(fire(), kFireOfficer, asked->request_id()).answers(), IsEmpty());
  const auto kept = adults().daemon->context().state.FindReceived(asked->request_id());
  ASSERT_OK(kept);
  EXPECT_EQ((*kept)->content, "") << "the selector is erased";
}

TEST_F(HomeVisitTest, AnAnswerToWhatWasTakenBackIsRefusedOnceAndNobodysFault) {
  const auto asked = Ask();
  ASSERT_OK(asked);
  adults().CollectAll();
  v1::CancelCaseRequestRequest cancel;
  cancel.set_request_id(asked->request_id());
  ASSERT_OK(fire().daemon->requests().Cancel(Person(kFireOfficer), cancel));
  ASSERT_OK(adults().daemon->holder().Work());  // It does not know yet.
  ASSERT_OK(adults().daemon->holder().Drain());
  EXPECT_THAT(adults().Alarms(), IsEmpty());
  ASSERT_OK(adults().daemon->holder().Work());
  ASSERT_OK(adults().daemon->holder().Drain());
  EXPECT_THAT(adults().Alarms(), IsEmpty());
  fire().CollectAll();
  EXPECT_THAT(Show(fire(), kFireOfficer, asked->request_id()).answers(), IsEmpty());
}

TEST_F(HomeVisitTest, AnAnswerAfterTheDeadlineIsRefusedAsThatAndEnteredForTheHolderAlone) {
  std::string asked;
  fire().broker->before_request = [&](v1::SubmitCaseRequestRequest& request) {
    asked = request.request_id();
    v1::DsseEnvelope& signed_manifest = *request.mutable_submissions(0)->mutable_package()->mutable_manifest();
    v1::Manifest manifest;
    ASSERT_TRUE(manifest.ParseFromString(signed_manifest.payload()));
    *manifest.mutable_expire_time() = trust::ToTimestamp(absl::Now() + absl::Seconds(5));
    signed_manifest =
        trust::SignMessage(trust::kManifestType, manifest, fire().daemon->context().identity.keys->signing()->key)
            .value();
  };
  Ask().IgnoreError();  // Its agent does not know what was forged.
  v1::SubmitCaseAnswerRequest late;
  adults().broker->before_answer = [&](v1::SubmitCaseAnswerRequest& answer) {  // It is long on its way.
    late = answer;
    v1::GetCaseRequestRequest get;
    get.set_name(absl::StrCat("agencies/dcc.adults/caseRequests/", asked));
    const absl::Time end = absl::Now() + absl::Seconds(30);
    while (adults().real->GetCaseRequest(get)->holders(0).state() != v1::HOLDER_STATE_EXPIRED)
      ASSERT_LT(absl::Now(), end);
  };
  Step(adults());
  EXPECT_THAT(adults().Alarms(), Contains("ANSWER_NOT_TAKEN"));
  const auto refused = adults().real->SubmitCaseAnswer(late);
  ASSERT_OK(refused);
  EXPECT_EQ(refused->outcome(), v1::SUBMIT_OUTCOME_REFUSED);
  EXPECT_EQ(refused->reason(), "REQUEST_EXPIRED");
  const auto entry = CheckReceipt(refused->receipt(), adults().daemon->context().roots.get()->anchors.log_keys,
                                  {.releasing_agency = "dcc.adults"});
  ASSERT_OK(entry);
  EXPECT_THAT(*entry->opening.Value(trust::Field::kOutcome), HasSubstr("REQUEST_EXPIRED"));
  EXPECT_THAT(*entry->opening.Value(trust::Field::kReceivingAgency), IsEmpty()) << "the holder's alone";
}

TEST_F(HomeVisitTest, ASelectorIsToldWhichNameIsTooLongToFindAnybodyBy) {
  v1::CaseRecord record = Kestrel();
  record.mutable_identity()->mutable_facts(0)->set_surname(std::string(1 << 20, 'a'));
  const auto refused = AskAbout(record);
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument));
  ASSERT_THAT(DescribeRpcError(refused.status()).fields, SizeIs(1));
  EXPECT_EQ(DescribeRpcError(refused.status()).fields[0].field, "selector.identity.facts[0].surname");
}

TEST_F(HomeVisitTest, WhomTheHoldersOfficerRestrictedIsWithheldWithTheReasonUntilItIsLifted) {
  v1::RestrictRequest restrict;
  restrict.add_identifiers("nhs:9990010072");
  const auto restricted = adults().daemon->desk().Restrict(Person(kDpo), restrict);
  ASSERT_OK(restricted);
  const auto answer = [&] {
    const auto asked = Ask();
    EXPECT_OK(asked);
    Step(adults());
    fire().CollectAll();
    const v1::ShowCaseRequestResponse shown = Show(fire(), kFireOfficer, asked->request_id());
    EXPECT_EQ(shown.answers_size(), 1);
    return shown.answers().empty() ? v1::OpenedAnswer() : shown.answers(0);
  };
  const v1::OpenedAnswer vetoed = answer();
  EXPECT_THAT(vetoed.units(), IsEmpty());
  ASSERT_NE(AnswerTo(vetoed, "household"), nullptr);
  EXPECT_THAT(AnswerTo(vetoed, "household")->reasons(), ElementsAre("SUBJECT_RESTRICTED"));
  restrict.Clear();
  restrict.set_restriction_id(restricted->restriction_id());
  restrict.set_lift(true);
  ASSERT_OK(adults().daemon->desk().Restrict(Person(kDpo), restrict));
  EXPECT_EQ(answer().units_size(), 2);
  EXPECT_THAT(adults().Alarms(), IsEmpty()) << "nothing was sent that the broker had to stop";
}

TEST_F(HomeVisitTest, ARecordWithoutAVerifiedIdentifierIsRestrictedByItsOwnReference) {
  v1::CaseRecord record = Kestrel();
  record.set_record_ref("ASC-7");
  record.mutable_household()->add_facts()->mutable_composition()->set_lives_alone(v1::YES_NO_YES);
  adults().records = Holding(record);
  adults().Restart();
  ASSERT_OK(adults().daemon->upkeep().RunAll());
  v1::RestrictRequest restrict;
  restrict.add_record_refs("ASC-7");
  const auto restricted = adults().daemon->desk().Restrict(Person(kDpo), restrict);
  ASSERT_OK(restricted);
  EXPECT_EQ(restricted->identifiers_in_force(), 0u);
  EXPECT_EQ(restricted->record_refs_in_force(), 1u);
  EXPECT_EQ(restricted->record_refs_unseen(), 0u);
  const auto outcome = [&] {
    const auto asked = AskAbout(Kestrel());
    EXPECT_OK(asked);
    Step(adults());
    fire().CollectAll();
    const v1::ShowCaseRequestResponse shown = Show(fire(), kFireOfficer, asked->request_id());
    const v1::CategoryAnswer* const answer =
        shown.answers().empty() ? nullptr : AnswerTo(shown.answers(0), "household");
    return answer == nullptr ? "nothing" : answer->reasons().empty() ? answer->outcome() : answer->reasons(0);
  };
  EXPECT_EQ(outcome(), "SUBJECT_RESTRICTED");
  adults().Restart();
  ASSERT_OK(adults().daemon->upkeep().RunAll());
  EXPECT_EQ(outcome(), "SUBJECT_RESTRICTED") << "it is kept";
  restrict.set_restriction_id(restricted->restriction_id());
  restrict.set_lift(true);
  ASSERT_OK(adults().daemon->desk().Restrict(Person(kDpo), restrict));
  EXPECT_NE(outcome(), "SUBJECT_RESTRICTED");
  EXPECT_THAT(adults().Alarms(), IsEmpty());
}

TEST_F(HomeVisitTest, WhatWasSealedIsAnsweredAfreshOnceItsSubjectIsRestricted) {
  v1::CaseRecord record = Kestrel();
  record.set_record_ref("ASC-7");
  record.mutable_household()->add_facts()->mutable_composition()->set_lives_alone(v1::YES_NO_YES);
  adults().records = Holding(record);
  adults().Restart();
  ASSERT_OK(adults().daemon->upkeep().RunAll());
  const auto asked = AskAbout(Kestrel());
  ASSERT_OK(asked);
  adults().broker->refuse_answer = absl::UnavailableError("away");
  adults().CollectAll();
  ASSERT_OK(adults().daemon->holder().Work());
  adults().daemon->holder().Drain().IgnoreError();
  v1::RestrictRequest restrict;
  restrict.add_record_refs("ASC-7");
  ASSERT_OK(adults().daemon->desk().Restrict(Person(kDpo), restrict));
  adults().broker->refuse_answer = absl::OkStatus();
  for (int turn = 0; turn < 2; ++turn) Step(adults());
  EXPECT_THAT(adults().Alarms(), ElementsAre("SUBJECT_RESTRICTED"));
  fire().CollectAll();
  const v1::ShowCaseRequestResponse shown = Show(fire(), kFireOfficer, asked->request_id());
  ASSERT_EQ(shown.answers_size(), 1);
  EXPECT_THAT(shown.answers(0).units(), IsEmpty());
  EXPECT_THAT(AnswerTo(shown.answers(0), "household")->reasons(), ElementsAre("SUBJECT_RESTRICTED"));
}

TEST_F(HomeVisitTest, AReferenceThatNoRecordHasIsSaidToBeUnseen) {
  v1::CaseRecord record = Kestrel();
  record.set_record_ref("ASC-7");
  adults().records = Holding(record);
  adults().Restart();
  ASSERT_OK(adults().daemon->upkeep().RunAll());
  v1::RestrictRequest restrict;
  restrict.add_record_refs("ASC-7");
  restrict.add_record_refs("ASC-77");
  const auto restricted = adults().daemon->desk().Restrict(Person(kDpo), restrict);
  ASSERT_OK(restricted);
  EXPECT_EQ(restricted->record_refs_in_force(), 2u);
  EXPECT_EQ(restricted->record_refs_unseen(), 1u);
}

TEST_F(HomeVisitTest, WhatOneWhoAsksSaysOfTheMatchedPersonCountsToo) {
  v1::CaseRecord record = Kestrel();
  record.mutable_household()->add_facts()->mutable_composition()->set_lives_alone(v1::YES_NO_YES);
  v1::CaseRecord told = Kestrel();
  v1::IdentifierFact& nhs = *told.mutable_identifier()->add_facts();
  nhs.set_type(v1::IDENTIFIER_TYPE_NHS);
  nhs.set_value("9990010072");
  nhs.set_check(v1::IDENTIFIER_CHECK_PASSED);
  v1::RestrictRequest restrict;
  restrict.add_identifiers("nhs:9990010072");
  ASSERT_OK(adults().daemon->desk().Restrict(Person(kDpo), restrict));
  const AgentContext& context = adults().daemon->context();
  EXPECT_THAT(context.state.StoppedHere(AboutWhom(record, told, context)), testing::IsOkAndHolds(true));
  EXPECT_THAT(context.state.StoppedHere(AboutWhom(record, v1::CaseRecord(), context)), testing::IsOkAndHolds(false));
}

TEST_F(HomeVisitTest, ARestrictionOfNobodyIsNone) {
  const auto nobody = adults().daemon->desk().Restrict(Person(kDpo), {});
  EXPECT_THAT(nobody, StatusIs(absl::StatusCode::kInvalidArgument));
  v1::RestrictRequest restrict;
  restrict.add_record_refs("");
  EXPECT_THAT(adults().daemon->desk().Restrict(Person(kDpo), restrict), StatusIs(absl::StatusCode::kInvalidArgument));
}

// Two holders under a profile where existence is secret: one restricted him, one never heard of him.
TEST_F(RequestTest, ARestrictedPersonAnswersLikeNobodyWhereExistenceIsSecret) {
  auto agents = consortium_.Agents({"dcc.community_safety", "police.derbys", "cbc"});
  TestAgent& lead = *agents[0];
  TestAgent& police = *agents[1];
  v1::CaseRecord record = Kestrel();
  v1::IdentifierFact& nhs = *record.mutable_identifier()->add_facts();
  nhs.set_type(v1::IDENTIFIER_TYPE_NHS);
  nhs.set_value("9990010072");
  nhs.set_check(v1::IDENTIFIER_CHECK_PASSED);
  record.mutable_household()->add_facts()->mutable_composition()->set_lives_alone(v1::YES_NO_YES);
  police.records = Holding(record);
  police.Restart();
  ASSERT_OK(police.daemon->upkeep().RunAll());
  v1::RestrictRequest restrict;
  restrict.add_identifiers("nhs:9990010072");
  ASSERT_OK(police.daemon->desk().Restrict(Person("p-9a30f4"), restrict));
  v1::SendCaseRequestRequest question =
      Question("tb.soce", "thematic_lead", {"household", "identity"}, {"police.derbys", "cbc"});
  question.set_purpose("case.exploitation");
  question.set_board("tb.soce");
  question.set_subject_role("person_at_risk");
  question.set_case_id(OpenCase("dcc.community_safety", "p-c85e1f", "tb.soce", "tb.soce", question.area()));
  const auto sent = lead.daemon->requests().Send(Person("p-5f7a21"), question);
  ASSERT_OK(sent);
  ASSERT_EQ(sent->state(), "STORED") << sent->reason();
  const absl::Time slot = trust::FromTimestamp(sent->answer_time());
  v1::ShowCaseRequestResponse shown;
  while (shown.answers_size() < 2 && absl::Now() < slot + absl::Seconds(30)) {
    for (size_t i = 1; i <= 2; ++i) Step(*agents[i]);
    EXPECT_OK(lead.daemon->receiver().CollectOnce(absl::Seconds(1)));
    shown = Show(lead, "p-5f7a21", sent->request_id());
  }
  ASSERT_EQ(shown.answers_size(), 2) << "a restriction must not keep the answer back: that would tell";
  for (const v1::OpenedAnswer& answer : shown.answers()) {
    ASSERT_EQ(answer.units_size(), 2);
    for (const v1::OpenedUnit& unit : answer.units()) EXPECT_EQ(unit.content().neutral(), NeutralText(answer.agency()));
  }
  EXPECT_THAT(Waiting(police, "p-58b2d1").approvals(), IsEmpty()) << "nobody is asked about what stays here";
  for (const auto& agent : agents) EXPECT_THAT(agent->Alarms(), IsEmpty()) << agent->config.agency;
}

}  // namespace
}  // namespace derwent::agents
