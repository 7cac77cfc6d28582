#include <filesystem>

#include "absl/time/clock.h"

#include "broker/server/replay.h"
#include "tests/broker/server/policy_change_fixture.h"

// Which policy is in force, whoever may sign by then.

namespace derwent::server {
namespace {

namespace fs = std::filesystem;
using exchange::kRecipient;
using exchange::kSender;
using ::testing::Contains;

class PolicyInForceTest : public PolicyChangeTest {
 protected:
  // Waits until the bundle that now lies on disk is in force.
  void AwaitDisk() {
    while (ActivePolicy().policy_digest() != policy_digest_) ASSERT_FALSE(HasFailure());
  }
  void StopAndRevoke(const std::string& agency) {
    broker_->Stop();
    broker_.reset();
    Revoke({signatories_.at(agency).serial});
  }
};

TEST_F(PolicyInForceTest, OutlivesTheCertificateOfItsActivator) {
  Start();
  MakeDraft();
  const v1::PolicyChange draft = Propose();
  ASSERT_EQ(Activate(Activation(draft)).state(), v1::POLICY_STATE_IN_FORCE);
  EXPECT_NE(PlannedFinance(), "DENY");
  Revoke({signatories_.at(kSender).serial});
  Restart();
  WriteFile("crl.pem", pki_.Crl({signatories_.at(kSender).serial}));  // Dated back, to before it was activated.
  Restart();
  EXPECT_EQ(ActivePolicy().policy_digest(), draft.policy_digest());
  EXPECT_NE(PlannedFinance(), "DENY") << "what its signatures opened stays";
}

TEST_F(PolicyInForceTest, WhatWasDecidedUnderItReplaysOnceItsActivatorIsRevoked) {
  Start();
  PlannedFinance();
  MakeDraft();
  Activate(Activation(Propose()));
  v1::SubmitReferralResponse stored;
  Context submit;
  ASSERT_EQ(Told(v1::ReferralService::NewStub(AgentChannel(kSender))
                     ->SubmitReferral(&submit, Share("5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b01"), &stored)),
            "0");
  StopAndRevoke(kSender);
  const auto report = Replay(MakeConfiguration(), absl::Now());
  ASSERT_OK(report);
  EXPECT_EQ(report->missing, 0u);
  EXPECT_GT(report->decisions, 0u);
  EXPECT_THAT(report->different, ::testing::IsEmpty());
}

TEST_F(PolicyInForceTest, ABundleOnceInForceFromDiskOpensNothingByItsOldSignatures) {
  MakeDraft();
  fs::rename(path("policy"), path("tight"));
  fs::rename(path("draft"), path("policy"));  // What opens `finance` is in force first.
  SignBundle();
  fs::copy(path("policy"), path("draft"), fs::copy_options::recursive);
  Start();
  AwaitDisk();
  EXPECT_NE(PlannedFinance(), "DENY");
  fs::rename(path("policy"), path("before"));
  fs::rename(path("tight"), path("policy"));
  SignBundle();
  AwaitDisk();
  EXPECT_EQ(PlannedFinance(), "DENY");
  const v1::PolicyChange change = Propose();
  EXPECT_EQ(change.state(), v1::POLICY_STATE_REJECTED) << change.ShortDebugString();
  EXPECT_THAT(Codes(change), Contains("ROLLBACK_OPENS"));
}

TEST_F(PolicyInForceTest, ANoticeIsNotTakenOutOfTheFolderAgain) {
  Start();
  const std::string before = ActivePolicy().governance_digest();
  Suspend();
  while (ActivePolicy().governance_digest() == before) ASSERT_FALSE(HasFailure());
  fs::remove_all(path("policy/notices"));
  EXPECT_TRUE(AwaitReloadError("NOTICE_STRIPPED"));
  broker_->Stop();
  broker_.reset();
  EXPECT_THAT(Broker::Start(MakeConfiguration()).status(),
              testing::StatusIs(absl::StatusCode::kFailedPrecondition, ::testing::HasSubstr("NOTICE_STRIPPED")));
}

TEST_F(PolicyInForceTest, ABundleThatGaveWayIsNotPutBack) {
  Start();
  fs::copy(path("policy"), path("older"), fs::copy_options::recursive);
  std::ofstream(path("policy/gateways.txtpb"), std::ios::app) << "\n# reviewed\n";
  SignBundle();
  AwaitDisk();
  fs::rename(path("policy"), path("newer"));
  fs::rename(path("older"), path("policy"));
  EXPECT_TRUE(AwaitReloadError("POLICY_ROLLED_BACK"));
  EXPECT_EQ(ActivePolicy().policy_digest(), policy_digest_);
  broker_->Stop();
  broker_.reset();
  EXPECT_THAT(Broker::Start(MakeConfiguration()).status(),
              testing::StatusIs(absl::StatusCode::kFailedPrecondition, ::testing::HasSubstr("POLICY_ROLLED_BACK")));
}

TEST_F(PolicyInForceTest, WhatCouldNotBeReadIsTriedAgainThoughNoFileSeemsToHaveChanged) {
  Start();
  const fs::path file = path("policy/gateways.txtpb");
  const auto written = fs::last_write_time(file);
  fs::copy(file, path("garbled"));
  std::fstream(path("garbled"), std::ios::in | std::ios::out) << '!';
  std::string first(1, '\0');
  std::ifstream(file).read(first.data(), 1);
  fs::last_write_time(path("garbled"), written);
  fs::rename(path("garbled"), file);
  ASSERT_TRUE(AwaitReloadError("gateways"));
  std::fstream(file, std::ios::in | std::ios::out) << first;  // Of the same size, and dated as before.
  fs::last_write_time(file, written);
  EXPECT_TRUE(AwaitReloadError(""));
}

TEST_F(PolicyInForceTest, OutlivesASignatoryWhoLeft) {
  Start();
  MakeDraft();
  const v1::PolicyChange draft = Propose();
  ASSERT_EQ(Activate(Activation(draft)).state(), v1::POLICY_STATE_IN_FORCE);
  const std::string opened = PlannedFinance();
  EXPECT_NE(opened, "DENY");
  WriteFile("signatories", absl::StrCat(kSender, " p-signs\n"));
  Restart();
  EXPECT_EQ(ActivePolicy().policy_digest(), draft.policy_digest());
  EXPECT_EQ(PlannedFinance(), opened);
  const auto report = (broker_->Stop(), broker_.reset(), Replay(MakeConfiguration(), absl::Now()));
  ASSERT_OK(report);
  EXPECT_EQ(report->missing, 0u);
  EXPECT_THAT(report->different, ::testing::IsEmpty());
}

TEST_F(PolicyInForceTest, ABundleOnDiskOutlivesASignatoryWhoLeftAndAnotherNeedsThem) {
  Start();
  const std::string before = ActivePolicy().policy_digest();
  WriteFile("signatories", absl::StrCat(kSender, " p-signs\n"));
  Restart();
  EXPECT_EQ(ActivePolicy().policy_digest(), before);
  broker_->Stop();
  broker_.reset();
  MakeDraft();
  fs::rename(path("policy"), path("before"));
  fs::rename(path("draft"), path("policy"));
  SignBundle();
  EXPECT_THAT(Broker::Start(MakeConfiguration()).status(),
              testing::StatusIs(absl::StatusCode::kUnauthenticated, ::testing::HasSubstr("1 agencies of 2")));
}

TEST_F(PolicyInForceTest, WhoIsNoLongerASignatorySignsNothingMore) {
  Start();
  MakeDraft();
  ASSERT_EQ(Activate(Activation(Propose())).state(), v1::POLICY_STATE_IN_FORCE);
  MakeDraft("\n# nothing\n");
  ASSERT_EQ(Propose().state(), v1::POLICY_STATE_DRAFT);
  WriteFile("signatories", absl::StrCat(kSender, " p-signs\n"));
  // The file is read within a second; 32 drafts at most wait. One may be judged just before it is, and must be again.
  v1::PolicyChange change;
  do {
    change = Propose(::testing::AnyOf("0", "10 POLICY_CHANGED"));
  } while (change.state() == v1::POLICY_STATE_DRAFT || change.state() == v1::POLICY_STATE_UNSPECIFIED);
  EXPECT_THAT(Codes(change), Contains("BUNDLE_NOT_GOOD")) << change.ShortDebugString();
}

}  // namespace
}  // namespace derwent::server
