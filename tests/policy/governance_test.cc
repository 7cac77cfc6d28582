// Notices that one signatory gives by the command line.
#include "agents/cli/policy/governance.h"

#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"

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

}  // namespace
}  // namespace derwent::cli
