#include "agents/cli/ledger/verify_files.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "agents/cli/session/exit_code.h"
#include "tests/agents/cli/sample_log.h"
#include "tests/support/matchers.h"
#include "trust/merkle/tree.h"
#include "trust/note/add_checkpoint.h"
#include "trust/note/cosignature.h"

namespace derwent::cli {
namespace {

using derwent::testing::IsOk;
using derwent::testing::IsOkAndHolds;
using derwent::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kGoldenProof[] = "tests/golden/cli_entry.tlog-proof";
constexpr char kGoldenCheckpoint[] = "tests/golden/cli_checkpoint.txt";

class VerifyFilesTest : public ::testing::Test {
 protected:
  VerifyFilesTest() { std::filesystem::create_directories(folder_); }
  ~VerifyFilesTest() override { std::filesystem::remove_all(folder_); }
  std::string Write(const std::string& name, const std::string& content) {
    const std::string path = folder_ / name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  absl::StatusOr<int> Verify(const std::vector<std::string>& paths, const Believed& believed) {
    return VerifyFiles({.paths = paths, .leaf = ""}, believed, out_);
  }
  absl::StatusOr<int> Verify(const std::vector<std::string>& paths) { return Verify(paths, Believe()); }
  Believed Believe() const { return Believed::Make({log_.vkey()}, "", "").value(); }
  // That the log of 7 extends its first `size` entries.
  std::string Since(uint64_t size) {
    return Write(
        absl::StrCat("since", size),
        trust::AddCheckpoint{.old_size = size, .path = log_.Since(size), .checkpoint = log_.Checkpoint()}.ToString());
  }

  const SampleLog log_{7};
  std::ostringstream out_;
  const std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) / ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(VerifyFilesTest, VerifiesAReceiptAndACheckpointWithTheKeyAlone) {
  EXPECT_THAT(Verify({kGoldenProof, kGoldenCheckpoint}), IsOkAndHolds(kExitDone));
  EXPECT_THAT(out_.str(), HasSubstr("entry 3 is in the ledger of 7 entries"));
  EXPECT_THAT(out_.str(), HasSubstr("verified\n"));
}

TEST_F(VerifyFilesTest, EveryFlippedOctetOfAReceiptIsTampering) {
  const std::string proof = log_.Proof(3);
  for (size_t i = 0; i < proof.size(); ++i) {
    std::string forged = proof;
    forged[i] = static_cast<char>(forged[i] ^ 1);
    EXPECT_THAT(Verify({Write("forged", forged)}), StatusIs(absl::StatusCode::kDataLoss)) << "octet " << i;
  }
}

TEST_F(VerifyFilesTest, TwoHistoriesOfOneSizeAreTampering) {
  const SampleLog other(7, 'A');
  const auto status = Verify({Write("one", log_.Checkpoint()), Write("two", other.Checkpoint())});
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kDataLoss, HasSubstr("two histories")));
}

TEST_F(VerifyFilesTest, ACheckpointOfAnotherLogIsRefused) {
  EXPECT_THAT(Verify({Write("one", log_.Checkpoint())}, Believed::Make({log_.vkey()}, "other.example/log", "").value()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("another log")));
}

// Trap 4 of the note formats: an origin need not be the name of the key.
TEST_F(VerifyFilesTest, WithoutAnOriginTheLogsIsWhatItSignedAndIsPrinted) {
  trust::Checkpoint shown = *trust::Checkpoint::ParseBody(trust::Note::Parse(log_.Checkpoint())->text);
  shown.origin = "derwent.example/ledger";
  const std::string file = Write("one", SampleLog::SignedBody(shown.Body()));
  const auto of_any = [&](const std::vector<std::string>& paths) {
    return VerifyFiles({.paths = paths, .leaf = "", .any_origin = true}, Believe(), out_);
  };
  EXPECT_THAT(Verify({file}), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("another log")));
  EXPECT_THAT(of_any({file}), IsOkAndHolds(kExitDone));
  EXPECT_THAT(out_.str(), HasSubstr("the log's origin: derwent.example/ledger\n"));
  EXPECT_THAT(of_any({file, kGoldenCheckpoint}), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("another log")));
  EXPECT_THAT(of_any({kGoldenProof, kGoldenCheckpoint}), IsOkAndHolds(kExitDone));
  shown.size += 1;
  const std::string unsigned_change =
      trust::Note{.text = shown.Body(), .signatures = trust::Note::Parse(log_.Checkpoint())->signatures}.ToString();
  EXPECT_THAT(of_any({Write("two", unsigned_change)}),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("does not verify")));
}

