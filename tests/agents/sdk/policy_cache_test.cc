// An agent takes a policy that follows the one it knows, and no other.
#include "agents/sdk/policy_cache.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "gmock/gmock.h"

#include "policy/loader/carried.h"
#include "tests/broker/store/temp_folder.h"
#include "tests/policy/signed_bundle.h"
#include "tests/support/matchers.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {
namespace {

using ::derwent::testing::IsOk;
using ::derwent::testing::StatusIs;
using ::testing::HasSubstr;

class PolicyCacheTest : public policy::SignedBundle {
 protected:
  absl::Status Take(PolicyCache& cache) {
    v1::GetPolicyBundleResponse response;
    policy::Carry(files_, *response.mutable_files());
    return cache.TakeBundle(response, roots_, now_);
  }
  absl::Status Take() { return Take(cache_); }
  static auto RolledBack() { return StatusIs(absl::StatusCode::kDataLoss, HasSubstr("POLICY_ROLLED_BACK")); }

  store::TempFolder folder_;
  PolicyCache cache_{folder_.path() + "/policy"};
};

TEST_F(PolicyCacheTest, ARevisionAboveTheNewestIsTaken) {
  EXPECT_THAT(Take(), IsOk());
  Activate(1);
  EXPECT_THAT(Take(), IsOk());
  Activate(3);
  EXPECT_THAT(Take(), IsOk());
}

TEST_F(PolicyCacheTest, ARevisionBelowTheNewestIsNotTakenNeitherAfterARestart) {
  const policy::Files by_hand = files_;
  Activate(2);
  const policy::Files second = files_;
  Activate(3);
  ASSERT_THAT(Take(), IsOk());
  files_ = second;
  EXPECT_THAT(Take(), RolledBack());
  files_ = by_hand;
  EXPECT_THAT(Take(), RolledBack()) << "nor one that nobody activated";
  PolicyCache again(folder_.path() + "/policy");
  ASSERT_THAT(again.LoadKept(roots_, now_), IsOk());
  EXPECT_THAT(Take(again), RolledBack());
}

TEST_F(PolicyCacheTest, WhatWasTakenWhileItsSignersCertificatesWereGoodStaysGood) {
  Activate(1);
  ASSERT_THAT(Take(), IsOk());
  const absl::Time lapsed = now_ + absl::Hours(24 * 90);
  PolicyCache again(folder_.path() + "/policy");
  ASSERT_THAT(again.LoadKept(roots_, lapsed), IsOk());
  EXPECT_EQ(again.governance_digest(), cache_.governance_digest());
  now_ = lapsed;
  EXPECT_THAT(Take(again), IsOk()) << "the same from the broker is the same";
  PolicyCache other(folder_.path() + "/other");
  EXPECT_THAT(Take(other), StatusIs(absl::StatusCode::kUnauthenticated)) << "nobody saw it while they were good";
}

TEST_F(PolicyCacheTest, WhatASignerSignedWhoIsRevokedSinceIsNotReadAgain) {
  Activate(1);
  ASSERT_THAT(Take(), IsOk());
  roots_.revoked = trust::RevocationSet::FromPem(pki_.Crl({signers_["dfrs"].serial}), roots_.authority, now_).value();
  PolicyCache again(folder_.path() + "/policy");
  EXPECT_THAT(again.LoadKept(roots_, now_), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST_F(PolicyCacheTest, AMomentAheadOfTheClockIsNotBelieved) {
  ASSERT_THAT(Take(), IsOk());
  std::ofstream(folder_.path() + "/policy/TAKEN") << absl::ToUnixSeconds(now_ + absl::Hours(24 * 90)) << "\n";
  PolicyCache again(folder_.path() + "/policy");
  EXPECT_THAT(again.LoadKept(roots_, now_), IsOk());
}

TEST_F(PolicyCacheTest, OfTwoTakenAtOnceTheNewerStays) {
  Activate(1);
  v1::GetPolicyBundleResponse older;
  policy::Carry(files_, *older.mutable_files());
  SignAgreement("cbc");
  Activate(2);
  v1::GetPolicyBundleResponse newer;
  policy::Carry(files_, *newer.mutable_files());
  const std::string newest = policy::LoadBundle(files_, roots_, now_).value()->governance_digest;
  for (int round = 0; round < 8; ++round) {
    PolicyCache cache(absl::StrCat(folder_.path(), "/", round));
    std::thread other([&] { cache.TakeBundle(older, roots_, now_).IgnoreError(); });
    EXPECT_THAT(cache.TakeBundle(newer, roots_, now_), IsOk());
    other.join();
    EXPECT_EQ(cache.governance_digest(), newest);
    PolicyCache again(absl::StrCat(folder_.path(), "/", round));
    ASSERT_THAT(again.LoadKept(roots_, now_), IsOk());
    EXPECT_EQ(again.governance_digest(), newest);
  }
}

TEST_F(PolicyCacheTest, ACrashBetweenTheFoldersForgetsNothing) {
  Activate(2);
  const policy::Files second = files_;
  Activate(3);
  ASSERT_THAT(Take(), IsOk());
  const std::string kept = folder_.path() + "/policy";
  std::filesystem::rename(kept, kept + ".old");
  PolicyCache again(kept);
  ASSERT_THAT(again.LoadKept(roots_, now_), IsOk());
  const policy::Files third = files_;
  files_ = second;
  EXPECT_THAT(Take(again), RolledBack());
  files_ = third;
  SignAgreement("cbc");
  Activate(4);
  ASSERT_THAT(Take(again), IsOk());
  PolicyCache last(kept);
  ASSERT_THAT(last.LoadKept(roots_, now_), IsOk());
  EXPECT_EQ(last.governance_digest(), again.governance_digest());
}

TEST_F(PolicyCacheTest, APolicyOfBeforeIsKnownAfterARestart) {
  Activate(1);
  ASSERT_THAT(Take(), IsOk());
  const std::string known = cache_.policy_digest();
  PolicyCache again(folder_.path() + "/policy");
  EXPECT_FALSE(again.Knows(known));
  std::filesystem::remove_all(folder_.path() + "/policy");
  again.LoadKept(roots_, now_).IgnoreError();
  EXPECT_TRUE(again.Knows(known)) << "whatever bundle is kept";
}

TEST_F(PolicyCacheTest, WhatCannotBeKeptIsNotTaken) {
  std::ofstream(folder_.path() + "/file") << "no folder";
  PolicyCache cache(folder_.path() + "/file/policy");
  EXPECT_THAT(Take(cache), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(cache.policy_digest(), "");
}

TEST(PolicyMemoryTest, SaysAfterwardsWhatWasKept) {
  const store::TempFolder folder;
  const std::string path = folder.path() + "/memory";
  EXPECT_THAT(PolicyMemory::Load(path)->policies, ::testing::IsEmpty()) << "nothing was kept yet";
  PolicyMemory memory{.directory_versions = {{"dfrs", 7}}, .policies = {trust::Sha256("one").bytes()}};
  ASSERT_THAT(memory.Keep(path), IsOk());
  const auto loaded = PolicyMemory::Load(path);
  ASSERT_THAT(loaded.status(), IsOk());
  EXPECT_EQ(loaded->VersionOf("dfrs"), 7);
  EXPECT_EQ(loaded->VersionOf("cbc"), 0);
  EXPECT_EQ(loaded->policies, memory.policies);
  for (const char* bad : {"directory dfrs seven\n", "policy 12\n", "\n", "more"}) {
    std::ofstream(path) << bad;
    EXPECT_THAT(PolicyMemory::Load(path), StatusIs(absl::StatusCode::kDataLoss)) << bad;
  }
}

TEST_F(PolicyCacheTest, AnotherBundleUnderTheSameNumberIsNotTaken) {
  Activate(3);
  ASSERT_THAT(Take(), IsOk());
  EXPECT_THAT(Take(), IsOk()) << "the same is the same";
  SignAgreement("cbc");
  Activate(3);
  EXPECT_THAT(Take(), RolledBack());
}

TEST_F(PolicyCacheTest, ABundleStrippedOfANoticeIsNotTaken) {
  GiveNotice("dfrs", "dfrs", 1);
  ASSERT_THAT(Take(), IsOk());
  std::erase_if(files_, [](const auto& file) { return file.first.starts_with("notices/"); });
  EXPECT_THAT(Take(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("NOTICE_STRIPPED")));
}

// Its first file takes the notice's line into its path, so that the signed digest stays; to an agent that knows no
// notice yet.
TEST_F(PolicyCacheTest, ABundleThatHidesANoticeInAPathIsNotTaken) {
  GiveNotice("dfrs", "dfrs", 1);
  Activate(3);
  const auto notice = files_.find("notices/fire_safety.dfrs.dsse.json");
  const auto before = std::prev(notice);
  files_[absl::StrCat(before->first, "\n", trust::Sha256(notice->second).hex(), "  ", notice->first)] = before->second;
  files_.erase(before);
  files_.erase(notice);
  EXPECT_THAT(Take(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("characters")));
}

}  // namespace
}  // namespace derwent::agents
