#include "trust/entry/entry.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"

#include "tests/support/matchers.h"
#include "tests/trust/seeded_random.h"
#include "trust/base/encoding.h"
#include "trust/entry/erasure_record.h"
#include "trust/entry/opening.h"
#include "trust/merkle/proof.h"
#include "trust/secret/sha256.h"

namespace derwent::trust {
namespace {

using ::derwent::testing::SeededRandom;
using ::derwent::testing::StatusIs;

constexpr char kOrigin[] = "derwent.example/ledger";
constexpr char kGolden[] = "tests/golden/trust_entry.txt";

class EntryTest : public ::testing::Test {
 protected:
  EntryTest() {
    fields_[Field::kTime] = "1700000000000";
    fields_[Field::kReleasingAgency] = "police.derbys";
    fields_[Field::kReceivingAgency] = "dfrs";
    fields_[Field::kStep] = "step=referral";
    SeededRandom random(24);
    fields_.Salt(random);
    hashes_ = HashFields(fields_);
  }
  // The receipt of an opening whose leaf is number 2 of 5.
  std::string Receipt(const Opening& opening) {
    std::vector<Sha256Digest> leaves;
    for (int i = 0; i < 5; ++i) leaves.push_back(i == 2 ? opening.LeafHashOf() : LeafHash(absl::StrCat("leaf ", i)));
    const Sha256Digest left = NodeHash(leaves[0], leaves[1]);
    const Checkpoint checkpoint{
        .origin = kOrigin, .size = 5, .root = NodeHash(NodeHash(left, NodeHash(leaves[2], leaves[3])), leaves[4])};
    const Note note{.text = checkpoint.Body(), .signatures = {SignNote(checkpoint.Body(), kOrigin, key_).value()}};
    return TlogProof{
        .extra = opening.ToExtra(), .index = 2, .path = {leaves[3], left, leaves[4]}, .checkpoint = note.ToString()}
        .ToString();
  }
  static FieldSet Only(std::initializer_list<Field> fields) {
    FieldSet set;
    for (const Field field : fields) set.set(static_cast<size_t>(field) - 1);
    return set;
  }

