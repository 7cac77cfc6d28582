// One referral over real TLS through a real broker.
#include <filesystem>
#include <fstream>

#include "agents/daemon/context/fault.h"
#include "agents/sdk/channel/rpc_error.h"
#include "tests/integration/referral_fixture.h"

namespace derwent::agents {
namespace {

TEST_F(ReferralTest, EachRecipientReceivesItsOwnCategoriesInItsOwnForms) {
  const std::string share = Push();
  housing().CollectAll();
  adults().CollectAll();
  const std::string at_housing = HandedOver(housing(), share);
  const std::string at_adults = HandedOver(adults(), share);
  EXPECT_THAT(at_housing, HasSubstr("Oakshott"));
  EXPECT_THAT(at_housing, HasSubstr("\"repeated\":false"));
  EXPECT_THAT(at_housing, Not(HasSubstr("householdMember")));
  EXPECT_THAT(at_housing, Not(HasSubstr("DASH-2009")));
  EXPECT_THAT(at_adults, HasSubstr("DASH-2009"));
  for (const std::string& file : {at_housing, at_adults}) {
    EXPECT_THAT(file, Not(HasSubstr("Quillfeather"))) << "the protected address reaches nobody";
    EXPECT_THAT(file, Not(HasSubstr("07700900123"))) << "contact leaves as a relay only";
  }
  EXPECT_THAT(police().Alarms(), IsEmpty());
  EXPECT_THAT(housing().Alarms(), IsEmpty());
}

TEST_F(ReferralTest, TheChildsRecordAlsoGoesToChildrensServices) {
  const auto response = police().daemon->sender().Push(SampleWithChild());
  ASSERT_OK(response);
  ASSERT_EQ(response->shares_size(), 2);
  EXPECT_EQ(response->shares(1).profile(), "mash");
  childrens().CollectAll();
  const std::string file = HandedOver(childrens(), response->shares(1).share_id());
  EXPECT_THAT(file, HasSubstr("Tilly"));
  EXPECT_THAT(file, Not(HasSubstr("Renshaw")));
}

// Policy sets the child's share off (domain scenario S07): that there is none takes a person's reason.
TEST_F(ReferralTest, TheChildsShareIsNotLeftOutWithoutAReason) {
  for (const char* reason : {"", "BUSY"}) {
    v1::PushReferralRequest request = SampleWithChild();
    request.set_companion_child_referral(false);
    request.set_companion_child_reason(reason);
    const auto response = police().daemon->sender().Push(request);
    EXPECT_TRUE(absl::IsInvalidArgument(response.status())) << response.status();
    const RpcError error = DescribeRpcError(response.status());
    ASSERT_EQ(error.fields.size(), 1U);
    EXPECT_EQ(error.fields[0].field, "companion_child_reason");
    EXPECT_THAT(error.fields[0].description, HasSubstr("REFERRED_ALREADY"));
  }
  childrens().CollectAll();
  EXPECT_EQ(Sent().state(), "") << "nothing was sent";
}

TEST_F(ReferralTest, AReasonStandsOnlyWhereTheChildsShareIsLeftOut) {
  v1::PushReferralRequest request = SampleWithChild();
  request.set_companion_child_reason("REFERRED_ALREADY");
  const auto response = police().daemon->sender().Push(request);
  EXPECT_TRUE(absl::IsInvalidArgument(response.status())) << response.status();
}

TEST_F(ReferralTest, ThatTheChildsShareWasNotMadeIsShownAndKept) {
  v1::PushReferralRequest request = SampleWithChild();
  request.set_companion_child_referral(false);
  request.set_companion_child_reason("MORE_DETRIMENTAL");
  request.set_validate_only(true);
  const auto planned = police().daemon->sender().Push(request);
  ASSERT_OK(planned);
  EXPECT_EQ(planned->shares(1).state(), "NOT_MADE");
  request.clear_validate_only();
  const auto response = police().daemon->sender().Push(request);
  ASSERT_OK(response);
  ASSERT_EQ(response->shares_size(), 2);
  EXPECT_EQ(response->shares(0).state(), "STORED");
  EXPECT_EQ(response->shares(1).profile(), "mash");
  EXPECT_EQ(response->shares(1).state(), "NOT_MADE");
  EXPECT_EQ(response->shares(1).reason(), "MORE_DETRIMENTAL");
  const auto kept = police().daemon->context().state.FindShare(response->shares(1).share_id());
  ASSERT_OK(kept);
  EXPECT_EQ((*kept)->reason, "MORE_DETRIMENTAL");
  EXPECT_EQ(police().daemon->sender().Push(request)->shares(1).share_id(), response->shares(1).share_id())
      << "the same reference is the same referral";
  EXPECT_THAT(police().Alarms(), IsEmpty());
}

TEST_F(ReferralTest, ProgressFlowsBackSignedAndSealed) {
  const std::string share = Push();
  housing().CollectAll();
  adults().CollectAll();
  ASSERT_OK(Report(housing(), share, v1::PROGRESS_STATE_DECLINED, "CAPACITY", "no officer until Monday"));
  ASSERT_OK(Report(adults(), share, v1::PROGRESS_STATE_ACCEPTED, ""));
  ASSERT_OK(Report(adults(), share, v1::PROGRESS_STATE_CLOSED, "SAFE"));
  police().CollectAll();
  const v1::OutboxItem item = Sent();
  ASSERT_EQ(item.progress_size(), 3);
  EXPECT_EQ(item.progress(0).reason(), "CAPACITY");
  EXPECT_EQ(item.progress(0).note(), "no officer until Monday");
  EXPECT_EQ(item.progress(2).state(), v1::PROGRESS_STATE_CLOSED);
  EXPECT_THAT(police().Alarms(), IsEmpty());
}

TEST_F(ReferralTest, AProgressThatCannotFollowIsRefused) {
  const std::string share = Push();
  housing().CollectAll();
  EXPECT_THAT(Report(housing(), share, v1::PROGRESS_STATE_CLOSED, "SAFE"),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Report(housing(), share, v1::PROGRESS_STATE_DECLINED, "NO_TIME"),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(ReferralTest, OnlyTheAddressedRoleOpensAShare) {
  const std::string share = Push();
  housing().CollectAll();
  v1::OpenReferralRequest request;
  request.set_share_id(share);
  EXPECT_OK(housing().daemon->desk().Open({.kind = trust::CallerKind::kPerson, .name = "p-f91b60"}, request));
  EXPECT_THAT(housing().daemon->desk().Open({.kind = trust::CallerKind::kPerson, .name = "p-ca9b82"}, request),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ReferralTest, ANamedPersonOpensAShareWhileSheHoldsTheRole) {
  v1::PushReferralRequest request = Sample();
  request.mutable_recipients(0)->set_person("p-f91b60");
  v1::OpenReferralRequest open;
  open.set_share_id(Push(request));
  housing().CollectAll();
  const auto opens = [&](const char* person) { return housing().daemon->desk().Open(Person(person), open).status(); };
  EXPECT_OK(opens("p-f91b60"));
  EXPECT_THAT(opens("p-ca9b82"), StatusIs(absl::StatusCode::kNotFound));
  housing().Restart();
  EXPECT_THAT(opens("p-f91b60"), StatusIs(absl::StatusCode::kNotFound)) << "nobody knows yet whether she left";
  consortium_.ChangeDirectory(housing(), "/p-f91b60/,/training/ s/2027-12-31/2026-01-01/");
  EXPECT_THAT(opens("p-f91b60"), StatusIs(absl::StatusCode::kNotFound)) << "her training lapsed";
}

TEST_F(ReferralTest, APageIsFilledWithWhatItsReaderMaySeeAndTellsOfNoMore) {
  for (const char* reference : {"RMS-1", "RMS-2"}) Push(Sample(reference));
  housing().CollectAll();
  Desk& desk = housing().daemon->desk();
  v1::ListInboxRequest one;
  one.set_page_size(1);
  const auto registrar = desk.ListInbox(Person("p-ca9b82"), one);
  ASSERT_OK(registrar);
  EXPECT_THAT(registrar->items(), IsEmpty());
  EXPECT_EQ(registrar->next_page_token(), "") << "what is hidden cannot be counted";
  const auto first = desk.ListInbox(Person("p-f91b60"), one);
  ASSERT_OK(first);
  one.set_page_token(first->next_page_token());
  const auto second = desk.ListInbox(Person("p-f91b60"), one);
  ASSERT_OK(second);
  ASSERT_EQ(second->items_size(), 1);
  EXPECT_NE(second->items(0).share_id(), first->items(0).share_id());
  EXPECT_EQ(second->next_page_token(), "");
  EXPECT_THAT(desk.ListInbox(Person("p-ca9b82"), one), StatusIs(absl::StatusCode::kInvalidArgument))
      << "a token serves its own reader only";
  v1::ListOutboxRequest elsewhere;
  elsewhere.set_page_token(one.page_token());
  EXPECT_THAT(desk.ListOutbox(Person("p-f91b60"), elsewhere), StatusIs(absl::StatusCode::kInvalidArgument))
      << "and its own list";
}

TEST_F(ReferralTest, ALimitedRecordsReferralIsKeptFromColleagues) {
  v1::PushReferralRequest request = Sample();
  request.mutable_subjects(0)->mutable_record()->add_restricted_to(request.acting_person());
  const std::string limited = Push(request);
  v1::PushReferralRequest excluding = Sample("RMS-2");
  excluding.mutable_subjects(0)->mutable_record()->add_excluded_from(kSpoc);
  const std::string excluded = Push(excluding);
  police().Restart();
  ASSERT_OK(police().daemon->upkeep().RunAll());
  EXPECT_THAT(SentSeenBy(Person(request.acting_person())), ::testing::ElementsAre(excluded, limited));
  EXPECT_THAT(SentSeenBy({.kind = trust::CallerKind::kConsole, .name = "one"}),
              ::testing::ElementsAre(excluded, limited));
  EXPECT_THAT(SentSeenBy(Person(kSpoc)), IsEmpty());
  EXPECT_THAT(SentSeenBy(Person("p-9a30f4")), ::testing::ElementsAre(excluded)) << "an officer, like anybody";
  v1::WithdrawRequest withdraw;
  withdraw.set_share_id(limited);
  withdraw.set_reason("SENT_IN_ERROR");
  EXPECT_THAT(police().daemon->desk().Withdraw(Person(kSpoc), withdraw), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_OK(police().daemon->desk().Withdraw(Person(request.acting_person()), withdraw));
}

TEST_F(ReferralTest, WhatTheBrokerRefusedStandsAsWithheld) {
  police().broker->before_submit = [this](v1::SubmitReferralRequest&) {
    v1::RestrictRequest restrict;
    restrict.add_identifiers("nhs:9990000026");
    EXPECT_OK(police().daemon->desk().Restrict(Person("p-9a30f4"), restrict));
  };
  const auto pushed = police().daemon->desk().Push({.kind = trust::CallerKind::kConsole, .name = "one"}, Sample());
  ASSERT_OK(pushed);
  EXPECT_EQ(pushed->shares(0).state(), "REFUSED");
  EXPECT_EQ(pushed->shares(0).reason(), "SUBJECT_RESTRICTED");
  ASSERT_FALSE(pushed->shares(0).units().empty());
  for (const v1::UnitOutcome& unit : pushed->shares(0).units())
    EXPECT_EQ(unit.outcome(), "WITHHELD") << unit.category();
}

TEST_F(ReferralTest, TheSameReferenceIsOneReferral) {
  const std::string share = Push();
  EXPECT_EQ(Push(), share);
  v1::PushReferralRequest other = Sample();
  other.set_justification("another");
  const auto refused = police().daemon->sender().Push(other);
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(ReasonOf(refused.status()), "REQUEST_ID_REUSED");
}

TEST_F(ReferralTest, AllViolationsAreToldAtOnce) {
  v1::PushReferralRequest request = Sample();
  request.mutable_subjects(0)->set_role("hero");
  request.mutable_recipients(0)->set_agency("nobody");
  request.clear_acting_person();
  const auto refused = police().daemon->sender().Push(request);
  ASSERT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(DescribeRpcError(refused.status()).fields.size(), 3u);
}

v1::WithdrawRequest SentInError(const std::string& share) {
  v1::WithdrawRequest request;
  request.set_share_id(share);
  request.set_reason("SENT_IN_ERROR");
  return request;
}

TEST_F(ReferralTest, AWithdrawnShareIsDeletedAndItsRecipientTold) {
  const std::string share = Push();
  housing().CollectAll();
  police().CollectAll();
  const auto told =
      police().daemon->desk().Withdraw({.kind = trust::CallerKind::kConsole, .name = "one"}, SentInError(share));
  ASSERT_OK(told);
  EXPECT_THAT(std::vector<std::string>(told->told_agencies().begin(), told->told_agencies().end()),
              ::testing::ElementsAre("rp.housing"));
  housing().CollectAll();
  adults().CollectAll();
  EXPECT_TRUE(housing().daemon->context().state.FindReceived(share).value()->content.empty());
  EXPECT_FALSE(adults().daemon->context().state.FindReceived(share).value().has_value());
  EXPECT_EQ(HandedOver(housing(), share), "") << "what the system has not taken is deleted";
  EXPECT_THAT(HandedOver(housing(), share + ".withdrawn"), HasSubstr("\"delete_copies\":true"));
}

TEST_F(ReferralTest, WhoWasToldOfAWithdrawalIsKnownWhoeverSentIt) {
  const std::string share = Push();
  housing().CollectAll();
  police().CollectAll();
  const LocalCaller console{.kind = trust::CallerKind::kConsole, .name = "one"};
  ASSERT_OK(police().daemon->desk().Withdraw(console, SentInError(share)));
  // The messages are sent by now, as when the timed round was faster than this call.
  const auto told = police().daemon->desk().Withdraw(console, SentInError(share));
  ASSERT_OK(told);
  EXPECT_THAT(std::vector<std::string>(told->told_agencies().begin(), told->told_agencies().end()),
              ::testing::ElementsAre("rp.housing"));
}

TEST_F(ReferralTest, ALostAnswerIsAskedForAgainWithTheSameBytes) {
  int answers = 0;
  police().broker->on_submit = [&](auto&) {
    return ++answers == 1 ? absl::UnavailableError("the answer was lost") : absl::OkStatus();
  };
  const auto first = police().daemon->sender().Push(Sample());
  ASSERT_OK(first);
  EXPECT_EQ(first->shares(0).state(), "QUEUED");
  police().Restart();
  ASSERT_OK(police().daemon->upkeep().RunAll());
  ASSERT_OK(police().daemon->sender().Drain());
  EXPECT_EQ(Sent().state(), "STORED");
  housing().CollectAll();
  EXPECT_EQ(housing().daemon->context().state.ListInbox(0, 10)->size(), 1u);
}

TEST_F(ReferralTest, AHandOverRepeatedAfterACrashSaysSoAndNeverAfterItWasTaken) {
  const std::string share = Push();
  housing().CollectAll();
  agents::State& state = housing().daemon->context().state;
  const InboxRow row = *state.FindReceived(share).value();
  ForgetHandover();
  ASSERT_OK(housing().daemon->handover().Give(share));
  EXPECT_THAT(HandedOver(housing(), share), HasSubstr("\"repeated\":true"));
  EXPECT_THAT(HandedOver(housing(), share), HasSubstr(row.delivery_id));
  const std::string folder = housing().config.handover_folder + "/handover/";
  std::filesystem::rename(folder + share + ".json", folder + "done/" + share + ".json");
  ForgetHandover();
  ASSERT_OK(housing().daemon->handover().Give(share));
  EXPECT_FALSE(std::filesystem::exists(folder + share + ".json"));
}

TEST_F(ReferralTest, WhatIsWithdrawnBeforeItIsWrittenIsNotHandedOver) {
  const std::string share = Push();
  housing().CollectAll();
  ForgetHandover();
  ASSERT_THAT(housing().daemon->context().state.NotHandedOver().value(), ::testing::SizeIs(1)) << "listed by SendOut";
  ASSERT_OK(housing().daemon->context().state.EraseReceived(share));
  ASSERT_OK(housing().daemon->handover().GiveWithdrawal(
      {.share_id = share, .number = 1, .reason = "OTHER", .delete_copies = true}));
  ASSERT_OK(housing().daemon->handover().Give(share));
  EXPECT_EQ(HandedOver(housing(), share), "");
}

TEST_F(ReferralTest, AFileIsTakenOnceAndItsResultLiesBeside) {
  const std::string folder = police().config.handover_folder;
  std::string json;
  ASSERT_TRUE(google::protobuf::util::MessageToJsonString(Sample("RMS-FILE"), &json).ok());
  std::ofstream(folder + "/inbox/one.json") << json;
  std::ofstream(folder + "/inbox/two.json") << json;
  std::ofstream(folder + "/inbox/half.json.part") << json;
  std::ofstream(folder + "/inbox/bad.json") << "{\"surname\": \"Fennimore\"}";
  EXPECT_EQ(police().daemon->intake()->Scan().value(), 3);
  EXPECT_THAT(ReadAll(folder + "/done/one.json.result.json"), HasSubstr("\"state\":\"DONE\""));
  EXPECT_THAT(ReadAll(folder + "/done/two.json.result.json"), HasSubstr("\"state\":\"DUPLICATE\""));
  EXPECT_THAT(ReadAll(folder + "/failed/bad.json.result.json"), HasSubstr("\"state\":\"FAILED\""));
  EXPECT_THAT(ReadAll(folder + "/failed/bad.json.result.json"), Not(HasSubstr("Fennimore")));
  EXPECT_TRUE(std::filesystem::exists(folder + "/inbox/half.json.part"));
}

TEST_F(ReferralTest, AFileWaitsForABrokerThatIsFull) {
  const std::string folder = police().config.handover_folder;
  std::string json;
  ASSERT_TRUE(google::protobuf::util::MessageToJsonString(Sample("RMS-FULL"), &json).ok());
  std::ofstream(folder + "/inbox/early.json") << json;
  police().broker->refuse_plan = absl::ResourceExhaustedError("RESOURCE_EXHAUSTED: try again");
  EXPECT_EQ(police().daemon->intake()->Scan().value(), 0);
  EXPECT_TRUE(std::filesystem::exists(folder + "/taken/early.json"));
  police().broker->refuse_plan = absl::OkStatus();
  EXPECT_EQ(police().daemon->intake()->Scan().value(), 1);
  EXPECT_THAT(ReadAll(folder + "/done/early.json.result.json"), HasSubstr("\"state\":\"DONE\""));
}

TEST_F(ReferralTest, AFileThatOnlyAsksKeepsAndSendsNothing) {
  v1::PushReferralRequest request = Sample("RMS-ASK");
  request.set_validate_only(true);
  const auto asked = police().daemon->sender().Push(request);
  ASSERT_OK(asked);
  EXPECT_EQ(asked->shares(0).state(), "PLANNED");
  EXPECT_EQ(asked->shares(0).share_id(), "");
  request.set_validate_only(false);
  EXPECT_NE(Push(request), "");
  EXPECT_EQ(police().daemon->desk().ListOutbox({.kind = trust::CallerKind::kConsole, .name = "one"}, {})->items_size(),
            1);
}

TEST(OwnSystemTest, TheAgentSaysHowManyItHoldsAndABrokenFileKeepsThem) {
  Consortium consortium;
  const auto agents = consortium.Agents({"police.derbys"});
  TestAgent& police = *agents[0];
  const auto status = [&] {
    return police.daemon->desk().Status({.kind = trust::CallerKind::kConsole, .name = "one"}).value();
  };
  EXPECT_EQ(status().system_people(), 15u);
  EXPECT_EQ(status().system_problems(), 0u);
  const std::string file = police.config.system.front().file;
  const std::string good = ReadAll(file);
  std::ofstream(file) << good << "nom-9,,,Fennimore,Ada,,1990-02-30,F,,,,,,\n";
  police.daemon->ReadSystem();
  EXPECT_EQ(status().system_people(), 15u);
  EXPECT_EQ(status().system_problems(), 1u);
  EXPECT_THAT(police.Alarms(), Not(Contains("SYSTEM_NOT_READ")));
  std::ofstream(file) << good << "\"";
  police.daemon->ReadSystem();
  EXPECT_EQ(status().system_people(), 15u);
  EXPECT_THAT(police.Alarms(), Contains("SYSTEM_NOT_READ"));
}

TEST(MappedFileTest, AnExportBecomesReferralsAndItsBadRowsComeBack) {
  Consortium consortium;
  const auto agents = consortium.Agents({"dcc.adults", "dfrs"});
  TestAgent& adults = *agents[0];
  adults.config.mappings = {{".csv", "samples/dcc.adults/hfsv-referral.mapping.json"}};
  adults.Restart();
  ASSERT_OK(adults.daemon->upkeep().RunAll());
  const std::string folder = adults.config.handover_folder;
  std::ofstream(folder + "/inbox/visits.csv") << ReadAll("samples/dcc.adults/hfsv-referral.csv");
  EXPECT_EQ(adults.daemon->intake()->Scan().value(), 1);
  const std::string result = ReadAll(folder + "/done/visits.csv.result.json");
  EXPECT_THAT(result, HasSubstr("\"state\":\"PARTIAL\""));
  EXPECT_THAT(result, HasSubstr("\"state\":\"STORED\""));
  EXPECT_THAT(result, HasSubstr("\"column\":\"nhs_number\""));
  EXPECT_THAT(result, Not(HasSubstr("Winterbourne")));
  EXPECT_THAT(ReadAll(folder + "/failed/visits.csv.rejects.csv"), HasSubstr("Winterbourne"));
}

}  // namespace
}  // namespace derwent::agents
