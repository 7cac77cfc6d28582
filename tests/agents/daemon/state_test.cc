#include "agents/daemon/state/state.h"

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"

#include "tests/support/matchers.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

using ::testing::Eq;
using testing::IsOk;
using testing::IsOkAndHolds;
using testing::StatusIs;

class StateTest : public ::testing::Test {
 protected:
  StateTest() : folder_(::testing::TempDir() + "derwent_state_XXXXXX") {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    Open();
  }
  ~StateTest() override { std::filesystem::remove_all(folder_); }

  void Open() {
    state_.reset();
    auto opened = State::Open(folder_ + "/agent.db", clock_);
    ASSERT_OK(opened);
    state_ = *std::move(opened);
  }

  absl::StatusOr<bool> Queue(const std::string& once, uint32_t* number) {
    return state_->QueueMessage({.request_id = "r", .share_id = "s", .peer = "dfrs", .kind = "PROGRESS"}, once,
                                [number](uint32_t sequence) -> absl::StatusOr<std::string> {
                                  *number = sequence;
                                  return "signed";
                                });
  }

  absl::StatusOr<bool> Receive(const InboxRow& row) {
    bool fresh = false;
    RETURN_IF_ERROR(state_->Together([&](Changes& changes) -> absl::Status {
      ASSIGN_OR_RETURN(fresh, changes.SaveReceived(row, ""));
      return absl::OkStatus();
    }));
    return fresh;
  }

  // The machine's clock, moved by a test.
  struct MovedClock final : Clock {
    absl::Time Now() const override { return absl::Now() + moved; }
    absl::Duration moved;
  };
  MovedClock clock_;
  std::string folder_;
  std::unique_ptr<State> state_;
};

TEST_F(StateTest, MessagesAreNumberedWithoutGapsAndQueuedOnce) {
  uint32_t number = 0;
  EXPECT_THAT(Queue("one", &number), IsOkAndHolds(true));
  EXPECT_EQ(number, 1u);
  EXPECT_THAT(Queue("one", &number), IsOkAndHolds(false));
  Open();
  EXPECT_THAT(Queue("two", &number), IsOkAndHolds(true));
  EXPECT_EQ(number, 2u);
  EXPECT_EQ(state_->PendingMessages()->size(), 2u);
}

TEST_F(StateTest, ARestrictionStopsWhoItNamesUntilItIsLifted) {
  const auto veto = [&](const std::string& id, const std::vector<std::string>& references) {
    return state_->Together([&](Changes& changes) { return changes.SetVeto(id, references); });
  };
  ASSERT_OK(veto("one", {"reference a", "reference b"}));
  ASSERT_OK(veto("two", {"reference b"}));
  Open();
  EXPECT_THAT(state_->StoppedHere({{.reference = "reference c"}, {.reference = "reference a"}}), IsOkAndHolds(true));
  EXPECT_THAT(state_->StoppedHere({{.reference = "reference c"}}), IsOkAndHolds(false));
  EXPECT_THAT(state_->StoppedHere({}), IsOkAndHolds(false));
  ASSERT_OK(veto("one", {}));
  EXPECT_THAT(state_->StoppedHere({{.reference = "reference a"}}), IsOkAndHolds(false));
  EXPECT_THAT(state_->StoppedHere({{.reference = "reference b"}}), IsOkAndHolds(true))
      << "the other restriction stands";
}

TEST_F(StateTest, ARestrictionIsNumberedOnWhetherTheBrokerAnsweredOrNot) {
  const auto queue = [&](bool lifts) {
    uint32_t number = 0;
    EXPECT_OK(state_->Together([&](Changes& changes) {
      return changes.QueueRestriction({.restriction_id = "one", .lifts = lifts}, {"reference a"},
                                      [&](uint32_t next) -> absl::StatusOr<std::string> {
                                        number = next;
                                        return "signed";
                                      });
    }));
    return number;
  };
  EXPECT_EQ(queue(false), 1u);
  Open();
  EXPECT_EQ(queue(true), 2u);
  EXPECT_THAT(state_->StoppedHere({{.reference = "reference a"}}), IsOkAndHolds(true))
      << "until the broker took the end";
  const auto settle = [&](absl::Status (Changes::*how)(const RestrictionRow&)) {
    const RestrictionRow first = state_->RestrictionsDue()->front();
    ASSERT_OK(state_->Together([&](Changes& changes) { return (changes.*how)(first); }));
  };
  const std::vector<KnownAs> told = {{.reference = "reference a", .at_broker = true}};
  settle(&Changes::RestrictionTaken);
  EXPECT_THAT(state_->StoppedHere({{.reference = "reference a"}}), IsOkAndHolds(true));
  settle(&Changes::RestrictionTaken);
  EXPECT_THAT(state_->StoppedHere({{.reference = "reference a"}}), IsOkAndHolds(false));
  EXPECT_EQ(queue(false), 3u);
  settle(&Changes::DropRestriction);
  EXPECT_THAT(state_->StoppedHere(told), IsOkAndHolds(true)) << "the broker does not";
  EXPECT_EQ(queue(false), 3u) << "the broker does not have it";
  settle(&Changes::RestrictionTaken);
  EXPECT_THAT(state_->StoppedHere(told), IsOkAndHolds(false)) << "the broker does, and enters it";
}