TEST_F(VerifyFilesTest, AQuorumPolicyNamesTheLogAndAsksForItsWitnesses) {
  const std::string log = absl::StrCat("log ", log_.vkey(), "\n");
  const auto alone = Believed::Make({}, "", Write("policy", log + "quorum none\n"));
  ASSERT_THAT(alone, IsOk());
  EXPECT_THAT(Verify({kGoldenProof, kGoldenCheckpoint}, *alone), IsOk());
  const trust::Ed25519Key key = *trust::Ed25519Key::FromSeed(trust::SecretBytes(std::string(32, 'w')));
  const auto witness = trust::VerifierKey::Make("witness.example", trust::kNoteCosignature, key.public_key());
  const auto cosigned =
      Believed::Make({}, "", Write("policy", absl::StrCat(log, "witness w ", witness->ToString(), "\nquorum w\n")));
  ASSERT_THAT(cosigned, IsOk());
  EXPECT_THAT(Verify({kGoldenProof, kGoldenCheckpoint}, *cosigned), IsOkAndHolds(kExitPartial));
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("NOT COSIGNED"), HasSubstr(kGoldenProof), HasSubstr(kGoldenCheckpoint)));
  EXPECT_EQ(ExitCodeOf(OpenProof(kGoldenProof, *cosigned, Format::kTable, out_)), kExitPartial);
  EXPECT_EQ(ExitCodeOf(OpenOnly(kGoldenProof, {"step"}, *cosigned).status()), kExitPartial);
  const std::string body = trust::Note::Parse(log_.Checkpoint())->text;
  const auto line = trust::Cosign(body, "witness.example", key, absl::FromUnixSeconds(1'790'000'000));
  const std::string proof = Write("cosigned", log_.Proof(3) + trust::SignatureLine(*line));
  EXPECT_THAT(Verify({proof}, *cosigned), IsOkAndHolds(kExitDone));
  EXPECT_THAT(Verify({kGoldenProof, proof}, *cosigned), IsOkAndHolds(kExitPartial)) << "each has its own";
  trust::NoteSignature wrong = *line;
  wrong.signature.back() ^= 1;
  EXPECT_THAT(Verify({Write("wrong", log_.Proof(3) + trust::SignatureLine(wrong))}, *cosigned),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(VerifyFilesTest, APolicyWithoutALogIsOfTheKeyThatIsGiven) {
  const trust::Ed25519Key key = *trust::Ed25519Key::FromSeed(trust::SecretBytes(std::string(32, 'w')));
  const auto witness = trust::VerifierKey::Make("witness.example", trust::kNoteCosignature, key.public_key());
  const std::string policy = Write("policy", absl::StrCat("witness w ", witness->ToString(), "\nquorum w\n"));
  EXPECT_THAT(Believed::Make({}, "", policy), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--vkey")));
  const auto believed = Believed::Make({log_.vkey()}, "", policy);
  ASSERT_THAT(believed, IsOk());
  EXPECT_THAT(Verify({kGoldenProof}, *believed), IsOkAndHolds(kExitPartial));
  const std::string body = trust::Note::Parse(log_.Checkpoint())->text;
  const auto line = trust::Cosign(body, "witness.example", key, absl::FromUnixSeconds(1'790'000'000));
  EXPECT_THAT(Verify({Write("cosigned", log_.Proof(3) + trust::SignatureLine(*line))}, *believed),
              IsOkAndHolds(kExitDone));
}

// Of a log whose key in use is another; what SampleLog signs counts up to `size`.
std::vector<std::string> After(const SampleLog& log, uint64_t size) {
  const auto next = trust::Ed25519Key::FromSeed(trust::SecretBytes(std::string(32, 'n')));
  const auto in_use = trust::VerifierKey::Make(kOrigin, trust::kNoteEd25519, next->public_key());
  return {absl::StrCat(log.vkey(), "@", size), in_use->ToString()};
}

TEST_F(VerifyFilesTest, WhatAnEarlierKeySignedVerifiesUpToItsSize) {
  const auto believed = Believed::Make(After(log_, 7), "", "");
  ASSERT_THAT(believed, IsOk());
  EXPECT_THAT(Verify({kGoldenProof, kGoldenCheckpoint}, *believed), IsOkAndHolds(kExitDone));
  const Believed before = Believed::Make(After(log_, 6), "", "").value();
  for (const char* file : {kGoldenProof, kGoldenCheckpoint})
    EXPECT_THAT(Verify({file}, before), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("counts up to 6 entries")));
}

TEST_F(VerifyFilesTest, TheKeyInUseMayBeThePolicys) {
  const std::vector<std::string> keys = After(log_, 7);
  const std::string both = Write("policy", absl::StrCat("log ", log_.vkey(), "\nlog ", keys[1], "\nquorum none\n"));
  EXPECT_THAT(Believed::Make({}, "", both), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--vkey")));
  const auto believed = Believed::Make({keys[0]}, "", both);
  ASSERT_THAT(believed, IsOk());
  EXPECT_THAT(Verify({kGoldenProof}, *believed), IsOkAndHolds(kExitDone));
  const std::string next = Write("next", absl::StrCat("log ", keys[1], "\nquorum none\n"));
  EXPECT_THAT(Believed::Make({log_.vkey()}, "", next),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("none of its `log` lines")));
}

TEST_F(VerifyFilesTest, AWitnesssKeyIsNoLogs) {
  const trust::Ed25519Key key = *trust::Ed25519Key::FromSeed(trust::SecretBytes(std::string(32, 'w')));
  const auto witness = trust::VerifierKey::Make(kOrigin, trust::kNoteCosignature, key.public_key());
  EXPECT_THAT(Believed::Make({witness->ToString()}, "", ""),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("0x01")));
}

TEST_F(VerifyFilesTest, AnExtensionIsVerifiedAgainstTheCheckpointItExtends) {
  const SampleLog old(5);
  const trust::AddCheckpoint extension{.old_size = 5, .path = log_.Since(5), .checkpoint = log_.Checkpoint()};
  const std::string file = Write("extension", extension.ToString());
  EXPECT_THAT(Verify({file, Write("old", old.Checkpoint())}), IsOk());
  EXPECT_THAT(out_.str(), HasSubstr("7 entries extend 5"));
  EXPECT_THAT(Verify({file}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("give that checkpoint too")));
  EXPECT_THAT(Verify({file, Write("old", SampleLog(5, 'A').Checkpoint())}),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("rewritten after 5 entries")));
}

TEST_F(VerifyFilesTest, AMissingFileOrKeyIsBadInputAndNotTampering) {
  EXPECT_THAT(Verify({folder_ / "none"}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Believed::Make({}, "", ""), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--vkey")));
}

TEST_F(VerifyFilesTest, TwoSizesAreOneHistoryOnlyWhereThatIsShown) {
  const std::string old = Write("old", SampleLog(5).Checkpoint());
  const std::string forged = Write("forged", SampleLog(5, 'A').Checkpoint());
  for (const std::string& one : {old, forged}) {
    out_.str("");
    EXPECT_THAT(Verify({one, kGoldenCheckpoint}), IsOkAndHolds(kExitPartial));
    EXPECT_THAT(out_.str(), AllOf(HasSubstr("NOT SHOWN: that 7 entries extend 5"), Not(HasSubstr("\nverified"))));
  }
  EXPECT_THAT(Verify({old, Since(5), kGoldenCheckpoint}), IsOkAndHolds(kExitDone));
}

TEST_F(VerifyFilesTest, TwoThatExtendAThirdAreNotYetOfOneHistory) {
  const std::string third = Write("third", SampleLog(3).Checkpoint());
  const std::string fork = Write("fork", SampleLog(6, 'A').Checkpoint());
  EXPECT_THAT(Verify({third, Since(3), fork}), IsOkAndHolds(kExitPartial));
  EXPECT_THAT(out_.str(), HasSubstr("NOT SHOWN: that 7 entries extend 6:"));
}

TEST_F(VerifyFilesTest, NoEntriesArePartOfEveryHistory) {
  const std::string empty = Write("empty", SampleLog(0).Checkpoint());
  const std::string from_nothing =
      Write("since0", trust::AddCheckpoint{.old_size = 0, .path = {}, .checkpoint = log_.Checkpoint()}.ToString());
  EXPECT_THAT(Verify({empty, from_nothing}), IsOkAndHolds(kExitDone));
  EXPECT_THAT(Verify({from_nothing}), IsOkAndHolds(kExitDone));
  EXPECT_THAT(out_.str(), HasSubstr("7 entries extend 0"));
}

TEST_F(VerifyFilesTest, OfNoEntriesThereIsOneRoot) {
  const std::string empty = Write("empty", SampleLog::Signed(0, trust::LeafHash("something")));
  EXPECT_THAT(Verify({empty}), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("the root of no entries")));
}

TEST_F(VerifyFilesTest, AProofTooManyAccusesNobodyOfRewriting) {
  const trust::AddCheckpoint same{.old_size = 7, .path = log_.Since(5), .checkpoint = log_.Checkpoint()};
  EXPECT_THAT(Verify({Write("same", same.ToString())}),
              StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr("is not empty"), Not(HasSubstr("rewritten")))));
  const trust::AddCheckpoint none{.old_size = 0, .path = log_.Since(5), .checkpoint = log_.Checkpoint()};
  EXPECT_THAT(Verify({Write("none", none.ToString())}),
              StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr("is empty"), Not(HasSubstr("rewritten")))));
}

