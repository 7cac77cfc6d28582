#include "trust/base/encoding.h"

#include "tests/support/matchers.h"
#include "tests/trust/seeded_random.h"
#include "trust/base/digest.h"
#include "trust/base/uuid.h"

namespace derwent {
namespace {

using ::derwent::testing::IsOkAndHolds;
using ::derwent::testing::SeededRandom;
using ::derwent::testing::StatusIs;

TEST(EncodingTest, ReadsBackEveryLengthOfHexAndBase64) {
  SeededRandom random(1);
  for (size_t length = 0; length < 200; ++length) {
    const std::string octets = random.Bytes(length);
    EXPECT_THAT(HexDecode(HexEncode(octets)), IsOkAndHolds(octets));
    EXPECT_THAT(Base64Decode(Base64Encode(octets)), IsOkAndHolds(octets));
  }
}

TEST(EncodingTest, MatchesTheVectorsOfRfc4648) {
  EXPECT_EQ(Base64Encode(""), "");
  EXPECT_EQ(Base64Encode("f"), "Zg==");
  EXPECT_EQ(Base64Encode("fo"), "Zm8=");
  EXPECT_EQ(Base64Encode("foobar"), "Zm9vYmFy");
}

TEST(EncodingTest, RefusesBase64ThatIsNotCanonical) {
  // Newline, space, trailing bits set, padding missing, doubled or in the middle, URL alphabet, stray character.
  for (const char* text : {"Zg==\n", "Zm9v\nYmFy", "Zm 9v", "Zh==", "Zm9=", "Zg", "Zg=", "Zg===", "Zg==Zg==", "-_-_",
                           "Zm9v!", "=", "Zm9vYmF\xC3\xA9"}) {
    EXPECT_THAT(Base64Decode(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
}

TEST(EncodingTest, RefusesHexOfUpperCaseOrOddLength) {
  for (const char* text : {"A0", "a", "0g", "0x10", " 00", "00\n"}) EXPECT_FALSE(HexDecode(text).ok()) << text;
}

TEST(DigestTest, TakesExactlyThirtyTwoOctets) {
  EXPECT_FALSE(Sha256Digest::FromBytes(std::string(31, 'a')).ok());
  EXPECT_FALSE(Sha256Digest::FromBytes(std::string(33, 'a')).ok());
  const auto digest = Sha256Digest::FromBytes(std::string(32, 'a'));
  ASSERT_OK(digest);
  EXPECT_EQ(Sha256Digest::FromHex(digest->hex()).value(), *digest);
  EXPECT_LT(Sha256Digest(), *digest);
}

TEST(UuidTest, MakesVersionFourFromRandomOctets) {
  std::array<uint8_t, 16> octets;
  octets.fill(0xff);
  EXPECT_EQ(Uuid::FromRandom(octets).text(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
  SeededRandom random(2);
  for (int i = 0; i < 1000; ++i) {
    const Uuid uuid = random.NewUuid();
    EXPECT_EQ(Uuid::Parse(uuid.text()).value(), uuid);
  }
}

// RFC 9562, appendix A.6.
TEST(UuidTest, MakesVersionSevenFromATimeAndRandomOctets) {
  const std::array<uint8_t, 16> octets = {0, 0, 0, 0, 0, 0, 0xfc, 0xc3, 0xd8, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f};
  EXPECT_EQ(Uuid::FromTime(absl::FromUnixMillis(0x017f22e279b0), octets).text(),
            "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

TEST(UuidTest, RefusesOtherFormsOfOneId) {
  for (const char* text : {"", "FFFFFFFF-ffff-4fff-bfff-ffffffffffff", "{ffffffff-ffff-4fff-bfff-fffffffffff}",
                           "ffffffffffff4fffbfffffffffffffff", "ffffffff-ffff-4fff-bfff-fffffffffff",
                           "ffffffff-ffff-4fff-bfff-ffffffffffff ", "ffffffff_ffff-4fff-bfff-ffffffffffff",
                           "gfffffff-ffff-4fff-bfff-ffffffffffff", "00000000-0000-0000-0000-000000000000"}) {
    EXPECT_THAT(Uuid::Parse(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
}

}  // namespace
}  // namespace derwent
