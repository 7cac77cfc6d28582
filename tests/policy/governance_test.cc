// Notices that one signatory gives by the command line.
#include "agents/cli/policy/governance.h"

#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"

#include "agents/cli/policy/resume.h"
#include "policy/loader/bundle.h"
#include "policy/loader/succession.h"
#include "tests/policy/derbyshire.h"
#include "tests/support/test_pki.h"

namespace derwent::cli {
namespace {

namespace fs = std::filesystem;

class Notices : public ::testing::Test {
 protected:
  Notices() {
    fs::remove_all(directory_);
    fs::create_directories(directory_);
    fs::copy("policy/derbyshire", directory_ / "bundle", fs::copy_options::recursive);
    const testing::TestIdentity person = pki_.IssueFor("dfrs", "person", "p-1");
    std::ofstream(signer_.certificate) << person.certificate_pem;
    std::ofstream(signer_.key) << person.key_pem;
    fs::permissions(signer_.key, fs::perms::owner_read | fs::perms::owner_write);
  }
  ~Notices() override { fs::remove_all(directory_); }

  absl::Status Remove(const std::string& party) {
    v1::AgreementNotice notice;
    notice.set_action(v1::NOTICE_ACTION_REMOVE_PARTY);
    notice.set_from_date("2026-12-01");
    notice.set_party(party);
    return GiveNotice((directory_ / "bundle").string(), "fire_safety", std::move(notice), signer_);
  }
  bool Stands(const std::string& path) const { return fs::exists(directory_ / "bundle" / "notices" / path); }

