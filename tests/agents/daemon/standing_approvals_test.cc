// What approvals say of the lines of a request, and which of them a reply may use.
#include "agents/daemon/holding/standing_approvals.h"

#include "agents/daemon/sending/asked_approvals.h"
#include "agents/sdk/approval.h"
#include "tests/support/matchers.h"

namespace derwent::agents {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kPolicy[] = "policy-in-force-0123456789abcdef";

AnswerLine Line(const std::string& category, const std::string& form, const std::set<std::string>& approvers) {
  AnswerLine line{.category = category, .asked_form = form, .form = form, .approvers = approvers};
  line.content.set_category(category);
  line.content.set_form(form);
  line.content.mutable_summary()->set_text("gist");
  return line;
}

class StandingApprovalsTest : public ::testing::Test {
 protected:
  StandingApprovalsTest() {
    inquiry_.selector.set_share_id("7c0f1e2d-3b4a-4c5d-8e6f-708192a3b4c5");
    inquiry_.selector.add_subjects()->set_number(1);
    decision_.lines = {Line("household", "full", {"spoc"}), Line("identity", "full", {"spoc"}),
                       Line("health.mental", "flag_only", {"caldicott_guardian", "spoc"}),
                       Line("incident", "full", {})};
  }

  std::vector<ApprovalRow> Missing() {
    return ApprovalsMissing(inquiry_, decision_, approvals_, kPolicy, due_, random_);
  }

  // Answers an approval as its approver would: agrees to `units` of what was asked, all of it when 0.
  static void Settle(ApprovalRow& row, bool approved, int units = 0) {
    v1::ApprovalQuestion question;
    ASSERT_TRUE(question.ParseFromString(row.question));
    v1::ApprovalCommand command = question.proposed();
    command.set_approved(approved);
    while (units > 0 && command.units_size() > units) command.mutable_units()->RemoveLast();
    v1::SignedApproval approval;
    approval.mutable_command()->set_payload(command.SerializeAsString());
    row.state = approved ? "APPROVED" : "REFUSED";
    row.reason = approved ? "" : "CONSENT";
    row.approval = approval.SerializeAsString();
  }

  PackageRecipient Reply(const std::vector<std::string>& categories) {
    PackageRecipient reply;
    for (const AnswerLine& line : decision_.lines) {
      if (std::ranges::find(categories, line.category) != categories.end())
        reply.units.push_back({.subject = 1, .content = line.content});
    }
    return reply;
  }