TEST_F(StateTest, AMessageThatCannotBeSignedTakesNoNumber) {
  const auto failed =
      state_->QueueMessage({.share_id = "s", .peer = "dfrs"}, "one",
                           [](uint32_t) -> absl::StatusOr<std::string> { return absl::InternalError("no key"); });
  EXPECT_THAT(failed, StatusIs(absl::StatusCode::kInternal));
  uint32_t number = 0;
  EXPECT_THAT(Queue("two", &number), IsOkAndHolds(true));
  EXPECT_EQ(number, 1u);
}

TEST_F(StateTest, WhatWaitsBehindADroppedMessageMovesUpAndIsSignedAnew) {
  uint32_t number = 0;
  for (const char* once : {"one", "two", "three"}) ASSERT_THAT(Queue(once, &number), IsOk());
  const auto pending = state_->PendingMessages();
  ASSERT_OK(pending);
  ASSERT_OK(state_->Together([&](Changes& changes) { return changes.MessageSent(pending->front().row, ""); }));
  ASSERT_OK(state_->DropMessage((*pending)[1], [](const OutgoingMessage& next, uint32_t sequence) {
    return absl::StatusOr<std::string>(absl::StrCat(next.envelope, " as ", sequence));
  }));
  ASSERT_EQ(state_->PendingMessages()->size(), 1u);
  EXPECT_EQ(state_->PendingMessages()->front().envelope, "signed as 2");
  ASSERT_THAT(Queue("four", &number), IsOk());
  EXPECT_EQ(number, 3u);
}

TEST_F(StateTest, AShareMovesOnFromTheStateItIsInAlone) {
  ASSERT_THAT(Receive({.share_id = "s", .sender = "dfrs", .state = "RECEIVED"}), IsOk());
  EXPECT_THAT(state_->MoveReceived("s", "RECEIVED", "ACCEPTED"), IsOkAndHolds(true));
  ASSERT_OK(state_->SetReceivedState("s", "WITHDRAWN"));
  EXPECT_THAT(state_->MoveReceived("s", "ACCEPTED", "RECEIVED"), IsOkAndHolds(false));
  EXPECT_EQ((*state_->FindReceived("s"))->state, "WITHDRAWN");
}

TEST_F(StateTest, AShareIsReceivedOnce) {
  const InboxRow row{
      .share_id = "s", .delivery_id = "d", .sender = "police.derbys", .state = "RECEIVED", .content = "sealed"};
  EXPECT_THAT(Receive(row), IsOkAndHolds(true));
  EXPECT_THAT(Receive(row), IsOkAndHolds(false));
  Open();
  EXPECT_EQ(state_->NotHandedOver()->size(), 1u);
  ASSERT_OK(state_->FinishHandover("s"));
  EXPECT_EQ(state_->NotHandedOver()->size(), 0u);
}

