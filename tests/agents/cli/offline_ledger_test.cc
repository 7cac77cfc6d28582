#include "agents/cli/offline_ledger.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"

#include "tests/agents/cli/sample_log.h"
#include "tests/support/matchers.h"
#include "trust/note/add_checkpoint.h"
#include "trust/note/cosignature.h"
#include "trust/signature/key_file.h"

namespace derwent::cli {
namespace {

using derwent::testing::IsOk;
using derwent::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kGoldenProof[] = "tests/golden/cli_entry.tlog-proof";
constexpr char kGoldenCheckpoint[] = "tests/golden/cli_checkpoint.txt";

class OfflineLedgerTest : public ::testing::Test {
 protected:
  OfflineLedgerTest() { std::filesystem::create_directories(folder_); }
  ~OfflineLedgerTest() override { std::filesystem::remove_all(folder_); }
  std::string Write(const std::string& name, const std::string& content) {
    const std::string path = folder_ / name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  absl::Status Verify(const std::vector<std::string>& paths) { return VerifyFiles(paths, Believe(), out_); }
  Believed Believe() const { return Believed::Make(log_.vkey(), "", "").value(); }

  const SampleLog log_{7};
  std::ostringstream out_;
  const std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) / ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(OfflineLedgerTest, GoldenFilesAreWhatTheFormatsSay) {
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(kGoldenProof, std::ios::binary) << log_.Proof(3);
    std::ofstream(kGoldenCheckpoint, std::ios::binary) << log_.Checkpoint();
  }
  EXPECT_EQ(*trust::ReadFile(kGoldenProof), log_.Proof(3));
  EXPECT_EQ(*trust::ReadFile(kGoldenCheckpoint), log_.Checkpoint());
}

TEST_F(OfflineLedgerTest, VerifiesAReceiptAndACheckpointWithTheKeyAlone) {
  EXPECT_THAT(Verify({kGoldenProof, kGoldenCheckpoint}), IsOk());
  EXPECT_THAT(out_.str(), HasSubstr("entry 3 is in the ledger of 7 entries"));
  EXPECT_THAT(out_.str(), HasSubstr("verified\n"));
}

TEST_F(OfflineLedgerTest, EveryFlippedOctetOfAReceiptIsTampering) {
  const std::string proof = log_.Proof(3);
  for (size_t i = 0; i < proof.size(); ++i) {
    std::string forged = proof;
    forged[i] = static_cast<char>(forged[i] ^ 1);
    EXPECT_THAT(Verify({Write("forged", forged)}), StatusIs(absl::StatusCode::kDataLoss)) << "octet " << i;
  }
}

TEST_F(OfflineLedgerTest, TwoHistoriesOfOneSizeAreTampering) {
  const SampleLog other(7, 'A');
  const absl::Status status = Verify({Write("one", log_.Checkpoint()), Write("two", other.Checkpoint())});
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kDataLoss, HasSubstr("two histories")));
}

TEST_F(OfflineLedgerTest, ACheckpointOfAnotherLogIsRefused) {
  EXPECT_THAT(VerifyFiles({Write("one", log_.Checkpoint())},
                          Believed::Make(log_.vkey(), "other.example/log", "").value(), out_),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("another log")));
}

TEST_F(OfflineLedgerTest, AQuorumPolicyNamesTheLogAndAsksForItsWitnesses) {
  const std::string log = absl::StrCat("log ", log_.vkey(), "\n");
  const auto alone = Believed::Make("", "", Write("policy", log + "quorum none\n"));
  ASSERT_THAT(alone, IsOk());
  EXPECT_THAT(VerifyFiles({kGoldenProof, kGoldenCheckpoint}, *alone, out_), IsOk());
  const trust::Ed25519Key key = *trust::Ed25519Key::FromSeed(trust::SecretBytes(std::string(32, 'w')));
  const auto witness = trust::VerifierKey::Make("witness.example", trust::kNoteCosignature, key.public_key());
  const auto cosigned =
      Believed::Make("", "", Write("policy", absl::StrCat(log, "witness w ", witness->ToString(), "\nquorum w\n")));
  ASSERT_THAT(cosigned, IsOk());
  EXPECT_THAT(VerifyFiles({kGoldenProof}, *cosigned, out_), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("quorum")));
  const std::string body = trust::Note::Parse(log_.Checkpoint())->text;
  const auto line = trust::Cosign(body, "witness.example", key, absl::FromUnixSeconds(1'790'000'000));
  const std::string proof = Write("cosigned", log_.Proof(3) + trust::SignatureLine(*line));
  EXPECT_THAT(VerifyFiles({proof}, *cosigned, out_), IsOk());
}

TEST_F(OfflineLedgerTest, AnExtensionIsVerifiedAgainstTheCheckpointItExtends) {
  const SampleLog old(5);
  const trust::AddCheckpoint extension{.old_size = 5, .path = log_.Since(5), .checkpoint = log_.Checkpoint()};
  const std::string file = Write("extension", extension.ToString());
  EXPECT_THAT(Verify({file, Write("old", old.Checkpoint())}), IsOk());
  EXPECT_THAT(out_.str(), HasSubstr("7 entries extend 5"));
  EXPECT_THAT(Verify({file}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("give that checkpoint too")));
  EXPECT_THAT(Verify({file, Write("old", SampleLog(5, 'A').Checkpoint())}),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("rewritten after 5 entries")));
}

TEST_F(OfflineLedgerTest, AMissingFileOrKeyIsBadInputAndNotTampering) {
  EXPECT_THAT(Verify({folder_ / "none"}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Believed::Make("", "", ""), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--vkey")));
}

TEST_F(OfflineLedgerTest, AnOutsiderIsOpenedJustTheChosenFieldsAndVerifiesThem) {
  const auto opened = OpenOnly(kGoldenProof, {"time", "outcome"}, Believe());
  ASSERT_OK(opened);
  EXPECT_THAT(*opened, Not(HasSubstr("police.derbys")));
  const std::string path = Write("chosen.tlog-proof", *opened);
  EXPECT_THAT(Verify({path}), IsOk());
  out_.str("");
  EXPECT_THAT(OpenProof(path, Believe(), Format::kCsv, out_), IsOk());
  EXPECT_EQ(
      out_.str(),
      "\"field\",\"name\",\"value\"\r\n\"1\",\"time\",\"1795536292275\"\r\n\"14\",\"outcome\",\"outcome=PERMIT\"\r\n");
}

TEST_F(OfflineLedgerTest, NobodyOpensWhatTheirReceiptDoesNot) {
  EXPECT_THAT(OpenOnly(kGoldenProof, {"time", "releasing_person", "subject_tags"}, Believe()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("releasing_person, subject_tags")));
}

TEST_F(OfflineLedgerTest, OpenPrintsWhatTheReceiptOpensAndNoMore) {
  EXPECT_THAT(OpenProof(kGoldenProof, Believe(), Format::kTable, out_), IsOk());
  EXPECT_THAT(out_.str(), HasSubstr("referral from police.derbys to dfrs"));
  std::ostringstream json;
  EXPECT_THAT(OpenProof(kGoldenProof, Believe(), Format::kJsonLines, json), IsOk());
  EXPECT_THAT(json.str(), Not(HasSubstr("releasing_person")));
}

}  // namespace
}  // namespace derwent::cli
