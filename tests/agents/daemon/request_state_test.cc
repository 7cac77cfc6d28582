// What the agent does not forget of case-data requests.
#include "agents/daemon/state/request_state.h"

#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_cat.h"

#include "tests/support/matchers.h"

namespace derwent::agents {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOkAndHolds;
using ::testing::SizeIs;
using testing::StatusIs;

class RequestStateTest : public ::testing::Test {
 protected:
  RequestStateTest() : folder_(::testing::TempDir() + "derwent_requests_XXXXXX") {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    Open();
  }
  ~RequestStateTest() override { std::filesystem::remove_all(folder_); }

  // As after a crash.
  void Open() {
    state_.reset();
    file_.reset();
    auto file = State::Open(folder_ + "/agent.db", clock_);
    ASSERT_OK(file);
    file_ = *std::move(file);
    auto opened = RequestState::Open(*file_);
    ASSERT_OK(opened);
    state_ = *std::move(opened);
  }

  absl::Status Hold(const HeldRow& row) {
    return file_->Together([&](Changes& changes) { return changes.SaveHeld(row); });
  }
  absl::Status Reply(const std::string& share) {
    return file_->Together([&](Changes& changes) { return changes.AddReply("r", share); });
  }

  const absl::Time noon_ = absl::FromUnixSeconds(1'800'000'000);
  SystemClock clock_;
  std::string folder_;
  std::unique_ptr<State> file_;
  std::unique_ptr<RequestState> state_;
};

TEST_F(RequestStateTest, AReferenceIsTakenOnceUntilItIsReleased) {
  const AskedRow row{.request_id = "a",
                     .request_ref = "REF-1",
                     .request_digest = "d",
                     .acting_person = "p-1",
                     .state = "QUEUED",
                     .submit = "octets",
                     .create_time = noon_};
  ASSERT_OK(state_->SaveAsked(row, {{"dfrs", "manifest"}}));
  AskedRow other = row;
  other.request_id = "b";
  EXPECT_THAT(state_->SaveAsked(other, {{"dfrs", "other"}}), StatusIs(absl::StatusCode::kAlreadyExists));
  Open();
  EXPECT_THAT(state_->SelectorOf("a", "dfrs"), IsOkAndHolds("manifest"));
  EXPECT_THAT(state_->SelectorOf("a", "cbc"), IsOkAndHolds("")) << "an agency that was not asked";
  EXPECT_THAT(state_->SelectorOf("b", "dfrs"), IsOkAndHolds("")) << "a transaction leaves nothing behind";
  ASSERT_OK(state_->ReleaseReference("a"));
  EXPECT_OK(state_->SaveAsked(other, {{"dfrs", "other"}}));
  EXPECT_EQ((*state_->FindReference("REF-1"))->request_id, "b");
}

TEST_F(RequestStateTest, OnlyApprovalsThatWaitAndHaveNotLapsedArePending) {
  const ApprovalRow waiting{
      .approval_id = "a", .request_id = "r", .role = "spoc", .own = true, .state = "WAITING", .due = noon_};
  ApprovalRow elsewhere = waiting;
  elsewhere.approval_id = "b";
  elsewhere.own = false;
  elsewhere.due = noon_ + absl::Hours(1);
  ASSERT_OK(state_->AddApproval(waiting));
  ASSERT_OK(state_->AddApproval(elsewhere));
  EXPECT_THAT(state_->CountWaitingApprovals(noon_ - absl::Seconds(1)), IsOkAndHolds(2));
  EXPECT_THAT(state_->CountWaitingApprovals(noon_), IsOkAndHolds(1)) << "the first is over";
  ASSERT_OK(state_->SettleApproval("b", "REFUSED", "OTHER", ""));
  EXPECT_THAT(state_->CountWaitingApprovals(noon_), IsOkAndHolds(0));
}

TEST_F(RequestStateTest, WhatLapsedHidesNothingThatWaits) {
  for (int i = 0; i < 501; ++i) {
    ASSERT_OK(state_->AddApproval({.approval_id = absl::StrCat("stale", i),
                                   .request_id = "r",
                                   .role = "spoc",
                                   .state = "WAITING",
                                   .due = noon_,
                                   .asked_by = "dfrs"}));
  }
  const ApprovalRow fresh{.approval_id = "fresh",
                          .request_id = "r",
                          .role = "spoc",
                          .state = "WAITING",
                          .due = noon_ + absl::Hours(1),
                          .asked_by = "dfrs"};
  ASSERT_OK(state_->AddApproval(fresh));
  const auto waiting = state_->WaitingApprovals(noon_);
  ASSERT_OK(waiting);
  ASSERT_THAT(*waiting, SizeIs(1));
  EXPECT_EQ(waiting->front().approval_id, "fresh");
  EXPECT_THAT(state_->CountWaitingOf("dfrs", noon_), IsOkAndHolds(1));
  EXPECT_THAT(state_->CountWaitingOf("cbc", noon_), IsOkAndHolds(0));
  ASSERT_OK(state_->LapseElsewhere(noon_));
  EXPECT_EQ((*state_->FindApproval("stale7"))->state, "LAPSED");
  EXPECT_EQ((*state_->FindApproval("fresh"))->state, "WAITING");
}

TEST_F(RequestStateTest, ASettledRequestKeepsNoOctetsToSend) {
  ASSERT_OK(state_->SaveAsked(
      {.request_id = "a", .request_ref = "REF-1", .state = "QUEUED", .submit = "octets", .create_time = noon_}, {}));
  EXPECT_THAT(*state_->QueuedRequests(), SizeIs(1));
  ASSERT_OK(state_->SettleAsked("a", "STORED", "", "outcome"));
  EXPECT_THAT(*state_->QueuedRequests(), IsEmpty());
  EXPECT_EQ((*state_->FindAsked("a"))->submit, "");
}

TEST_F(RequestStateTest, AnApprovalIsDecidedOnce) {
  ASSERT_OK(state_->AddApproval(
      {.approval_id = "n", .request_id = "r", .role = "spoc", .own = true, .state = "WAITING", .due = noon_}));
  EXPECT_THAT(state_->SettleApproval("n", "REFUSED", "CONSENT", "signed"), IsOkAndHolds(true));
  EXPECT_THAT(state_->SettleApproval("n", "APPROVED", "", "signed again"), IsOkAndHolds(false));
  Open();
  const auto row = state_->FindApproval("n");
  ASSERT_OK(row);
  EXPECT_EQ((*row)->state, "REFUSED");
  EXPECT_EQ((*row)->approval, "signed");
  EXPECT_THAT(*state_->WaitingApprovals(noon_ - absl::Hours(1)), IsEmpty());
}

TEST_F(RequestStateTest, AnAnswerWaitsForItsSlotAndLeavesInOrder) {
  ASSERT_OK(Hold({.request_id = "r", .details = "sealed", .next_time = noon_}));
  const absl::Time slot = noon_ + absl::Minutes(15);
  ASSERT_OK(state_->UpdateHeld(
      {.request_id = "r", .details = "later", .next_time = absl::InfiniteFuture()},
      AnswerRow{.share_id = "answer", .request_id = "r", .submit = "octets", .not_before = slot, .state = "QUEUED"}));
  ASSERT_OK(state_->UpdateHeld(
      {.request_id = "r", .details = "later", .next_time = absl::InfiniteFuture()},
      AnswerRow{.share_id = "supplement", .request_id = "r", .submit = "more", .not_before = slot, .state = "QUEUED"}));
  Open();
  EXPECT_THAT(*state_->HeldDue(absl::FromUnixSeconds(4'000'000'000)), IsEmpty()) << "nothing more is to be done";
  EXPECT_THAT(*state_->AnswersDue(slot - absl::Milliseconds(1)), IsEmpty());
  const auto due = state_->AnswersDue(slot);
  ASSERT_OK(due);
  ASSERT_THAT(*due, SizeIs(2));
  EXPECT_EQ((*due)[0].share_id, "answer");
  ASSERT_OK(state_->SettleAnswer("answer", "STORED"));
  EXPECT_THAT(*state_->AnswersDue(slot), SizeIs(1));
  EXPECT_THAT(
      state_->UpdateHeld({.request_id = "r"},
                         AnswerRow{.share_id = "answer", .request_id = "r", .not_before = slot, .state = "QUEUED"}),
      StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ((*state_->FindHeld("r"))->details, "later") << "a transaction that failed changed nothing";
}

TEST_F(RequestStateTest, AnEmergencyGoesBeforeAnyNumberOfOthers) {
  for (int i = 0; i < 101; ++i) {
    const std::string id = absl::StrCat(i);
    const bool last = i == 100;
    ASSERT_OK(state_->SaveAsked({.request_id = id, .request_ref = id, .state = "QUEUED", .emergency = last}, {}));
    ASSERT_OK(state_->UpdateHeld(
        {.request_id = "r"},
        AnswerRow{.share_id = id, .request_id = id, .not_before = noon_, .state = "QUEUED", .emergency = last}));
  }
  Open();
  const auto asked = state_->QueuedRequests();
  const auto answers = state_->AnswersDue(noon_);
  ASSERT_OK(asked);
  ASSERT_OK(answers);
  EXPECT_EQ(asked->front().request_id, "100");
  EXPECT_EQ(answers->front().share_id, "100");
  EXPECT_TRUE(asked->front().emergency && answers->front().emergency);
  EXPECT_FALSE((*asked)[1].emergency || (*answers)[1].emergency);
}

TEST_F(RequestStateTest, ARequestIsHeldOnceAndComesUpWhenItIsTime) {
  ASSERT_OK(Hold({.request_id = "r", .details = "first", .next_time = noon_}));
  ASSERT_OK(Hold({.request_id = "r", .details = "again", .next_time = noon_}));
  EXPECT_EQ((*state_->FindHeld("r"))->details, "first");
  EXPECT_THAT(*state_->HeldDue(noon_ - absl::Seconds(1)), IsEmpty());
  EXPECT_THAT(*state_->HeldDue(noon_), SizeIs(1));
  ASSERT_OK(state_->WakeHeld("r", noon_ + absl::Hours(1)));
  EXPECT_THAT(*state_->HeldDue(noon_), IsEmpty());
}

TEST_F(RequestStateTest, AnAnswerThatComesTwiceIsOneAnswer) {
  ASSERT_OK(Reply("one"));
  ASSERT_OK(Reply("two"));
  ASSERT_OK(Reply("one"));
  EXPECT_THAT(*state_->RepliesTo("r"), ElementsAre("one", "two"));
}

}  // namespace
}  // namespace derwent::agents
