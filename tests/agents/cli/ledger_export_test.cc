#include "agents/cli/ledger/ledger_export.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"

#include "agents/cli/ledger/export_check.h"
#include "agents/cli/ledger/offline_ledger.h"
#include "agents/cli/ledger/verify_files.h"
#include "agents/cli/session/exit_code.h"
#include "tests/agents/cli/sample_log.h"
#include "tests/support/matchers.h"
#include "trust/signature/key_file.h"

namespace derwent::cli {
namespace {

using derwent::testing::IsOk;
using derwent::testing::IsOkAndHolds;
using derwent::testing::StatusIs;
using ::testing::HasSubstr;

class LedgerExportTest : public ::testing::Test {
 protected:
  ~LedgerExportTest() override { std::filesystem::remove_all(folder_); }

  absl::Status Export(const SampleLog& log) {
    absl::StatusOr<LedgerExport> files = LedgerExport::Open(folder_.string(), log.key());
    if (!files.ok()) return files.status();
    for (const std::string& leaf : log.leaves()) {
      if (const absl::Status appended = files->Append(leaf); !appended.ok()) return appended;
    }
    return files->Finish(log.Checkpoint());
  }
  absl::Status Check(const SampleLog& log, const std::map<uint64_t, Sha256Digest>& roots = {}) {
    return CheckExport(folder_, log.key(), kOrigin, nullptr, roots).status();
  }
  bool Has(const std::string& path) const { return std::filesystem::exists(folder_ / path); }
  std::string Read(const std::string& path) const { return *trust::ReadFile((folder_ / path).string()); }
  void Write(const std::string& path, const std::string& octets) const {
    std::ofstream(folder_ / path, std::ios::binary) << octets;
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) / ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

// The sizes that C2SP tlog-tiles names for a log of 70,000 entries.
TEST_F(LedgerExportTest, LaysTilesOutAsTheSpecificationSays) {
  const SampleLog log(70'000);
  ASSERT_THAT(Export(log), IsOk());
  for (const char* full : {"tile/0/000", "tile/0/272", "tile/1/000"}) EXPECT_EQ(Read(full).size(), 8'192u) << full;
  EXPECT_EQ(Read("tile/0/273.p/112").size(), 112u * 32);
  EXPECT_EQ(Read("tile/1/001.p/17").size(), 17u * 32);
  EXPECT_EQ(Read("tile/2/000.p/1").size(), 32u);
  EXPECT_EQ(Read("tile/entries/272").size(), 256u * 40);
  EXPECT_EQ(Read("tile/entries/273.p/112").substr(0, 7), std::string("\0\x26"
                                                                     "DRWL\1",
                                                                     7));
  EXPECT_EQ(Read("checkpoint"), log.Checkpoint());
  EXPECT_EQ(Read("log.vkey"), log.vkey() + "\n");
  EXPECT_EQ(Read("quorum.policy"), absl::StrCat("log ", log.vkey(), "\nquorum none\n"));
  EXPECT_THAT(Check(log), IsOk());
}

TEST_F(LedgerExportTest, AFullTileHasNoPartialOneBesideIt) {
  const SampleLog log(256);
  ASSERT_THAT(Export(log), IsOk());
  EXPECT_TRUE(Has("tile/0/000"));
  EXPECT_TRUE(Has("tile/1/000.p/1"));
  EXPECT_FALSE(Has("tile/0/001.p"));
  EXPECT_FALSE(Has("tile/entries/001.p"));
  EXPECT_THAT(Check(log), IsOk());
}

TEST_F(LedgerExportTest, AnEmptyLogHasACheckpointAlone) {
  const SampleLog log(0);
  ASSERT_THAT(Export(log), IsOk());
  EXPECT_FALSE(Has("tile"));
  EXPECT_THAT(Check(log), IsOk());
}

TEST_F(LedgerExportTest, AnOlderExportIsContinuedAndItsCheckpointIsOfItsPast) {
  const SampleLog old(300);
  ASSERT_THAT(Export(old), IsOk());
  const SampleLog log(600);
  ASSERT_THAT(Export(log), IsOk());
  EXPECT_TRUE(Has("tile/0/001.p/44"));
  const auto then = trust::OpenCheckpoint(old.Checkpoint(), old.key());
  EXPECT_THAT(Check(log, {{300, then->root}}), IsOk());
  EXPECT_THAT(Check(log, {{300, Sha256Digest()}}), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("another history")));
}

TEST_F(LedgerExportTest, AnotherHistoryIsNotWrittenOverTheFirst) {
  ASSERT_THAT(Export(SampleLog(300)), IsOk());
  const std::string checkpoint = Read("checkpoint");
  EXPECT_THAT(Export(SampleLog(300, 'A')), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("another history")));
  EXPECT_EQ(Read("checkpoint"), checkpoint);
  EXPECT_THAT(Check(SampleLog(300)), IsOk());
}

// No tile is full yet: the checkpoint there tells.
TEST_F(LedgerExportTest, AnotherHistoryOfAFewEntriesIsNotWrittenBesideTheFirst) {
  ASSERT_THAT(Export(SampleLog(20)), IsOk());
  EXPECT_THAT(Export(SampleLog(30, 'A')), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("another history")));
  EXPECT_THAT(Export(SampleLog(10)), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("rolled back")));
  EXPECT_FALSE(Has("tile/0/000.p/30"));
  EXPECT_THAT(Check(SampleLog(20)), IsOk());
}

TEST_F(LedgerExportTest, LeavesThatDoNotGiveTheRootGetNoCheckpoint) {
  const SampleLog log(20);
  LedgerExport files = LedgerExport::Open(folder_.string(), log.key()).value();
  const SampleLog other(20, 'A');
  for (const std::string& leaf : other.leaves()) ASSERT_THAT(files.Append(leaf), IsOk());
  EXPECT_THAT(files.Finish(log.Checkpoint()), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("BROKEN")));
  EXPECT_FALSE(Has("checkpoint"));
}

