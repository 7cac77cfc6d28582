#include "agents/cli/ledger/offline_ledger.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/agents/cli/sample_log.h"
#include "tests/support/matchers.h"
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
  Believed Believe() const { return Believed::Make({log_.vkey()}, "", "").value(); }

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

TEST_F(OfflineLedgerTest, AnOutsiderIsOpenedJustTheChosenFieldsAndVerifiesThem) {
  const auto opened = OpenOnly(kGoldenProof, {"time", "outcome"}, Believe());
  ASSERT_OK(opened);
  EXPECT_THAT(*opened, Not(HasSubstr("police.derbys")));
  const std::string path = Write("chosen.tlog-proof", *opened);
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
