#include "tests/support/matchers.h"
#include "tests/trust/seeded_random.h"
#include "trust/base/encoding.h"
#include "trust/secret/aead.h"
#include "trust/secret/hmac.h"
#include "trust/secret/secret_bytes.h"
#include "trust/secret/sha256.h"

namespace derwent::trust {
namespace {

using ::derwent::testing::IsOkAndHolds;
using ::derwent::testing::SeededRandom;
using ::derwent::testing::StatusIs;

std::string Hex(absl::string_view hex) { return HexDecode(hex).value(); }
SecretBytes Key(absl::string_view hex) { return SecretBytes(Hex(hex)); }

TEST(Sha256Test, MatchesFips180) {
  EXPECT_EQ(Sha256("").hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256("abc").hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Parts({"a", "", "bc"}), Sha256("abc"));
}

TEST(HmacTest, MatchesRfc4231) {
  EXPECT_EQ(HmacSha256(SecretBytes(std::string(20, '\x0b')), "Hi There").hex(),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(HmacSha256(SecretBytes::CopyOf("Jefe"), "what do ya want for nothing?").hex(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

struct GcmCase {
  const char* key;
  const char* nonce;
  const char* associated;
  const char* plaintext;
  const char* sealed;
};
// Test cases 13, 14 and 16 of the GCM submission to NIST (McGrew and Viega).
constexpr GcmCase kGcm[] = {
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "", "",
     "530f8afbc74536b9a963b4f1c4cb738b"},
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "",
     "00000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657b"
     "a637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0ab"
     "cc9f662"
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

TEST(AeadTest, MatchesTheGcmVectorsBothWays) {
  for (const GcmCase& c : kGcm) {
    EXPECT_THAT(AeadSeal(Key(c.key), Hex(c.nonce), Hex(c.associated), Hex(c.plaintext)), IsOkAndHolds(Hex(c.sealed)));
    EXPECT_THAT(AeadOpen(Key(c.key), Hex(c.nonce), Hex(c.associated), Hex(c.sealed)), IsOkAndHolds(Hex(c.plaintext)));
  }
}

TEST(AeadTest, RefusesEveryFlippedBit) {
  const GcmCase& c = kGcm[2];
  for (size_t bit = 0; bit < Hex(c.sealed).size() * 8; ++bit) {
    std::string sealed = Hex(c.sealed);
    sealed[bit / 8] = static_cast<char>(sealed[bit / 8] ^ (1 << bit % 8));
    ASSERT_THAT(AeadOpen(Key(c.key), Hex(c.nonce), Hex(c.associated), sealed), StatusIs(absl::StatusCode::kDataLoss));
  }
  EXPECT_FALSE(AeadOpen(Key(c.key), Hex(c.nonce), "", Hex(c.sealed)).ok());
  EXPECT_FALSE(AeadOpen(Key(c.key), std::string(12, '\0'), Hex(c.associated), Hex(c.sealed)).ok());
  EXPECT_FALSE(AeadOpen(Key(c.key), Hex(c.nonce), Hex(c.associated), Hex(c.sealed).substr(0, 15)).ok());
}

TEST(AeadTest, RefusesKeysAndNoncesOfAnotherSize) {
  const SecretBytes key = Key(kGcm[0].key);
  EXPECT_FALSE(AeadSeal(SecretBytes(std::string(16, 'k')), std::string(12, 'n'), "", "x").ok());
  EXPECT_FALSE(AeadSeal(key, std::string(11, 'n'), "", "x").ok());
  EXPECT_FALSE(AeadSeal(key, std::string(16, 'n'), "", "x").ok());
}

TEST(SecretBytesTest, WipesWhatItTakesOver) {
  std::string source(64, 's');
  const SecretBytes secret(std::move(source));
  EXPECT_TRUE(source.empty());  // NOLINT(bugprone-use-after-move): the promise under test
  EXPECT_EQ(secret.RevealForCrypto(), std::string(64, 's'));
}

TEST(SecretBytesTest, LeavesNothingBehindWhenMoved) {
  SecretBytes first = SecretBytes::CopyOf("secret");
  const SecretBytes second = std::move(first);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): the promise under test
  EXPECT_TRUE(second == SecretBytes::CopyOf("secret"));
  EXPECT_FALSE(second == SecretBytes::CopyOf("secreT"));
  EXPECT_FALSE(second == SecretBytes::CopyOf("secre"));
}

TEST(RandomTest, NeverRepeats) {
  SystemRandom random;
  EXPECT_NE(random.Bytes(32), random.Bytes(32));
  EXPECT_NE(random.NewUuid(), random.NewUuid());
  EXPECT_EQ(random.Bytes(0), "");
}

}  // namespace
}  // namespace derwent::trust
