// Case-data requests over real TLS through a real broker: the story, silence, restarts, cancelling.
#include <map>
#include <set>

#include "tests/integration/request_fixture.h"
#include "trust/message/timestamp.h"

namespace derwent::agents {
namespace {

TEST_F(RequestTest, FireLearnsOfOccupancyAndOxygenNotOfTheDiagnosis) {
  auto agents = consortium_.Agents({"dfrs", "dcc.adults"});
  TestAgent& fire = *agents[0];
  TestAgent& adults = *agents[1];
  v1::SendCaseRequestRequest question = ReadQuestion("samples/dfrs/home-visit-request.json");
  question.set_case_id(OpenCase("dfrs", "p-7be041", "fire_safety", "", question.area()));
  const auto sent = fire.daemon->requests().Send(Person("p-23f9a8"), question);
  ASSERT_OK(sent);
  ASSERT_EQ(sent->state(), "STORED") << sent->reason() << sent->DebugString();
  Step(adults);
  fire.CollectAll();
  const v1::ShowCaseRequestResponse shown = Show(fire, "p-23f9a8", sent->request_id());
  ASSERT_EQ(shown.answers_size(), 1) << shown.DebugString();
  ASSERT_EQ(shown.answers(0).units_size(), 2);
  EXPECT_EQ(shown.answers(0).units(0).content().household().facts(0).composition().lives_alone(), v1::YES_NO_YES);
  EXPECT_THAT(shown.answers(0).units(1).content().vulnerability_flag().ShortDebugString(),
              HasSubstr("VULNERABILITY_KIND_OXYGEN"));
  const v1::CategoryAnswer* diagnosis = AnswerTo(shown.answers(0), "health.physical");
  ASSERT_NE(diagnosis, nullptr);
  EXPECT_EQ(diagnosis->outcome(), "WITHHELD");
  EXPECT_THAT(diagnosis->reasons(), Contains("GROUND_NOT_ASSERTED"));
  EXPECT_EQ(shown.request().holders(0).state(), v1::HOLDER_STATE_ANSWERED);
  EXPECT_THAT(fire.Alarms(), IsEmpty());
  EXPECT_THAT(adults.Alarms(), IsEmpty());
  // A colleague who is not of the case is told nothing; the holder's officer sees the use.
  v1::ShowCaseRequestRequest show;
  show.set_request_id(sent->request_id());
  EXPECT_THAT(fire.daemon->requests().Show(Person("p-b8824e"), show), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(adults.daemon->requests().ListHeld(Person("p-2c78e5"), {}),
              StatusIs(absl::StatusCode::kPermissionDenied));
  const auto held = adults.daemon->requests().ListHeld(Person("p-84eb3a"), {});
  ASSERT_OK(held);
  ASSERT_EQ(held->requests_size(), 1);
  EXPECT_EQ(held->requests(0).record_ref(), "ASC-40011");
  EXPECT_EQ(held->requests(0).purpose(), "case.fire_safety");
  EXPECT_EQ(held->requests(0).acting_person(), "p-23f9a8");
  EXPECT_EQ(held->requests(0).state(), "ANSWERED");
  const auto kept = adults.daemon->context().state.FindReceived(sent->request_id());
  ASSERT_OK(kept);
  EXPECT_EQ((*kept)->content, "") << "the selector has served and is erased";
}

TEST_F(RequestTest, TheGuardianRefusesHousingWithARuleAndANextStep) {
  auto agents = consortium_.Agents({"rp.housing", "nhs.dhcft"});
  TestAgent& housing = *agents[0];
  TestAgent& trust = *agents[1];
  v1::SendCaseRequestRequest question = ReadQuestion("samples/rp.housing/asb-request.json");
  question.set_case_id(OpenCase("rp.housing", "p-26e5c3", "tb.ncasb", "tb.ncasb", question.area()));
  const auto sent = housing.daemon->requests().Send(Person("p-f91b60"), question);
  ASSERT_OK(sent);
  ASSERT_EQ(sent->state(), "STORED") << sent->reason() << sent->DebugString();
  Step(trust);
  housing.CollectAll();
  const v1::ShowCaseRequestResponse waiting = Show(housing, "p-f91b60", sent->request_id());
  ASSERT_EQ(waiting.request().holders_size(), 1);
  EXPECT_EQ(waiting.request().holders(0).state(), v1::HOLDER_STATE_AWAITING_APPROVAL);
  EXPECT_EQ(waiting.request().holders(0).reason(), "CALDICOTT_GUARDIAN");
  EXPECT_THAT(trust.daemon->requests().ListApprovals(Person("p-0e6d35"))->approvals(), IsEmpty())
      << "a practitioner is not asked";
  const auto approvals = trust.daemon->requests().ListApprovals(Person("p-e5b79c"));
  ASSERT_OK(approvals);
  ASSERT_EQ(approvals->approvals_size(), 1);
  v1::ShowApprovalRequest look;
  look.set_approval_id(approvals->approvals(0).approval_id());
  const auto seen = trust.daemon->requests().ShowApproval(Person("p-e5b79c"), look);
  ASSERT_OK(seen);
  EXPECT_THAT(seen->justification(), HasSubstr("threatened"));
  ASSERT_EQ(seen->units_size(), 1);
  AnswerAll(trust, "p-e5b79c", false, "CONFIDENCE");
  Step(trust);
  housing.CollectAll();
  const v1::ShowCaseRequestResponse shown = Show(housing, "p-f91b60", sent->request_id());
  ASSERT_EQ(shown.answers_size(), 1);
  EXPECT_THAT(shown.answers(0).units(), IsEmpty());
  ASSERT_EQ(shown.answers(0).answers_size(), 1);
  const v1::CategoryAnswer& refused = shown.answers(0).answers(0);
  EXPECT_EQ(refused.outcome(), "WITHHELD");
  EXPECT_THAT(refused.reasons(), ElementsAre("APPROVAL_REFUSED", "CONFIDENCE"));
  EXPECT_THAT(refused.rules(0), HasSubstr("tb.ncasb"));
  EXPECT_THAT(refused.next_step(), HasSubstr("caldicott_guardian"));
  EXPECT_THAT(housing.Alarms(), IsEmpty());
  EXPECT_THAT(trust.Alarms(), IsEmpty());
}

TEST_F(RequestTest, WhoIsRefusedIsToldEveryRuleAndTheNearestWay) {
  auto agents = consortium_.Agents({"dcc.community_safety", "police.derbys"});
  TestAgent& lead = *agents[0];
  v1::SendCaseRequestRequest question = Question("tb.soce", "thematic_lead", {"household"}, {"police.derbys"});
  question.set_purpose("case.exploitation");
  question.set_board("tb.soce");
  question.set_subject_role("person_at_risk");
  const auto sent = lead.daemon->requests().Send(Person("p-5f7a21"), question);
  ASSERT_OK(sent);
  ASSERT_EQ(sent->state(), "REFUSED");
  EXPECT_EQ(sent->reason(), "CASE_LINK_REQUIRED");
  const v1::ShowCaseRequestResponse shown = Show(lead, "p-5f7a21", sent->request_id());
  EXPECT_EQ(shown.request().reason(), "CASE_LINK_REQUIRED");
  ASSERT_EQ(shown.decisions_size(), 1);
  ASSERT_EQ(shown.decisions(0).question().categories_size(), 1);
  std::vector<std::string> rules;
  for (const v1::Reason& reason : shown.decisions(0).question().categories(0).reasons())
    rules.push_back(absl::StrCat(reason.code(), " ", reason.rule()));
  EXPECT_THAT(rules, Contains("CASE_LINK_REQUIRED profiles/tb.soce/receivers/thematic_lead"));
  EXPECT_THAT(shown.decisions(0).question().next_steps(), Contains(HasSubstr("with the open case")));
}

TEST_F(RequestTest, AnAgreementThatEndsWhileAnApproverIsWaitedForEndsTheWaiting) {
  auto agents = consortium_.Agents({"rp.housing", "nhs.dhcft"});
  TestAgent& housing = *agents[0];
  TestAgent& trust = *agents[1];
  v1::SendCaseRequestRequest question = ReadQuestion("samples/rp.housing/asb-request.json");
  question.set_case_id(OpenCase("rp.housing", "p-26e5c3", "tb.ncasb", "tb.ncasb", question.area()));
  const auto sent = housing.daemon->requests().Send(Person("p-f91b60"), question);
  ASSERT_OK(sent);
  Step(trust);
  housing.CollectAll();
  ASSERT_EQ(Show(housing, "p-f91b60", sent->request_id()).request().holders(0).state(),
            v1::HOLDER_STATE_AWAITING_APPROVAL);
  consortium_.EndAgreement("tb.ncasb", "rp.housing", trust);
  Step(trust);
  const v1::ShowCaseRequestResponse shown = Show(housing, "p-f91b60", sent->request_id());
  EXPECT_EQ(shown.request().holders(0).state(), v1::HOLDER_STATE_REFUSED);
  EXPECT_EQ(shown.request().holders(0).reason(), "AREA_NOT_COVERED") << "what is left is another district's";
  EXPECT_THAT(shown.answers(), IsEmpty());
}

TEST_F(RequestTest, ALeadCannotTellWhoRefusedFromWhoHoldsNothing) {
  auto agents = consortium_.Agents({"dcc.community_safety", "police.derbys", "dcc.adults", "probation.em", "cbc"});
  TestAgent& lead = *agents[0];
  // Police, adults and probation hold him; the borough does not. Police and adults agree, probation's SPOC refuses.
  for (size_t i = 1; i <= 3; ++i) {
    v1::CaseRecord record = Kestrel();
    record.mutable_household()->add_facts()->mutable_composition()->set_lives_alone(v1::YES_NO_YES);
    agents[i]->records = Holding(record);
    agents[i]->Restart();
    ASSERT_OK(agents[i]->daemon->upkeep().RunAll());
  }
  v1::SendCaseRequestRequest question = Question("tb.soce", "thematic_lead", {"household", "identity"},
                                                 {"police.derbys", "dcc.adults", "probation.em", "cbc"});
  question.set_purpose("case.exploitation");
  question.set_board("tb.soce");
  question.set_subject_role("person_at_risk");
  question.set_case_id(OpenCase("dcc.community_safety", "p-c85e1f", "tb.soce", "tb.soce", question.area()));
  EXPECT_THAT(lead.daemon->requests().Send(Person("p-b3d8c4"), question), StatusIs(absl::StatusCode::kPermissionDenied))
      << "the lead of another area";
  const auto sent = lead.daemon->requests().Send(Person("p-5f7a21"), question);
  ASSERT_OK(sent);
  ASSERT_EQ(sent->state(), "STORED") << sent->reason() << sent->DebugString();
  for (size_t i = 1; i <= 4; ++i) Step(*agents[i]);
  AnswerAll(*agents[1], "p-58b2d1", true);
  AnswerAll(*agents[2], "p-f6019d", true);
  AnswerAll(*agents[3], "p-f04e29", false, "NOT_NECESSARY");
  EXPECT_THAT(agents[4]->daemon->requests().ListApprovals(Person("p-5cd9f1"))->approvals(), IsEmpty());
  // Nothing before the slot.
  for (size_t i = 1; i <= 4; ++i) Step(*agents[i]);
  lead.CollectAll();
  EXPECT_THAT(Show(lead, "p-5f7a21", sent->request_id()).answers(), IsEmpty());
  const absl::Time slot = trust::FromTimestamp(sent->answer_time());
  v1::ShowCaseRequestResponse shown;
  while (shown.answers_size() < 4 && absl::Now() < slot + absl::Seconds(30)) {
    for (size_t i = 1; i <= 4; ++i) Step(*agents[i]);
    ASSERT_OK(lead.daemon->receiver().CollectOnce(absl::Seconds(1)));
    shown = Show(lead, "p-5f7a21", sent->request_id());
    if (absl::Now() < slot - absl::Seconds(1)) {
      EXPECT_THAT(shown.answers(), IsEmpty()) << "nothing before the slot";
    }
  }
  ASSERT_EQ(shown.answers_size(), 4);
  std::map<std::string, v1::OpenedAnswer> by_holder;
  std::map<std::string, v1::Manifest> manifests;
  for (const v1::OpenedAnswer& answer : shown.answers()) {
    by_holder[answer.agency()] = answer;
    const auto received = lead.daemon->context().state.FindReceived(answer.share_id());
    ASSERT_OK(received);
    ASSERT_TRUE(manifests[answer.agency()].ParseFromString((*received)->manifest));
  }
  for (const char* agency : {"police.derbys", "dcc.adults"})
    EXPECT_TRUE(by_holder[agency].units(0).content().has_household()) << agency;
  for (const char* agency : {"probation.em", "cbc"}) {
    ASSERT_EQ(by_holder[agency].units_size(), 2);
    for (const v1::OpenedUnit& unit : by_holder[agency].units())
      EXPECT_EQ(unit.content().neutral(), NeutralText(agency));
    EXPECT_THAT(by_holder[agency].answers(), IsEmpty());
  }
  // Everything that is not random by design is the same, but for whose it is.
  const auto outline = [](v1::Manifest manifest) {
    for (std::string* text : {manifest.mutable_share_id(), manifest.mutable_key_ring_digest(),
                              manifest.mutable_sender_statement_digest(), manifest.mutable_sender_agency()})
      text->clear();
    for (v1::ManifestUnit& unit : *manifest.mutable_units()) {
      unit.clear_ciphertext_digest();
      unit.clear_key_commitment();
    }
    return manifest.DebugString();
  };
  EXPECT_EQ(outline(manifests["probation.em"]), outline(manifests["cbc"]));
  EXPECT_EQ(outline(manifests["police.derbys"]), outline(manifests["cbc"]));
  EXPECT_EQ(by_holder["probation.em"].receipts_size(), by_holder["cbc"].receipts_size());
  for (const v1::RequestHolder& holder : shown.request().holders()) {
    EXPECT_EQ(holder.state(), v1::HOLDER_STATE_ANSWERED) << holder.agency();
    EXPECT_EQ(holder.reason(), "") << holder.agency();
  }
  for (const auto& agent : agents) EXPECT_THAT(agent->Alarms(), IsEmpty()) << agent->config.agency;
}

// What a member of the case sees whom the police's record and the borough's keep out, one given at the slot and one
// after it.
TEST_F(RequestTest, WhomARecordKeepsOutSeesWhatAHolderOfNothingWouldGive) {
  const std::string reader = "p-c85e1f";
  auto agents = consortium_.Agents({"dcc.community_safety", "police.derbys", "dcc.adults", "cbc"});
  TestAgent& lead = *agents[0];
  for (TestAgent* agent : {agents[1].get(), agents[2].get()}) {
    v1::CaseRecord record = Kestrel();
    record.mutable_household()->add_facts()->mutable_composition()->set_lives_alone(v1::YES_NO_YES);
    record.add_excluded_from(reader);
    agent->records = Holding(record);
    agent->Restart();
    ASSERT_OK(agent->daemon->upkeep().RunAll());
  }
  v1::SendCaseRequestRequest question =
      Question("tb.soce", "thematic_lead", {"household", "identity"}, {"police.derbys", "dcc.adults", "cbc"});
  question.set_purpose("case.exploitation");
  question.set_board("tb.soce");
  question.set_subject_role("person_at_risk");
  question.set_case_id(OpenCase("dcc.community_safety", "p-c85e1f", "tb.soce", "tb.soce", question.area()));
  ASSERT_OK(ChangeCase("dcc.community_safety", "p-c85e1f", question.case_id(), [&](v1::CaseMember& member) {
    member.add_persons("p-5f7a21");
    member.add_persons(reader);
  }));
  const auto sent = lead.daemon->requests().Send(Person("p-5f7a21"), question);
  ASSERT_OK(sent);
  ASSERT_EQ(sent->state(), "STORED") << sent->reason() << sent->DebugString();
  for (size_t i = 1; i < agents.size(); ++i) Step(*agents[i]);
  AnswerAll(*agents[1], "p-58b2d1", true);
  const auto wait_for = [&](int answers) {
    const absl::Time end = absl::Now() + absl::Seconds(30);
    v1::ShowCaseRequestResponse shown;
    while (shown.answers_size() < answers && absl::Now() < end) {
      for (size_t i = 1; i < agents.size(); ++i) Step(*agents[i]);
      EXPECT_OK(lead.daemon->receiver().CollectOnce(absl::Seconds(1)));
      shown = Show(lead, "p-5f7a21", sent->request_id());
    }
    return shown;
  };
  ASSERT_EQ(wait_for(3).answers_size(), 3);
  AnswerAll(*agents[2], "p-f6019d", true);
  const v1::ShowCaseRequestResponse asked = wait_for(4);
  ASSERT_EQ(asked.answers_size(), 4) << "three at the slot, one after it";
  const v1::ShowCaseRequestResponse shown = Show(lead, reader, sent->request_id());
  ASSERT_EQ(shown.answers_size(), 3) << shown.DebugString();
  std::set<std::string> told;
  for (v1::OpenedAnswer answer : shown.answers()) {
    ASSERT_EQ(answer.units_size(), 2) << answer.agency();
    EXPECT_EQ(answer.receipts_size(), shown.answers(0).receipts_size());
    for (v1::OpenedUnit& unit : *answer.mutable_units()) {
      EXPECT_EQ(unit.content().neutral(), NeutralText(answer.agency()));
      unit.mutable_content()->clear_neutral();
    }
    answer.clear_agency();
    answer.clear_share_id();
    answer.clear_receipts();
    told.insert(answer.DebugString());
  }
  EXPECT_THAT(told, SizeIs(1)) << "all say the same";
  std::set<std::string> states;
  for (v1::RequestHolder holder : shown.request().holders()) {
    EXPECT_EQ(holder.answer_share_ids_size(), 1) << holder.agency();
    holder.clear_agency();
    holder.clear_answer_share_ids();
    states.insert(holder.DebugString());
  }
  EXPECT_THAT(states, SizeIs(1)) << "and stand alike";
}

TEST_F(RequestTest, WhoIsExcludedFromTheCaseIsToldNothingOfItsRequests) {
  auto agents = consortium_.Agents({"dfrs", "dcc.adults"});
  RequestDesk& desk = agents[0]->daemon->requests();
  v1::SendCaseRequestRequest question = ReadQuestion("samples/dfrs/home-visit-request.json");
  question.set_case_id(OpenCase("dfrs", "p-7be041", "fire_safety", "", question.area()));
  const auto sent = desk.Send(Person("p-23f9a8"), question);
  ASSERT_OK(sent);
  v1::ListSentRequestsRequest list;
  list.set_page_size(1);
  const auto before = Watch(*agents[0], "p-23f9a8", sent->request_id(), [] { return false; });
  ASSERT_OK(before);
  EXPECT_EQ(before->holders_size(), 1);
  EXPECT_EQ(desk.ListSent(Person("p-23f9a8"), list)->requests_size(), 1);
  const auto exclude = [](v1::CaseMember& member) { member.add_excluded_persons("p-23f9a8"); };
  const auto during = Watch(*agents[0], "p-23f9a8", sent->request_id(), [&] {
    EXPECT_OK(ChangeCase("dfrs", "p-7be041", question.case_id(), exclude));
    return true;
  });
  EXPECT_THAT(during, StatusIs(absl::StatusCode::kNotFound)) << "one who waits is asked about each time";
  EXPECT_THAT(Watch(*agents[0], "p-23f9a8", sent->request_id(), [] { return true; }),
              StatusIs(absl::StatusCode::kNotFound));
  const auto after = desk.ListSent(Person("p-23f9a8"), list);
  ASSERT_OK(after);
  EXPECT_THAT(after->requests(), IsEmpty());
  EXPECT_EQ(after->next_page_token(), "");
}

TEST_F(RequestTest, WatchingEndsOnceEveryHolderAnswered) {
  auto agents = consortium_.Agents({"dfrs", "dcc.adults"});
  TestAgent& fire = *agents[0];
  v1::SendCaseRequestRequest question = ReadQuestion("samples/dfrs/home-visit-request.json");
  question.set_case_id(OpenCase("dfrs", "p-7be041", "fire_safety", "", question.area()));
  const auto sent = fire.daemon->requests().Send(Person("p-23f9a8"), question);
  ASSERT_OK(sent);
  const auto at_once = Watch(fire, "p-23f9a8", sent->request_id(), [] { return false; });
  ASSERT_OK(at_once);
  EXPECT_EQ(at_once->holders(0).state(), v1::HOLDER_STATE_WAITING);
  int waits = 0;
  const auto watched = Watch(fire, "p-23f9a8", sent->request_id(), [&] {
    if (++waits == 2) Step(*agents[1]);
    return waits < 10;
  });
  ASSERT_OK(watched);
  EXPECT_EQ(waits, 2);
  EXPECT_EQ(watched->holders(0).state(), v1::HOLDER_STATE_ANSWERED);
}

TEST_F(RequestTest, AnAgentJustStartedRefusesNothingBeforeItKnowsWhoIsWho) {
  auto agents = consortium_.Agents({"dfrs", "dcc.adults"});
  TestAgent& fire = *agents[0];
  TestAgent& adults = *agents[1];
  v1::SendCaseRequestRequest question = ReadQuestion("samples/dfrs/home-visit-request.json");
  question.mutable_grounds()->Add("fire_safety.health.physical");
  question.set_case_id(OpenCase("dfrs", "p-7be041", "fire_safety", "", question.area()));
  const auto sent = fire.daemon->requests().Send(Person("p-23f9a8"), question);
  ASSERT_OK(sent);
  Step(adults);
  AnswerAll(adults, "p-f6019d", true, "", "gw.consent_confidence");
  // The policy is kept on disk; who holds which role is not.
  adults.Restart();
  EXPECT_OK(adults.daemon->holder().Work()) << "it reads them before it decides";
  fire.Restart();
  // What rests on nobody's role may be taken by now; what does waits.
  const auto early = fire.daemon->receiver().CollectOnce(absl::ZeroDuration());
  EXPECT_TRUE(early.ok() || absl::IsUnavailable(early.status())) << early.status();
  for (TestAgent* agent : {&fire, &adults}) ASSERT_OK(agent->daemon->upkeep().RunAll());
  Step(adults);
  fire.CollectAll();
  const v1::ShowCaseRequestResponse shown = Show(fire, "p-23f9a8", sent->request_id());
  ASSERT_EQ(shown.answers_size(), 2) << shown.DebugString();
  const v1::CategoryAnswer* diagnosis = AnswerTo(shown.answers(1), "health.physical");
  ASSERT_NE(diagnosis, nullptr);
  EXPECT_EQ(diagnosis->outcome(), "RELEASED") << diagnosis->DebugString();
  EXPECT_THAT(fire.Alarms(), IsEmpty());
  EXPECT_THAT(adults.Alarms(), IsEmpty());
}

// An agency that joined, or a person who was registered, since the holder last read the directories.
TEST_F(RequestTest, AHolderReadsTheDirectoriesBeforeItRefusesAStranger) {
  const auto holders = consortium_.Agents({"dcc.adults"});
  const auto askers = consortium_.Agents({"dfrs"});
  TestAgent& adults = *holders[0];
  TestAgent& fire = *askers[0];
  v1::SendCaseRequestRequest question = ReadQuestion("samples/dfrs/home-visit-request.json");
  question.mutable_grounds()->Add("fire_safety.health.physical");
  question.set_case_id(OpenCase("dfrs", "p-7be041", "fire_safety", "", question.area()));
  ASSERT_OK(fire.daemon->requests().Send(Person("p-23f9a8"), question));
  Step(adults);
  EXPECT_THAT(Waiting(adults, "p-f6019d").approvals(), SizeIs(1))
      << "the diagnosis waits for its SPOC; it was not refused";
  EXPECT_THAT(adults.Alarms(), IsEmpty());
}

TEST_F(RequestTest, ACancelledRequestIsForgottenByItsHolder) {
  auto agents = consortium_.Agents({"rp.housing", "nhs.dhcft"});
  TestAgent& housing = *agents[0];
  TestAgent& trust = *agents[1];
  v1::SendCaseRequestRequest question = ReadQuestion("samples/rp.housing/asb-request.json");
  question.set_case_id(OpenCase("rp.housing", "p-26e5c3", "tb.ncasb", "tb.ncasb", question.area()));
  const auto sent = housing.daemon->requests().Send(Person("p-f91b60"), question);
  ASSERT_OK(sent);
  ASSERT_EQ(sent->state(), "STORED") << sent->reason();
  EXPECT_EQ(housing.daemon->requests().Send(Person("p-f91b60"), question)->request_id(), sent->request_id())
      << "the same reference is the same request";
  Step(trust);
  v1::CancelCaseRequestRequest cancel;
  cancel.set_request_id(sent->request_id());
  ASSERT_OK(housing.daemon->requests().Cancel(Person("p-f91b60"), cancel));
  Step(trust);
  EXPECT_THAT(trust.daemon->requests().ListApprovals(Person("p-e5b79c"))->approvals(), IsEmpty());
  const auto held = trust.daemon->requests().ListHeld(Person("p-691fea"), {});
  ASSERT_OK(held);
  EXPECT_EQ(held->requests(0).state(), "CANCELLED");
  EXPECT_EQ((*trust.daemon->context().state.FindReceived(sent->request_id()))->content, "");
}

}  // namespace
}  // namespace derwent::agents