  testing::TestPki pki_{policy::Midday()};
  fs::path directory_ = fs::path(::testing::TempDir()) / "policy_notices";
  SignerFiles signer_{.certificate = (directory_ / "person.pem").string(), .key = (directory_ / "person.key").string()};
};

TEST_F(Notices, RemovingASecondPartyLeavesTheFirstRemoved) {
  ASSERT_TRUE(Remove("cbc").ok()) << Remove("cbc");
  ASSERT_TRUE(Remove("dcc.adults").ok());
  EXPECT_TRUE(Stands("fire_safety.1.dfrs.remove.cbc.dsse.json"));
  EXPECT_TRUE(Stands("fire_safety.1.dfrs.remove.dcc.adults.dsse.json"));
}

TEST_F(Notices, NameAPartyOfTheAgreement) {
  EXPECT_EQ(Remove("press.any").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(Stands("fire_safety.1.dfrs.remove.press.any.dsse.json"));
}

// A bundle whose agreement on fire safety the two parties of a home visit signed, and one of them suspended.
class Resuming : public ::testing::Test {
 protected:
  Resuming() : roots_{.authority = trust::Authority::FromPem(pki_.ca_pem(), "derwent.example").value()} {
    fs::remove_all(directory_);
    fs::create_directories(directory_);
    fs::copy("policy/derbyshire", directory_ / "bundle", fs::copy_options::recursive);
    for (const std::string agency : {"dfrs", "dcc.adults", "cbc", "da.provider"}) {
      const testing::TestIdentity person = pki_.IssueFor(agency, "person", "p-1");
      std::ofstream(Signer(agency).certificate) << person.certificate_pem;
      std::ofstream(Signer(agency).key) << person.key_pem;
      fs::permissions(Signer(agency).key, fs::perms::owner_read | fs::perms::owner_write);
      roots_.signatories[agency] = {"p-1"};
    }
    EXPECT_TRUE(WriteManifest(bundle()).ok());
    for (const char* agency : {"dfrs", "dcc.adults"}) SignAll(agency);
  }
  ~Resuming() override { fs::remove_all(directory_); }

  std::string bundle() const { return (directory_ / "bundle").string(); }
  SignerFiles Signer(const std::string& agency) const {
    return {.certificate = (directory_ / (agency + ".pem")).string(), .key = (directory_ / (agency + ".key")).string()};
  }
  void SignAll(const std::string& agency) {
    EXPECT_TRUE(SignBundle(bundle(), Signer(agency)).ok());
    EXPECT_TRUE(SignAgreement(bundle(), "fire_safety", Signer(agency)).ok());
  }
  void Give(v1::NoticeAction action, const std::string& agency = "dfrs") {
    v1::AgreementNotice notice;
    notice.set_action(action);
    notice.set_from_date("2026-11-30");
    EXPECT_TRUE(GiveNotice(bundle(), "fire_safety", std::move(notice), Signer(agency)).ok());
  }
  int32_t Resume() {
    const absl::StatusOr<Resumed> resumed = ResumeAgreement(bundle(), "fire_safety");
    EXPECT_TRUE(resumed.ok()) << resumed.status();
    return resumed.ok() ? resumed->revision : 0;
  }
  std::unique_ptr<const policy::Bundle> Judge() {
    auto judged = policy::LoadBundle(*policy::ReadBundleDirectory(bundle()), roots_, policy::Midday());
    EXPECT_TRUE(judged.ok()) << judged.status();
    return judged.ok() ? *std::move(judged) : nullptr;
  }
  // Whether a home visit is told who lives there.
  bool Flows() {
    const auto judged = Judge();
    if (judged == nullptr) return false;
    const policy::Decision decision =
        judged->decider->Decide(policy::HomeVisit({"identity"}), {.policy = judged->policy.get()}, policy::Midday());
    return !decision.categories[0].denied;
  }

  testing::TestPki pki_{policy::Midday()};
  policy::TrustRoots roots_;
  fs::path directory_ = fs::path(::testing::TempDir()) / "policy_resuming";
};

TEST_F(Resuming, TakesAllWhoPutItInForce) {
  EXPECT_TRUE(Flows());
  Give(v1::NOTICE_ACTION_SUSPEND);
  EXPECT_FALSE(Flows());
  EXPECT_EQ(Resume(), 2);
  for (const char* agency : {"dfrs", "dcc.adults"}) EXPECT_TRUE(SignBundle(bundle(), Signer(agency)).ok());
  EXPECT_FALSE(Flows()) << "nobody has signed the agreement";
  EXPECT_TRUE(SignAgreement(bundle(), "fire_safety", Signer("dfrs")).ok());
  EXPECT_FALSE(Flows()) << "one signature is missing";
  EXPECT_TRUE(SignAgreement(bundle(), "fire_safety", Signer("cbc")).ok());
  EXPECT_FALSE(Flows()) << "another party's is not the one";
  EXPECT_TRUE(SignAgreement(bundle(), "fire_safety", Signer("dcc.adults")).ok());
  EXPECT_TRUE(Flows());
}

TEST_F(Resuming, WhoIsNoPartyResumesNothing) {
  Give(v1::NOTICE_ACTION_SUSPEND);
  Resume();
  SignAll("dfrs");
  SignAll("da.provider");
  EXPECT_FALSE(Flows());
}

TEST_F(Resuming, TheOldSuspensionAgainStopsNothing) {
  Give(v1::NOTICE_ACTION_SUSPEND);
  const fs::path notice = directory_ / "bundle/notices/fire_safety.1.dfrs.dsse.json";
  fs::copy(notice, directory_ / "kept.json");
  Resume();
  for (const char* agency : {"dfrs", "dcc.adults"}) SignAll(agency);
  fs::copy(directory_ / "kept.json", directory_ / "bundle/notices/again.dsse.json");
  EXPECT_TRUE(Flows());
}

TEST_F(Resuming, TheOldSignaturesAgainEndNoLaterSuspension) {
  Give(v1::NOTICE_ACTION_SUSPEND);
  Resume();
  for (const char* agency : {"dfrs", "dcc.adults"}) SignAll(agency);
  const fs::path resumed = directory_ / "resumed";
  fs::copy(bundle(), resumed, fs::copy_options::recursive);
  Give(v1::NOTICE_ACTION_SUSPEND, "dcc.adults");
  const auto suspended = Judge();
  EXPECT_FALSE(Flows());
  fs::remove_all(bundle());
  fs::copy(resumed, bundle(), fs::copy_options::recursive);
  EXPECT_EQ(policy::StrippedNotices(*suspended->policy, *Judge()->policy).size(), 1u)
      << "neither broker nor agent takes the bundle of before";
  Give(v1::NOTICE_ACTION_SUSPEND, "dcc.adults");
  EXPECT_EQ(Resume(), 3);
}

TEST_F(Resuming, WhatIsNotSuspendedIsNotResumed) {
  EXPECT_EQ(ResumeAgreement(bundle(), "fire_safety").status().code(), absl::StatusCode::kInvalidArgument);
  Give(v1::NOTICE_ACTION_SUSPEND);
  Give(v1::NOTICE_ACTION_END, "dcc.adults");
  EXPECT_EQ(ResumeAgreement(bundle(), "fire_safety").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ResumeAgreement(bundle(), "nothing").status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace derwent::cli