TEST_F(LedgerExportTest, WhatAnExportLacksIsALinkAndWhatIsNoneIsBadInput) {
  const SampleLog log(300);
  ASSERT_THAT(Export(log), IsOk());
  std::filesystem::rename(folder_ / "tile/0/000", folder_ / "kept");
  EXPECT_THAT(Check(log), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("tile/0/000")));
  std::filesystem::rename(folder_ / "kept", folder_ / "tile/0/000");
  std::filesystem::remove(folder_ / "checkpoint");
  EXPECT_THAT(Check(log), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("checkpoint: it is missing")));
  std::filesystem::remove_all(folder_ / "tile");
  EXPECT_THAT(Check(log), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no export")));
}

TEST_F(LedgerExportTest, WithoutItsQuorumASoundExportIsPartialAndABrokenOneBroken) {
  const SampleLog log(3);
  ASSERT_THAT(Export(log), IsOk());
  const trust::Ed25519Key key = *trust::Ed25519Key::FromSeed(trust::SecretBytes(std::string(32, 'w')));
  const auto witness = trust::VerifierKey::Make("witness.example", trust::kNoteCosignature, key.public_key());
  Believed believed = Believed::Make({log.vkey()}, "", "").value();
  believed.quorum =
      trust::QuorumPolicy::Parse(absl::StrCat("log ", log.vkey(), "\nwitness w ", witness->ToString(), "\nquorum w\n"))
          .value();
  std::ostringstream out;
  const FilesToVerify files{.paths = {folder_.string()}, .leaf = ""};
  EXPECT_THAT(VerifyFiles(files, believed, out), IsOkAndHolds(kExitPartial));
  EXPECT_THAT(out.str(), HasSubstr("NOT COSIGNED"));
  Write("tile/0/000.p/3", std::string(96, 'x'));
  EXPECT_THAT(VerifyFiles(files, believed, out), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("tile/0/000.p/3")));
}

TEST_F(LedgerExportTest, EveryFlippedOctetIsFoundAndNamed) {
  const SampleLog log(260);
  ASSERT_THAT(Export(log), IsOk());
  for (const char* path :
       {"tile/0/000", "tile/0/001.p/4", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/4"}) {
    const std::string sound = Read(path);
    for (size_t at = 0; at < sound.size(); at += 11) {
      std::string forged = sound;
      forged[at] = static_cast<char>(forged[at] ^ 1);
      Write(path, forged);
      EXPECT_THAT(Check(log), StatusIs(absl::StatusCode::kDataLoss)) << path << " octet " << at;
    }
    Write(path, sound + "x");
    EXPECT_THAT(Check(log), StatusIs(absl::StatusCode::kDataLoss, HasSubstr(path)));
    Write(path, sound.substr(1));
    EXPECT_THAT(Check(log), StatusIs(absl::StatusCode::kDataLoss)) << path;
    std::filesystem::remove(folder_ / path);
    EXPECT_THAT(Check(log), StatusIs(absl::StatusCode::kDataLoss, HasSubstr(absl::StrCat(path, ": it is missing"))));
    Write(path, sound);
  }
  EXPECT_THAT(Check(log), IsOk());
}

TEST_F(LedgerExportTest, AFolderAmongFilesIsCheckedAgainstTheirCheckpoints) {
  const SampleLog log(300);
  ASSERT_THAT(Export(log), IsOk());
  Write("then", SampleLog(7).Checkpoint());
  Write("other", SampleLog(7, 'A').Checkpoint());
  std::ostringstream out;
  const auto believed = Believed::Make({}, "", folder_ / "quorum.policy");
  ASSERT_THAT(believed, IsOk());
  EXPECT_THAT(VerifyFiles({.paths = {folder_, folder_ / "then"}, .leaf = ""}, *believed, out), IsOkAndHolds(kExitDone));
  EXPECT_THAT(out.str(), HasSubstr("300 entries and 3 tiles give the signed root"));
  EXPECT_THAT(VerifyFiles({.paths = {folder_, folder_ / "other"}, .leaf = ""}, *believed, out),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("the ledger was rewritten")));
}

}  // namespace
}  // namespace derwent::cli