  SealedFields fields_;
  FieldHashes hashes_;
  Ed25519Key key_ = Ed25519Key::FromSeed(SecretBytes(std::string(32, 'l'))).value();
  VerifierKey verifier_ = VerifierKey::Make(kOrigin, kNoteEd25519, key_.public_key()).value();
};

TEST_F(EntryTest, HashesAFieldAsTheFormatPageSays) {
  const std::string salt(32, 's');
  const std::string input = absl::StrCat(std::string("\0DRWF\1\0\2", 8), salt, std::string("\0\0\0\4", 4), "dfrs");
  EXPECT_EQ(FieldHash(2, salt, "dfrs"), Sha256(input));
}

TEST_F(EntryTest, CommitsToTheRootOverAllTwentyFourFields) {
  const auto pair = [this](size_t first) { return NodeHash(hashes_[first], hashes_[first + 1]); };
  const auto four = [&](size_t first) { return NodeHash(pair(first), pair(first + 2)); };
  const auto eight = [&](size_t first) { return NodeHash(four(first), four(first + 4)); };
  EXPECT_EQ(Commitment(hashes_), NodeHash(NodeHash(eight(0), eight(8)), eight(16)));
}

TEST_F(EntryTest, WritesALeafOfThirtyEightOctets) {
  const Sha256Digest commitment = Commitment(hashes_);
  const std::string leaf = LeafOctets(EntryKind::kKeyEvent, commitment);
  EXPECT_EQ(leaf.size(), kLeafSize);
  EXPECT_EQ(leaf, absl::StrCat("DRWL\1\3", commitment.view()));
}

TEST_F(EntryTest, ChangesTheCommitmentWithEveryFieldAndSalt) {
  const Sha256Digest before = Commitment(hashes_);
  for (size_t i = 0; i < kFieldCount; ++i) {
    SealedFields value = fields_;
    value.values[i] += "x";
    EXPECT_NE(Commitment(HashFields(value)), before) << i;
    SealedFields salt = fields_;
    salt.salts[i][31] ^= 1;
    EXPECT_NE(Commitment(HashFields(salt)), before) << i;
  }
}

TEST_F(EntryTest, GivesEqualValuesUnequalHashes) {
  SystemRandom random;
  SealedFields again = fields_;
  again.Salt(random);
  const FieldHashes other = HashFields(again);
  for (size_t i = 0; i < kFieldCount; ++i) EXPECT_NE(other[i], hashes_[i]) << i;
}

TEST_F(EntryTest, OpensOnlyTheChosenFieldsOffline) {
  const std::string text = Receipt(Opening::Of(fields_, hashes_, Only({Field::kTime, Field::kStep})));
  const auto receipt = VerifyReceipt(text, verifier_, kOrigin);
  ASSERT_OK(receipt);
  ASSERT_NE(receipt->opening.Value(Field::kStep), nullptr);
  EXPECT_EQ(*receipt->opening.Value(Field::kStep), "step=referral");
  EXPECT_EQ(receipt->opening.Value(Field::kReleasingAgency), nullptr);
  EXPECT_EQ(receipt->index, 2u);
  EXPECT_EQ(TlogProof::Parse(text)->extra.find("police"), std::string::npos);
}

TEST_F(EntryTest, NeverOpensAnErasedField) {
  fields_.salts[static_cast<size_t>(Field::kStep) - 1].clear();
  fields_[Field::kStep].clear();
  const std::string text = Receipt(Opening::Of(fields_, hashes_, FieldSet().set()));
  const auto receipt = VerifyReceipt(text, verifier_, kOrigin);
  ASSERT_OK(receipt);  // Its hash stays: the proof still holds.
  EXPECT_EQ(receipt->opening.Value(Field::kStep), nullptr);
}

TEST_F(EntryTest, ProvesAPublicEntryByItsBody) {
  const auto receipt =
      VerifyReceipt(Receipt(Opening::OfPublic(EntryKind::kRegister, "signed register")), verifier_, kOrigin);
  ASSERT_OK(receipt);
  EXPECT_EQ(receipt->opening.public_body, "signed register");
}

TEST_F(EntryTest, BreaksAReceiptWithEveryFlippedBit) {
  const std::string good = Receipt(Opening::Of(fields_, hashes_, Only({Field::kStep})));
  ASSERT_OK(VerifyReceipt(good, verifier_, kOrigin));
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    ASSERT_FALSE(VerifyReceipt(bad, verifier_, kOrigin).ok()) << "bit " << bit << ": " << bad;
  }
}

TEST_F(EntryTest, BreaksAReceiptCutAnywhere) {
  const std::string good = Receipt(Opening::Of(fields_, hashes_, Only({Field::kStep})));
  for (size_t length = 0; length < good.size(); ++length)
    ASSERT_FALSE(VerifyReceipt(good.substr(0, length), verifier_, kOrigin).ok()) << length;
}

TEST_F(EntryTest, ReadsBackSeededOpenings) {
  SeededRandom random(4242);
  for (int round = 0; round < 1000; ++round) {
    SealedFields fields;
    for (std::string& value : fields.values) value = random.Bytes(random.Below(40));
    fields.Salt(random);
    const Opening opening = Opening::Of(fields, HashFields(fields), FieldSet(random.Below(1 << kFieldCount)));
    const auto parsed = Opening::Parse(opening.ToExtra());
    ASSERT_OK(parsed) << round;
    ASSERT_EQ(parsed->ToExtra(), opening.ToExtra()) << round;
    ASSERT_EQ(parsed->LeafHashOf(), LeafHash(LeafOctets(EntryKind::kSealed, Commitment(HashFields(fields))))) << round;
  }
}

TEST_F(EntryTest, RefusesMalformedOpenings) {
  const std::string good = Opening::Of(fields_, hashes_, Only({Field::kTime})).ToExtra();
  ASSERT_OK(Opening::Parse(good));
  std::string version = good;
  version[4] = '\2';
  std::string kind = good;
  kind[5] = '\5';
  std::string tag = good;
  tag[6] = '\2';
  std::string length = good;
  length[6 + 1 + 32] = '\x7f';
  for (const std::string& extra : {std::string(), version, kind, tag, length, good + "x"})
    EXPECT_THAT(Opening::Parse(extra), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(EntryTest, WritesTheGoldenBytes) {
  const Opening opening = Opening::Of(fields_, hashes_, Only({Field::kTime, Field::kStep}));
  std::string text;
  for (size_t i = 0; i < kFieldCount; ++i) {
    absl::StrAppend(&text, "field ", i + 1, " ", FieldName(static_cast<int>(i) + 1), " salt ",
                    HexEncode(fields_.salts[i]), " value ", HexEncode(fields_.values[i]), " hash ", hashes_[i].hex(),
                    "\n");
  }
  absl::StrAppend(&text, "leaf ", HexEncode(LeafOctets(EntryKind::kSealed, Commitment(hashes_))), "\nleaf hash ",
                  opening.LeafHashOf().hex(), "\nlog key ", verifier_.ToString(), "\n\n", Receipt(opening));
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(kGolden) << text;
  std::ifstream file(kGolden);
  EXPECT_EQ(text, std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()));
}

TEST_F(EntryTest, AReceiptWithFieldsClosedStillVerifiesAndHoldsNeitherSaltNorValue) {
  const std::string receipt = Receipt(Opening::Of(fields_, hashes_, FieldSet().set()));
  const std::string closed = CloseReceipt(receipt, Only({Field::kReleasingAgency})).value();
  const VerifiedReceipt verified = VerifyReceipt(closed, verifier_, kOrigin).value();
  EXPECT_EQ(verified.opening.Value(Field::kReleasingAgency), nullptr);
  EXPECT_NE(verified.opening.Value(Field::kReceivingAgency), nullptr);
  EXPECT_EQ(verified.opening.ToExtra().find("police.derbys"), std::string::npos);
  EXPECT_EQ(verified.opening.ToExtra().find(fields_.salts[1]), std::string::npos);
  EXPECT_THAT(CloseReceipt("no receipt", FieldSet()), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace derwent::trust