  trust::SystemRandom random_;
  const absl::Time due_ = absl::UnixEpoch() + absl::Hours(24);
  Inquiry inquiry_;
  AnswerDecision decision_;
  std::vector<ApprovalRow> approvals_;
};

// For the ledger: who of the holder's own refused, and what nobody answered; what a panel says the broker carries
// itself.
TEST_F(StandingApprovalsTest, WhatTheHoldersOwnPeopleDeclinedIsTold) {
  approvals_ = Missing();
  ASSERT_THAT(approvals_, SizeIs(3));
  v1::ApprovalQuestion question;
  ASSERT_TRUE(question.ParseFromString(approvals_[0].question));
  question.mutable_proposed()->set_approver_person("p-f6019d");
  approvals_[0].question = question.SerializeAsString();
  Settle(approvals_[0], /*approved=*/false);
  approvals_[1].state = "LAPSED";
  policy::Policy policy;
  const std::vector<v1::DeclinedApproval> declined = DeclinedOf(approvals_, policy);
  ASSERT_THAT(declined, SizeIs(2)) << "the third waits";
  EXPECT_EQ(declined[0].approval_id(), approvals_[0].approval_id);
  EXPECT_EQ(declined[0].person(), "p-f6019d");
  EXPECT_EQ(declined[0].reason(), "CONSENT");
  EXPECT_EQ(declined[0].units_size(), question.proposed().units_size());
  EXPECT_EQ(declined[1].person(), "");
  EXPECT_EQ(declined[1].reason(), "LAPSED");
  policy.board_roles[approvals_[0].role] = "";
  policy.board_roles[approvals_[1].role] = "";
  EXPECT_THAT(DeclinedOf(approvals_, policy), IsEmpty());
}

TEST_F(StandingApprovalsTest, LinesThatNeedTheSameRolesAreAskedTogetherAndOnce) {
  approvals_ = Missing();
  ASSERT_THAT(approvals_, SizeIs(3)) << "spoc for two lines; guardian and spoc for the third";
  EXPECT_THAT(Missing(), IsEmpty());
  decision_.lines[0].form = "summarise";
  EXPECT_THAT(Missing(), SizeIs(1)) << "another form is another question";
}

TEST_F(StandingApprovalsTest, AnApprovalUnderAnotherPolicyIsAskedAgain) {
  approvals_ = Missing();
  EXPECT_THAT(ApprovalsMissing(inquiry_, decision_, approvals_, "another-policy-0123456789abcdef0", due_, random_),
              SizeIs(3));
}

TEST_F(StandingApprovalsTest, EveryRoleMustAgreeAndOneRefusalSuffices) {
  approvals_ = Missing();
  const auto outcome = [&](size_t line) { return OutcomeOf(decision_.lines[line], VerdictsOf(approvals_, kPolicy)); };
  EXPECT_EQ(outcome(0), "PENDING");
  EXPECT_EQ(outcome(3), "RELEASED") << "needs nobody";
  for (ApprovalRow& row : approvals_) {
    if (row.role == "spoc") Settle(row, true);
  }
  EXPECT_EQ(outcome(0), "RELEASED");
  EXPECT_EQ(outcome(2), "PENDING") << "the guardian has not agreed";
  for (ApprovalRow& row : approvals_) {
    if (row.role == "caldicott_guardian") Settle(row, false);
  }
  EXPECT_EQ(outcome(2), "WITHHELD");
}

TEST_F(StandingApprovalsTest, WhatTheApproverLeftOutIsRefused) {
  approvals_ = Missing();
  for (ApprovalRow& row : approvals_) Settle(row, true, 1);
  const Verdicts verdicts = VerdictsOf(approvals_, kPolicy);
  EXPECT_EQ(OutcomeOf(decision_.lines[0], verdicts), "RELEASED");
  EXPECT_EQ(OutcomeOf(decision_.lines[1], verdicts), "WITHHELD");
}

TEST_F(StandingApprovalsTest, ALapsedApprovalRefuses) {
  approvals_ = Missing();
  for (ApprovalRow& row : approvals_) row.state = "LAPSED";
  EXPECT_EQ(OutcomeOf(decision_.lines[0], VerdictsOf(approvals_, kPolicy)), "WITHHELD");
}

TEST_F(StandingApprovalsTest, AReplyBringsTheApprovalsThatItsUnitsRestOnAndNoOther) {
  approvals_ = Missing();
  for (ApprovalRow& row : approvals_) Settle(row, true);
  EXPECT_THAT(ApprovalsFor(Reply({"household", "identity"}), approvals_, kPolicy), SizeIs(1));
  EXPECT_THAT(ApprovalsFor(Reply({"health.mental"}), approvals_, kPolicy), SizeIs(2));
  EXPECT_THAT(ApprovalsFor(Reply({"incident"}), approvals_, kPolicy), IsEmpty());
  PackageRecipient neutral = Reply({"household"});
  neutral.units[0].content.set_neutral("nothing");
  EXPECT_THAT(ApprovalsFor(neutral, approvals_, kPolicy), IsEmpty());
}

TEST_F(StandingApprovalsTest, AnApprovalOfWhatWouldNoLongerGoOutIsDropped) {
  approvals_ = Missing();
  for (ApprovalRow& row : approvals_) Settle(row, true);
  decision_.lines[1].form.clear();
  decision_.lines[1].content.clear_content();
  DropStale(decision_, kPolicy, approvals_);
  EXPECT_THAT(approvals_, SizeIs(2)) << "the one for two lines covers more than would go out";
  EXPECT_EQ(OutcomeOf(decision_.lines[0], VerdictsOf(approvals_, kPolicy)), "PENDING");
  EXPECT_THAT(Missing(), SizeIs(1));
}

TEST_F(StandingApprovalsTest, TheNextToLapseIsWhenToLookAgain) {
  approvals_ = Missing();
  approvals_[1].due = due_ - absl::Hours(1);
  policy::Policy policy;
  const auto next = [&] { return NextDue(approvals_, policy, due_ - absl::Hours(9), absl::InfiniteFuture()); };
  EXPECT_EQ(next(), due_ - absl::Hours(1));
  approvals_[1].state = "APPROVED";
  EXPECT_EQ(next(), due_);
  policy.board_roles[approvals_[0].role] = "";
  EXPECT_EQ(next(), due_ - absl::Hours(9) + kAskAgain) << "nobody was asked elsewhere yet";
  for (ApprovalRow& row : approvals_) row.sent = true;
  EXPECT_EQ(next(), due_);
}

}  // namespace
}  // namespace derwent::agents
