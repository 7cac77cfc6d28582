#include "trust/note/tlog_proof.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "tests/support/matchers.h"
#include "trust/base/encoding.h"
#include "trust/merkle/proof.h"
#include "trust/note/cosignature.h"

namespace derwent::trust {
namespace {

using ::derwent::testing::StatusIs;

constexpr char kOrigin[] = "derwent.example/ledger";

class TlogProofTest : public ::testing::Test {
 protected:
  // A tree of two leaves; the proof of the first.
  TlogProofTest() {
    const Checkpoint checkpoint{.origin = kOrigin, .size = 2, .root = NodeHash(first_, second_)};
    const Note note{.text = checkpoint.Body(), .signatures = {SignNote(checkpoint.Body(), kOrigin, key_).value()}};
    proof_ = {.extra = "opening", .index = 0, .path = {second_}, .checkpoint = note.ToString()};
  }
  Ed25519Key key_ = Ed25519Key::FromSeed(SecretBytes(std::string(32, 'l'))).value();
  VerifierKey verifier_ = VerifierKey::Make(kOrigin, kNoteEd25519, key_.public_key()).value();
  Sha256Digest first_ = LeafHash("first");
  Sha256Digest second_ = LeafHash("second");
  TlogProof proof_;
};

TEST_F(TlogProofTest, ReadsBackAndVerifies) {
  const auto parsed = TlogProof::Parse(proof_.ToString());
  ASSERT_OK(parsed);
  EXPECT_EQ(parsed->ToString(), proof_.ToString());
  EXPECT_EQ(parsed->extra, "opening");
  const auto checkpoint = VerifyTlogProof(*parsed, first_, verifier_, kOrigin);
  ASSERT_OK(checkpoint);
  EXPECT_EQ(checkpoint->size, 2u);
  proof_.extra.clear();
  EXPECT_EQ(TlogProof::Parse(proof_.ToString())->ToString(), proof_.ToString());
}

TEST_F(TlogProofTest, RefusesAnotherLeafIndexLogOrOrigin) {
  EXPECT_THAT(VerifyTlogProof(proof_, second_, verifier_, kOrigin), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(VerifyTlogProof(proof_, first_, verifier_, "other.example/ledger"),
              StatusIs(absl::StatusCode::kUnauthenticated));
  const Ed25519Key other = Ed25519Key::FromSeed(SecretBytes(std::string(32, 'o'))).value();
  EXPECT_THAT(
      VerifyTlogProof(proof_, first_, VerifierKey::Make(kOrigin, kNoteEd25519, other.public_key()).value(), kOrigin),
      StatusIs(absl::StatusCode::kUnauthenticated));
  proof_.index = 1;
  EXPECT_THAT(VerifyTlogProof(proof_, first_, verifier_, kOrigin), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(TlogProofTest, AWitnesssKeyIsNoLogs) {
  const VerifierKey witness = VerifierKey::Make(kOrigin, kNoteCosignature, key_.public_key()).value();
  const Note note = Note::Parse(proof_.checkpoint).value();
  const auto line = Cosign(note.text, kOrigin, key_, absl::FromUnixSeconds(1));
  proof_.checkpoint = Note{.text = note.text, .signatures = {*line}}.ToString();
  EXPECT_THAT(VerifyTlogProof(proof_, first_, witness, kOrigin), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(TlogProofTest, RefusesMalformedText) {
  const std::string good = proof_.ToString();
  const std::string hash = Base64Encode(second_.view());
  for (const std::string& text :
       {std::string(), absl::StrReplaceAll(good, {{"@v1", "@v2"}}),
        absl::StrReplaceAll(good, {{"index 0", "index 00"}}), absl::StrReplaceAll(good, {{"index 0", "index -0"}}),
        absl::StrReplaceAll(good, {{"index 0", "index "}}),
        absl::StrReplaceAll(good, {{"index 0", "index 18446744073709551616"}}),
        absl::StrReplaceAll(good, {{"index 0\n", ""}}), absl::StrReplaceAll(good, {{hash, hash.substr(0, 43)}}),
        absl::StrReplaceAll(good, {{hash, Base64Encode("short")}}),
        absl::StrReplaceAll(good, {{hash, Base64Encode(std::string(33, 'h'))}}),
        absl::StrReplaceAll(good, {{"extra ", "extra  "}}),
        absl::StrReplaceAll(good, {{"extra " + Base64Encode("opening"), "extra "}}),
        absl::StrReplaceAll(good, {{"\nindex", "\nextra AAAA\nindex"}}), good.substr(0, good.find("\n\n"))}) {
    EXPECT_THAT(TlogProof::Parse(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
}

TEST_F(TlogProofTest, TakesSixtyThreeHashesAndNoMore) {
  proof_.path.assign(63, second_);
  EXPECT_OK(TlogProof::Parse(proof_.ToString()));
  proof_.path.push_back(second_);
  EXPECT_FALSE(TlogProof::Parse(proof_.ToString()).ok());
}

}  // namespace
}  // namespace derwent::trust
