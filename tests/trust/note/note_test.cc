#include "trust/note/note.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "tests/support/matchers.h"
#include "trust/base/encoding.h"
#include "trust/merkle/tree.h"
#include "trust/note/checkpoint.h"
#include "trust/note/cosignature.h"

namespace derwent::trust {
namespace {

using ::derwent::testing::StatusIs;
using ::testing::HasSubstr;

Ed25519Key KeyOf(char seed) { return Ed25519Key::FromSeed(SecretBytes(std::string(32, seed))).value(); }
VerifierKey Verifier(const Ed25519Key& key, uint8_t type = kNoteEd25519,
                     absl::string_view name = "derwent.example/ledger") {
  return VerifierKey::Make(name, type, key.public_key()).value();
}
std::string Body() { return Checkpoint{.origin = "derwent.example/ledger", .size = 7, .root = Sha256Digest()}.Body(); }
Note Signed(const std::string& text, const Ed25519Key& key) {
  return Note{.text = text, .signatures = {SignNote(text, "derwent.example/ledger", key).value()}};
}

// The example of golang.org/x/mod/sumdb/note.
constexpr char kGoKey[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr char kGoNote[] =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "\xE2\x80\x94 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

TEST(NoteTest, VerifiesANoteThatGoSigned) {
  const auto key = VerifierKey::Parse(kGoKey);
  ASSERT_OK(key);
  EXPECT_EQ(key->ToString(), kGoKey);
  const auto note = Note::Parse(kGoNote);
  ASSERT_OK(note);
  EXPECT_EQ(note->ToString(), kGoNote);
  EXPECT_OK(VerifyNote(*note, {*key}));
}

TEST(NoteTest, SplitsAtTheLastBlankLine) {
  const Ed25519Key key = KeyOf('k');
  const Note note = Signed("a\n\nb\n\n\nc\n", key);
  const auto parsed = Note::Parse(note.ToString());
  ASSERT_OK(parsed);
  EXPECT_EQ(parsed->text, "a\n\nb\n\n\nc\n");
  EXPECT_OK(VerifyNote(*parsed, {Verifier(key)}));
}

TEST(NoteTest, RefusesWhatTheSpecificationForbids) {
  const std::string line = "\xE2\x80\x94 name AAAAAAA=\n";
  ASSERT_OK(Note::Parse("text\n\n" + line));
  ASSERT_OK(Note::Parse("text\n\n\xE2\x80\x94 na\x7Fme AAAAAAA=\n")) << "a name has no space and no plus: that is all";
  for (const std::string& note : std::vector<std::string>{"",
                                                          "\n",
                                                          "text",
                                                          "text\n",
                                                          "text\n\n",
                                                          "text\n" + line,
                                                          "text\n\n" + line.substr(0, line.size() - 1),
                                                          "text\n\n" + line + "\n",
                                                          "text\n\n- name AAAAAAA=\n",
                                                          "text\r\n\n" + line,
                                                          "te\txt\n\n" + line,
                                                          std::string("te\0xt\n\n", 7) + line,
                                                          "te\xFFxt\n\n" + line,
                                                          "te\xC0\xAFxt\n\n" + line,
                                                          "te\xED\xA0\x80xt\n\n" + line,
                                                          "text\n\n\xE2\x80\x94 na+me AAAAAAA=\n",
                                                          "text\n\n\xE2\x80\x94  AAAAAAA=\n",
                                                          "text\n\n\xE2\x80\x94 na\xC2\xA0me AAAAAAA=\n",
                                                          "text\n\n\xE2\x80\x94 name AAAAAAA\n",
                                                          "text\n\n\xE2\x80\x94 name AAAAAAB=\n",
                                                          "text\n\n\xE2\x80\x94 name AAAAAA==\n",
                                                          "text\n\n\xE2\x80\x94 name\n",
                                                          "text\n\n\xE2\x80\x94 name AAAAAAA= x\n",
                                                          "text\n\n" + line + "\xE2\x80\x94 name AAAA\nAAA=\n"}) {
    EXPECT_THAT(Note::Parse(note), StatusIs(absl::StatusCode::kInvalidArgument)) << note;
  }
}

// A policy of 32 agencies with a witness and a participant each, and the log itself, are 65.
TEST(NoteTest, TakesASignatureOfEverybodyInALargePolicyAndHasABound) {
  std::string note = "text\n\n";
  for (int i = 0; i < 256; ++i) note += "\xE2\x80\x94 name AAAAAAA=\n";
  EXPECT_OK(Note::Parse(note));
  EXPECT_FALSE(Note::Parse(note + "\xE2\x80\x94 name AAAAAAA=\n").ok());
  EXPECT_FALSE(Note::Parse(std::string(kMaxNoteSize, 'a') + "\n\n\xE2\x80\x94 name AAAAAAA=\n").ok());
}

TEST(NoteTest, IgnoresUnknownKeysButNotAKnownOneThatFails) {
  const Ed25519Key key = KeyOf('k');
  const Ed25519Key other = KeyOf('o');
  Note note = Signed("text\n", key);
  note.signatures.push_back({.name = "somebody.example", .key_id = 7, .signature = "whatever"});
  const auto verified = VerifyNote(note, {Verifier(key), Verifier(other, kNoteEd25519, "unused.example")});
  ASSERT_OK(verified);
  EXPECT_EQ(verified->size(), 1u);
  EXPECT_THAT(VerifyNote(note, {Verifier(other)}), StatusIs(absl::StatusCode::kUnauthenticated));
  note.signatures.push_back(note.signatures.front());
  note.signatures.back().signature[3] ^= 1;
  EXPECT_THAT(VerifyNote(note, {Verifier(key)}), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST(NoteTest, CountsASignerOnceWhateverItsLines) {
  const Ed25519Key key = KeyOf('k');
  Note note = Signed("text\n", key);
  note.signatures.push_back(note.signatures.front());
  EXPECT_EQ(VerifyNote(note, {Verifier(key)})->size(), 1u);
}

TEST(VerifierKeyTest, SplitsAtTheFirstTwoPlusSignsOnly) {
  for (char seed = 1; seed < 100; ++seed) {  // Some keys' base64 holds a plus sign.
    const VerifierKey key = Verifier(KeyOf(seed));
    const auto parsed = VerifierKey::Parse(key.ToString());
    ASSERT_OK(parsed);
    EXPECT_EQ(parsed->public_key, key.public_key);
  }
}

TEST(VerifierKeyTest, RefusesAnIdThatIsNotTheKeys) {
  for (const char* vkey :
       {"", "name", "name+c74f20a3", "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Other+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "PeterNeumann+c74f20a3+"}) {
    EXPECT_FALSE(VerifierKey::Parse(vkey).ok()) << vkey;
  }
}

TEST(VerifierKeyTest, OfATypeThatIsNotKnownIsReadAndVerifiesNothing) {
  const auto key = VerifierKey::Parse("PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  ASSERT_OK(key);
  EXPECT_FALSE(key->IsKnown());
}

TEST(CheckpointTest, ReadsBackItsBody) {
  Checkpoint checkpoint{.origin = "go.sum database tree", .size = 0, .extensions = "one\ntwo\n"};
  for (const uint64_t size : {uint64_t{0}, uint64_t{1}, uint64_t{INT64_MAX}}) {
    checkpoint.size = size;
    const auto parsed = Checkpoint::ParseBody(checkpoint.Body());
    ASSERT_OK(parsed);
    EXPECT_EQ(parsed->Body(), checkpoint.Body());
    EXPECT_EQ(parsed->size, size);
  }
}

TEST(CheckpointTest, RefusesMalformedBodies) {
  const std::string root = Base64Encode(std::string(32, 'r'));
  const std::string good = "origin\n7\n" + root + "\n";
  ASSERT_OK(Checkpoint::ParseBody(good));
  for (const char* size :
       {"07", "", "-7", "+7", " 7", "7 ", "0x7", "9223372036854775808", "18446744073709551616", "7.0"}) {
    EXPECT_FALSE(Checkpoint::ParseBody(absl::StrCat("origin\n", size, "\n", root, "\n")).ok()) << size;
  }
  for (const std::string& body :
       {std::string(), std::string("origin\n7\n"), good.substr(0, good.size() - 1), "\n7\n" + root + "\n", good + "\n",
        good + "x\n\n", "origin\n7\n" + Base64Encode(std::string(31, 'r')) + "\n",
        "origin\n7\n" + root.substr(0, 43) + "\n"}) {
    EXPECT_THAT(Checkpoint::ParseBody(body), StatusIs(absl::StatusCode::kInvalidArgument)) << body;
  }
}

TEST(CosignatureTest, SignsTheSpecificationsMessage) {
  const Ed25519Key witness = KeyOf('w');
  const std::string body = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
  const auto signature = Cosign(body, "witness.example", witness, absl::FromUnixSeconds(1679315147));
  ASSERT_OK(signature);
  EXPECT_EQ(signature->signature.size(), 72u);
  EXPECT_OK(Ed25519Verify(witness.public_key(), "cosignature/v1\ntime 1679315147\n" + body,
                          absl::string_view(signature->signature).substr(8)));
  EXPECT_EQ(CosignatureTime(signature->signature).value(), absl::FromUnixSeconds(1679315147));
  const Note note{.text = body, .signatures = {*signature}};
  EXPECT_OK(VerifyNote(note, {Verifier(witness, kNoteCosignature, "witness.example")}));
}

TEST(CosignatureTest, BindsTimeAndBody) {
  const Ed25519Key witness = KeyOf('w');
  NoteSignature signature = Cosign(Body(), "witness.example", witness, absl::FromUnixSeconds(1679315147)).value();
  EXPECT_FALSE(VerifyCosignature(signature.signature, witness.public_key(), Body() + "x\n").ok());
  signature.signature[7] ^= 1;
  EXPECT_FALSE(VerifyCosignature(signature.signature, witness.public_key(), Body()).ok());
  EXPECT_FALSE(VerifyCosignature(signature.signature.substr(1), witness.public_key(), Body()).ok());
  EXPECT_FALSE(CosignatureTime("\xff" + std::string(71, '\0')).ok());
  EXPECT_FALSE(Cosign(Body(), "witness.example", witness, absl::UnixEpoch()).ok());
}

TEST(CosignatureTest, IsNoSignatureOfTheLog) {
  const Ed25519Key key = KeyOf('k');
  EXPECT_NE(Verifier(key, kNoteEd25519).key_id, Verifier(key, kNoteCosignature).key_id);
  const Note note{.text = Body(),
                  .signatures = {Cosign(Body(), "derwent.example/ledger", key, absl::FromUnixSeconds(5)).value()}};
  EXPECT_FALSE(OpenCheckpoint(note.ToString(), Verifier(key)).ok());
}

TEST(CosignatureTest, OfNoTimeIsNone) {
  const Ed25519Key witness = KeyOf('w');
  const VerifierKey known = Verifier(witness, kNoteCosignature, "witness.example");
  const std::string timeless = std::string(8, '\0') + witness.Sign("cosignature/v1\ntime 0\n" + Body()).value();
  const Note note{.text = Body(), .signatures = {{.name = known.name, .key_id = known.key_id, .signature = timeless}}};
  EXPECT_THAT(VerifyNote(note, {known}), StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("time is 0")));
}

TEST(CheckpointTest, OfNoEntriesHasOneRoot) {
  const Ed25519Key key = KeyOf('k');
  const auto open = [&](const Sha256Digest& root) {
    const std::string body = Checkpoint{.origin = "derwent.example/ledger", .size = 0, .root = root}.Body();
    return OpenCheckpoint(Signed(body, key).ToString(), Verifier(key)).status();
  };
  EXPECT_OK(open(EmptyRoot()));
  EXPECT_THAT(open(LeafHash("")), StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace derwent::trust