TEST_F(VerifyFilesTest, AMalformedFileIsToldItsLineAndRule) {
  const std::string proof = log_.Proof(3);
  const std::string since = trust::AddCheckpoint{.old_size = 5, .path = log_.Since(5), .checkpoint = ""}.ToString();
  struct Case {
    std::string content;
    std::string want;
  };
  for (const Case& one : std::vector<Case>{
           {"old 05\n\n" + log_.Checkpoint(), "is BROKEN: line 1 of the add-checkpoint request: its number is"},
           {absl::StrReplaceAll(since, {{"=\n", "\n"}}), "line 2 of the add-checkpoint request: it is not a hash"},
           {absl::StrReplaceAll(proof, {{"\nindex 3", "\nindex +3"}}), "line 3 of the proof: its number is"},
           {SampleLog::SignedBody(absl::StrCat(kOrigin, "\n07\nroot\n")), "line 2 of the checkpoint: the size"},
           {absl::StrReplaceAll(log_.Checkpoint(), {{"\xE2\x80\x94", "-"}}), "line 5 of the note: it is no signature"},
           {absl::StrReplaceAll(log_.Checkpoint(), {{"\n7\n", "\n8\n"}}), "line 5 of the note: the signature by"}}) {
    const std::string path = Write("malformed", one.content);
    EXPECT_THAT(Verify({path}), StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr(path), HasSubstr(one.want))));
  }
}

TEST_F(VerifyFilesTest, AProofThatOpensNothingTakesItsLeaf) {
  trust::TlogProof proof = trust::TlogProof::Parse(log_.Proof(3)).value();
  const std::string leaf = Write("leaf", log_.leaves()[3]);
  proof.extra.clear();
  const std::string bare = Write("bare", proof.ToString());
  EXPECT_THAT(Verify({bare}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--leaf")));
  proof.extra = "another application's";
  const std::string other = Write("other", proof.ToString());
  for (const std::string& path : {bare, other}) {
    EXPECT_THAT(VerifyFiles({.paths = {path}, .leaf = leaf}, Believe(), out_), IsOkAndHolds(kExitDone));
    EXPECT_THAT(VerifyFiles({.paths = {path}, .leaf = Write("wrong", log_.leaves()[4])}, Believe(), out_),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("inclusion")));
  }
  EXPECT_THAT(VerifyFiles({.paths = {bare, other}, .leaf = leaf}, Believe(), out_),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("of one proof")));
}

}  // namespace
}  // namespace derwent::cli