TEST_F(StateTest, WhatIsDoneTogetherIsDoneWholeOrNotAtAll) {
  const InboxRow row{.share_id = "s", .delivery_id = "d", .sender = "dfrs", .state = "RECEIVED", .content = "sealed"};
  const auto receive = [&](const absl::Status& last) {
    return state_->Together([&](Changes& changes) -> absl::Status {
      RETURN_IF_ERROR(changes.AddReceipts({{.share_id = "s", .index = 1, .receipt = "r"}}, "n", [] { return "v"; }));
      RETURN_IF_ERROR(changes.SaveReceived(row, "").status());
      RETURN_IF_ERROR(changes.LogAccess("", "s", "record matched"));
      return last;
    });
  };
  EXPECT_THAT(receive(absl::UnavailableError("no")), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(state_->ReceiptsOf("s")->size() + state_->ListInbox(0, 9)->size() + state_->Accesses({})->size(), 0u);
  EXPECT_THAT(state_->Kept("n"), IsOkAndHolds(""));
  ASSERT_OK(receive(absl::OkStatus()));
  Open();
  EXPECT_EQ(state_->ReceiptsOf("s")->size() + state_->ListInbox(0, 9)->size() + state_->Accesses({})->size(), 3u);
  EXPECT_THAT(state_->Kept("n"), IsOkAndHolds("v"));
}

TEST_F(StateTest, WhoReadsDoesNotWaitForAChangeAndSeesNothingOfItBefore) {
  ASSERT_OK(state_->Keep("n", "before"));
  ASSERT_OK(state_->Together([&](Changes& changes) -> absl::Status {
    RETURN_IF_ERROR(changes.Keep("n", "after"));
    absl::StatusOr<std::string> read = absl::UnknownError("");
    std::thread([&] { read = state_->Kept("n"); }).join();
    EXPECT_THAT(read, IsOkAndHolds("before"));
    return absl::OkStatus();
  }));
  EXPECT_THAT(state_->Kept("n"), IsOkAndHolds("after"));
}

TEST_F(StateTest, AReferenceIsTakenOnceAndAllItsSharesWithIt) {
  const OutboxRow share{.share_id = "s", .state = "QUEUED", .submit = "octets"};
  ASSERT_OK(state_->SavePush("RMS-1", "digest", {share}, {}));
  EXPECT_THAT(state_->SavePush("RMS-1", "digest", {{.share_id = "t", .state = "QUEUED"}}, {}),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(state_->QueuedShares()->size(), 1u);
  ASSERT_OK(state_->SettleShare("s", "STORED", "", "outcome"));
  EXPECT_TRUE(state_->FindShare("s").value()->submit.empty());
  EXPECT_THAT(state_->OutboxDepth(), IsOkAndHolds(Eq(0)));
}

TEST_F(StateTest, AnAlarmIsRaisedAgainAfterAQuietDayAndOfAnotherKeyAtOnce) {
  EXPECT_THAT(state_->RaiseAlarm("SHARE_HELD", "s", "dfrs"), IsOkAndHolds(true));
  clock_.moved = kAlarmQuiet - absl::Minutes(1);
  EXPECT_THAT(state_->RaiseAlarm("SHARE_HELD", "s", "dfrs"), IsOkAndHolds(false));
  EXPECT_THAT(state_->RaiseAlarm("FOREIGN_KEY_IN_OUR_NAME", "", "dfrs", "one"), IsOkAndHolds(true));
  EXPECT_THAT(state_->RaiseAlarm("FOREIGN_KEY_IN_OUR_NAME", "", "dfrs", "two"), IsOkAndHolds(true));
  clock_.moved = kAlarmQuiet + absl::Minutes(1);
  Open();
  EXPECT_THAT(state_->RaiseAlarm("SHARE_HELD", "s", "dfrs"), IsOkAndHolds(true));
  const auto alarms = state_->Alarms(10);
  ASSERT_OK(alarms);
  ASSERT_EQ(alarms->size(), 3u);
  EXPECT_EQ(alarms->front().code, "SHARE_HELD") << "the newest first";
  EXPECT_EQ((*alarms)[1].key_id, "two");
}

TEST_F(StateTest, AlarmsOfAnEarlierAgentStay) {
  state_.reset();
  ASSERT_OK((*Sql::Open(folder_ + "/agent.db"))
                ->Execute("CREATE TABLE alarms (row INTEGER PRIMARY KEY AUTOINCREMENT, code BLOB NOT NULL, share_id "
                          "BLOB NOT NULL, agency BLOB NOT NULL, time_ms INTEGER NOT NULL, UNIQUE (code, share_id, "
                          "agency)); INSERT INTO alarms VALUES (7, CAST('SHARE_HELD' AS BLOB), x'73', x'', 1);"));
  Open();
  ASSERT_EQ(state_->Alarms(10)->size(), 1u);
  EXPECT_EQ(state_->Alarms(10)->front().share_id, "s");
}

TEST_F(StateTest, AHeldMessageIsForgottenWhenItsNumberIsTakenAndNotBefore) {
  ASSERT_OK(state_->HoldMessage("s", "dfrs", 3, "envelope"));
  EXPECT_EQ(state_->HeldMessage("s", "dfrs", 3).value(), "envelope");
  Open();
  EXPECT_EQ(state_->HeldMessage("s", "dfrs", 3).value(), "envelope") << "a crash between loses nothing";
  ASSERT_OK(state_->Together([](Changes& changes) { return changes.AcceptSequence("s", "dfrs", 3); }));
  EXPECT_FALSE(state_->HeldMessage("s", "dfrs", 3)->has_value());
}

TEST_F(StateTest, WhatIsPassedOverTakesNoPlaceOfWhatIsHeld) {
  ASSERT_OK(state_->HoldMessage("s", "dfrs", 3, "envelope"));
  ASSERT_OK(state_->PassOver("s", "dfrs", 3));
  ASSERT_OK(state_->PassOver("s", "dfrs", 2));
  EXPECT_EQ(state_->HeldMessage("s", "dfrs", 3).value(), "envelope");
  EXPECT_EQ(state_->HeldMessage("s", "dfrs", 2).value(), "");
}

}  // namespace
}  // namespace derwent::agents
