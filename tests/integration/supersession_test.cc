// A later version of a referral takes the place of an earlier one, over real TLS through a real broker.
#include <algorithm>
#include <filesystem>

#include "absl/strings/str_replace.h"

#include "agents/daemon/context/fault.h"
#include "agents/sdk/channel/rpc_error.h"
#include "tests/integration/referral_fixture.h"

namespace derwent::agents {
namespace {

using ::testing::ElementsAre;
namespace fs = std::filesystem;

constexpr char kConsole[] = "one";

class SupersessionTest : public ReferralTest {
 protected:
  // The sample, told anew.
  static v1::PushReferralRequest Later(const std::string& older, const std::string& reference = "RMS-2") {
    v1::PushReferralRequest request = Sample(reference);
    request.set_supersedes_share_id(older);
    request.set_justification("the risk was assessed again");
    return request;
  }
  static LocalCaller Console() { return {.kind = trust::CallerKind::kConsole, .name = kConsole}; }
  // As the agents' threads do.
  void Turn() {
    EXPECT_OK(police().daemon->supersessions().Work());
    EXPECT_OK(police().daemon->postman().Drain());
    for (const auto& agent : agents_) agent->CollectAll();
  }
  std::string Refusal(const v1::PushReferralRequest& request) {
    return ReasonOf(police().daemon->desk().Push(Console(), request).status());
  }
  InboxRow Received(TestAgent& agent, const std::string& share) {
    return agent.daemon->context().state.FindReceived(share)->value_or(InboxRow());
  }
  static fs::path Folder(const TestAgent& agent) { return agent.config.handover_folder + "/handover"; }
  static fs::path Note(const TestAgent& agent, const std::string& share) {
    return Folder(agent) / (share + ".superseded.json");
  }
  v1::OutboxItem SentItem(const std::string& share) {
    const auto outbox = police().daemon->desk().ListOutbox(Console(), {});
    EXPECT_OK(outbox);
    for (const v1::OutboxItem& item : outbox->items()) {
      if (item.referral().share_id() == share) return item;
    }
    return {};
  }
  v1::RecipientState StateAtHousing(const std::string& share) {
    const v1::OutboxItem item = SentItem(share);
    const auto part = std::ranges::find(item.referral().recipients(), "rp.housing", &v1::ReferralRecipient::agency);
    return part == item.referral().recipients().end() ? v1::RECIPIENT_STATE_UNSPECIFIED : part->state();
  }
};

TEST_F(SupersessionTest, TheRecipientDeletesTheEarlierOneAndItsSystemIsToldTo) {
  const std::string first = Push();
  Turn();
  const std::string second = Push(Later(first));
  Turn();
  EXPECT_EQ(Received(housing(), first).state, "SUPERSEDED");
  EXPECT_EQ(Received(housing(), first).content, "");
  EXPECT_FALSE(fs::exists(Folder(housing()) / (first + ".json")));
  EXPECT_THAT(HandedOver(housing(), second), HasSubstr(first)) << "it says whose place it takes";
  EXPECT_THAT(ReadAll(Note(housing(), first)), HasSubstr("\"superseded_by\":\"" + second + "\""));
  for (const auto& agent : agents_) EXPECT_THAT(agent->Alarms(), IsEmpty()) << agent->config.agency;
}

TEST_F(SupersessionTest, WhoOpensTheEarlierOneIsToldWhichTookItsPlace) {
  const std::string first = Push();
  Turn();
  const std::string second = Push(Later(first));
  Turn();
  v1::OpenReferralRequest open;
  open.set_share_id(first);
  const LocalCaller person{.kind = trust::CallerKind::kPerson, .name = "p-f91b60"};
  const auto refused = housing().daemon->desk().Open(person, open);
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr(second));
  open.set_share_id(second);
  const auto opened = housing().daemon->desk().Open(person, open);
  ASSERT_OK(opened);
  EXPECT_EQ(opened->item().supersedes_share_id(), first);
  EXPECT_EQ(opened->justification(), "the risk was assessed again");
}

TEST_F(SupersessionTest, TheSenderSeesBothAndThatTheLaterOneArrived) {
  const std::string first = Push();
  Turn();
  const std::string second = Push(Later(first));
  Turn();
  EXPECT_EQ(SentItem(first).superseded_by_share_id(), second);
  EXPECT_EQ(SentItem(first).referral().recipients(0).reason(), "SUPERSEDED");
  EXPECT_EQ(SentItem(second).supersedes_share_id(), first);
  EXPECT_EQ(SentItem(second).referral().version(), 2u);
  EXPECT_EQ(SentItem(second).referral().recipients(0).state(), v1::RECIPIENT_STATE_ACKNOWLEDGED);
}

TEST_F(SupersessionTest, WhoDoesNotGetTheLaterOneIsToldToDeleteTheEarlierOne) {
  const std::string first = Push();
  Turn();
  v1::PushReferralRequest later = Later(first);
  later.mutable_recipients()->RemoveLast();
  const auto pushed = police().daemon->desk().Push(Console(), later);
  ASSERT_OK(pushed);
  EXPECT_THAT(pushed->shares(0).withdrawn_agencies(), ElementsAre("dcc.adults"));
  Turn();
  EXPECT_EQ(Received(adults(), first).state, "WITHDRAWN");
  EXPECT_EQ(Received(adults(), first).content, "");
  EXPECT_THAT(ReadAll(Folder(adults()) / (first + ".withdrawn.json")), HasSubstr("\"reason\":\"SUPERSEDED\""));
  EXPECT_FALSE(fs::exists(Folder(adults()) / (first + ".json")));
  EXPECT_EQ(Received(housing(), first).state, "SUPERSEDED");
}

// Between the note and that the message counts as taken a crash may come; then it is taken again.
TEST_F(SupersessionTest, ANoteOfAWithdrawalRepeatedAfterACrashSaysSoAndNeverAfterItWasTaken) {
  const std::string share = Push();
  Turn();
  Handover& handover = housing().daemon->handover();
  const Handover::Withdrawn first{.share_id = share, .number = 1, .reason = "OTHER", .delete_copies = false};
  const fs::path note = Folder(housing()) / (share + ".withdrawn.json");
  ASSERT_OK(handover.GiveWithdrawal(first));
  const std::string said = ReadAll(note);
  EXPECT_THAT(said, AllOf(HasSubstr("\"delivery_id\":\"" + share + "/1\""), HasSubstr("\"repeated\":false"),
                          HasSubstr("\"delete_copies\":false")));
  ASSERT_OK(handover.GiveWithdrawal(first));
  EXPECT_EQ(ReadAll(note), absl::StrReplaceAll(said, {{"\"repeated\":false", "\"repeated\":true"}}));
  fs::rename(note, Folder(housing()) / "done" / note.filename());
  ASSERT_OK(handover.GiveWithdrawal(first));
  EXPECT_FALSE(fs::exists(note)) << "the system took it";
  Handover::Withdrawn second = first;
  second.number = 2;
  second.delete_copies = true;
  ASSERT_OK(handover.GiveWithdrawal(second));
  EXPECT_THAT(ReadAll(note), AllOf(HasSubstr("\"repeated\":false"), HasSubstr("\"delete_copies\":true")))
      << "another withdrawal is another note";
}

TEST_F(SupersessionTest, WhatWasNotCollectedIsNeverHandedOut) {
  const std::string first = Push();
  const std::string second = Push(Later(first));
  Turn();
  EXPECT_EQ(Received(housing(), first).share_id, "");
  EXPECT_EQ(Received(housing(), second).state, "RECEIVED");
  EXPECT_FALSE(fs::exists(Note(housing(), first))) << "its system never had it";
}

TEST_F(SupersessionTest, TheSameReferenceTakesEffectOnce) {
  const std::string first = Push();
  Turn();
  const std::string second = Push(Later(first));
  EXPECT_EQ(Push(Later(first)), second);
  Turn();
  EXPECT_EQ(Refusal(Later(first, "RMS-3")), "STATE_NOT_ALLOWED");
  EXPECT_EQ(SentItem(Push(Later(second, "RMS-3"))).referral().version(), 3u);
}

TEST_F(SupersessionTest, WhatIsNoLaterVersionIsRefusedAndChangesNothing) {
  const std::string first = Push();
  Turn();
  EXPECT_EQ(Refusal(Later("01a0c9d0-7a53-4c1e-9d55-0d6a3c8e1bff")), "SHARE_UNKNOWN");
  v1::PushReferralRequest elsewhere = Later(first);
  elsewhere.mutable_recipients(0)->set_agency("dcc.childrens");
  elsewhere.set_area("E07000035");
  const auto refused = police().daemon->desk().Push(Console(), elsewhere);
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(DescribeRpcError(refused.status()).fields.size(), 2u) << refused.status();
  Turn();
  EXPECT_EQ(Received(housing(), first).state, "RECEIVED");
  EXPECT_EQ(SentItem(first).superseded_by_share_id(), "");
}

TEST_F(SupersessionTest, WhomTheOlderOnesRecordKeepsOutCannotSupersedeIt) {
  v1::PushReferralRequest limited = Sample();
  limited.mutable_subjects(0)->mutable_record()->add_excluded_from(kSpoc);
  const std::string first = Push(limited);
  for (const LocalCaller& caller : {Person(kSpoc), Console()}) {
    for (const bool preview : {true, false}) {
      v1::PushReferralRequest later = Later(first);
      later.set_acting_person(kSpoc);
      later.set_validate_only(preview);
      EXPECT_EQ(ReasonOf(police().daemon->desk().Push(caller, later).status()), "SHARE_UNKNOWN");
    }
  }
  EXPECT_EQ(SentItem(first).superseded_by_share_id(), "");
}

TEST_F(SupersessionTest, AWithdrawnShareIsNotSupersededNorASupersededOneWithdrawn) {
  const std::string first = Push();
  v1::WithdrawRequest withdraw;
  withdraw.set_share_id(first);
  withdraw.set_reason("OTHER");
  ASSERT_OK(police().daemon->desk().Withdraw(Console(), withdraw));
  EXPECT_EQ(Refusal(Later(first)), "STATE_NOT_ALLOWED");
  const std::string other = Push(Sample("RMS-5"));
  Push(Later(other, "RMS-6"));
  withdraw.set_share_id(other);
  EXPECT_EQ(ReasonOf(police().daemon->desk().Withdraw(Console(), withdraw).status()), "STATE_NOT_ALLOWED");
}

TEST_F(SupersessionTest, ACrashBeforeTheNoteLosesNothingAndTellsOnce) {
  const std::string first = Push();
  Turn();
  const std::string second = Push(Later(first));
  // The note cannot be written: the later one is not acknowledged, and comes again.
  fs::create_directories(Note(housing(), first).string() + ".part");
  housing().daemon->receiver().CollectOnce(absl::ZeroDuration()).IgnoreError();
  EXPECT_EQ(StateAtHousing(second), v1::RECIPIENT_STATE_COLLECTED);
  EXPECT_THAT(HandedOver(housing(), second), Not(IsEmpty())) << "never without either";
  housing().Restart();
  ASSERT_OK(housing().daemon->upkeep().RunAll());
  fs::remove_all(Note(housing(), first).string() + ".part");
  Turn();
  EXPECT_TRUE(fs::exists(Note(housing(), first)));
  // Once the system took it, nothing writes it again.
  fs::rename(Note(housing(), first), Folder(housing()) / "done" / Note(housing(), first).filename());
  housing().Restart();
  ASSERT_OK(housing().daemon->upkeep().RunAll());
  ASSERT_OK(housing().daemon->handover().GiveSupersessions());
  Turn();
  EXPECT_FALSE(fs::exists(Note(housing(), first)));
  EXPECT_EQ(StateAtHousing(second), v1::RECIPIENT_STATE_ACKNOWLEDGED);
}

TEST_F(SupersessionTest, ASenderThatCrashesBeforeItToldTheOthersTellsThemOnce) {
  const std::string first = Push();
  Turn();
  v1::PushReferralRequest later = Later(first);
  later.mutable_recipients()->RemoveLast();
  Push(later);
  for (int i = 0; i < 2; ++i) {
    police().Restart();
    ASSERT_OK(police().daemon->upkeep().RunAll());
    Turn();
  }
  EXPECT_EQ(Received(adults(), first).state, "WITHDRAWN");
  EXPECT_THAT(adults().Alarms(), IsEmpty());
  EXPECT_THAT(police().Alarms(), IsEmpty());
}

TEST_F(SupersessionTest, TheEarlierOneThatComesLateIsNotKept) {
  const std::string first = Push();
  v1::CollectResponse late;
  housing().broker->on_collect = [&](v1::CollectResponse& response) {
    late = response;
    response.clear_deliveries();
  };
  housing().CollectAll();
  housing().broker->on_collect = nullptr;
  Push(Later(first));
  Turn();
  ASSERT_EQ(late.deliveries_size(), 1);
  housing().daemon->receiver().Handle(late.deliveries(0)).IgnoreError();
  EXPECT_EQ(Received(housing(), first).state, "SUPERSEDED");
  EXPECT_EQ(Received(housing(), first).content, "");
  EXPECT_FALSE(fs::exists(Folder(housing()) / (first + ".json")));
}

}  // namespace
}  // namespace derwent::agents
