#include "agents/cli/audit/audit_verify.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "agents/cli/ledger/entry_rows.h"
#include "agents/cli/session/exit_code.h"
#include "tests/agents/cli/sample_log.h"
#include "tests/support/matchers.h"
#include "trust/note/add_checkpoint.h"
#include "trust/secret/sha256.h"
#include "trust/signature/key_file.h"

namespace derwent::cli {
namespace {

using derwent::testing::IsOkAndHolds;
using derwent::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

// An export of entries 2 and 4 of a log of 7 that had 5 when it was searched.
class AuditVerifyTest : public ::testing::Test {
 protected:
  AuditVerifyTest() {
    std::vector<v1::LedgerEntry> entries;
    for (const uint64_t index : {2, 4}) {
      const std::string proof = SampleLog(5).Proof(index);
      Write(absl::StrCat("proofs/", index, ".tlog-proof"), proof);
      entries.push_back(EntryOf(trust::VerifyReceipt(proof, log_.key(), kOrigin).value()));
    }
    const Rows rows = ExportRows(entries);
    std::ostringstream csv;
    std::ostringstream json;
    rows.Print(Format::kCsv, csv);
    rows.PrintMore(Format::kJsonLines, json);
    Write("entries.csv", csv.str());
    Write("entries.jsonl", json.str());
    Write("checkpoint", log_.Checkpoint());
    Write("extends/5.add-checkpoint",
          trust::AddCheckpoint{.old_size = 5, .path = log_.Since(5), .checkpoint = log_.Checkpoint()}.ToString());
    WriteManifest();
  }
  ~AuditVerifyTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& content) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }
  std::string Read(const std::string& name) { return trust::ReadFile((folder_ / name).string()).value(); }
  // Of the files as they are: what a forger would write too.
  void WriteManifest() {
    std::filesystem::remove(folder_ / "manifest.json");
    std::string files;
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder_)) {
      if (!file.is_regular_file()) continue;
      const std::string name = std::filesystem::relative(file.path(), folder_).generic_string();
      absl::StrAppend(&files, files.empty() ? "" : ",", "\"", name, "\":\"sha256:", trust::Sha256(Read(name)).hex(),
                      "\"");
    }
    const std::string checkpoint = absl::StrReplaceAll(Read("checkpoint"), {{"\n", "\\n"}});
    Write("manifest.json", absl::StrCat("{\"rows\":2,\"checkpoint\":\"", checkpoint, "\",\"files\":{", files, "}}"));
  }
  absl::StatusOr<int> Verify() {
    return VerifyAuditExport(folder_, Believed::Make({log_.vkey()}, "", "").value(), KeyRoots(), out_);
  }

  const SampleLog log_{7};
  std::ostringstream out_;
  const std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) / ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(AuditVerifyTest, ASoundExportVerifiesButForWhoseWordItIs) {
  EXPECT_THAT(Verify(), IsOkAndHolds(kExitPartial));
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("2 rows are what their receipts prove"), HasSubstr("signed by nobody"),
                                Not(HasSubstr("\nverified"))));
}

TEST_F(AuditVerifyTest, ARowThatNoReceiptProvesIsFoundWhateverTheManifestSays) {
  for (const char* name : {"entries.csv", "entries.jsonl"}) {
    const std::string sound = Read(name);
    for (const std::string& forged : {absl::StrReplaceAll(sound, {{"dfrs", "mhclg"}}),
                                      sound.substr(0, sound.rfind('\n', sound.size() - 2) + 1), sound + sound}) {
      Write(name, forged);
      WriteManifest();
      EXPECT_THAT(Verify(), StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr(name), HasSubstr("line "))));
    }
    Write(name, sound);
  }
}

TEST_F(AuditVerifyTest, TheManifestNamesEveryFileAndNoOther) {
  Write("note.txt", "by the way");
  EXPECT_THAT(Verify(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("does not name it")));
  WriteManifest();
  std::filesystem::remove(folder_ / "note.txt");
  EXPECT_THAT(Verify(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("it is missing")));
  WriteManifest();
  Write("manifest.json", absl::StrReplaceAll(Read("manifest.json"), {{"sha256:", "sha256:0"}}));
  EXPECT_THAT(Verify(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("its digest")));
}

TEST_F(AuditVerifyTest, AReceiptUnderAnothersNameIsFound) {
  Write("proofs/4.tlog-proof", Read("proofs/2.tlog-proof"));
  WriteManifest();
  EXPECT_THAT(Verify(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("it is of entry 2")));
}

TEST_F(AuditVerifyTest, ReceiptsOfAnotherHistoryThanTheCheckpointsAreFound) {
  std::filesystem::remove(folder_ / "extends/5.add-checkpoint");
  WriteManifest();
  EXPECT_THAT(Verify(), IsOkAndHolds(kExitPartial));
  EXPECT_THAT(out_.str(), HasSubstr("NOT SHOWN: that 7 entries extend 5"));
}

}  // namespace
}  // namespace derwent::cli
