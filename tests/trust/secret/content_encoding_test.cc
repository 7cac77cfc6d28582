#include "trust/secret/content_encoding.h"

#include <sstream>
#include <string>

#include "gtest/gtest.h"

#include "tests/support/matchers.h"
#include "trust/base/encoding.h"
#include "trust/secret/hkdf.h"

namespace derwent::trust {
namespace {

using ::derwent::testing::IsOk;
using ::derwent::testing::IsOkAndHolds;
using ::derwent::testing::StatusIs;

SecretBytes Key(absl::string_view base64) { return SecretBytes(Base64Decode(base64).value()); }

absl::StatusOr<std::string> Sealed(const ContentHeader& header, const std::string& content) {
  std::istringstream from(content);
  std::ostringstream to;
  const absl::Status done = SealContent(SecretBytes(std::string(32, 'k')), header, from, to);
  if (!done.ok()) return done;
  return to.str();
}

absl::StatusOr<std::string> Opened(const std::string& sealed, const std::string& key = std::string(32, 'k')) {
  std::istringstream from(sealed);
  std::ostringstream to;
  const absl::Status done =
      OpenContent([&](absl::string_view) -> absl::StatusOr<SecretBytes> { return SecretBytes::CopyOf(key); }, from, to);
  if (!done.ok()) return done;
  return to.str();
}

// RFC 5869 appendix A.1.
TEST(HkdfTest, MatchesRfc5869) {
  const SecretBytes extracted =
      HkdfExtract(HexDecode("000102030405060708090a0b0c").value(), SecretBytes(std::string(22, '\x0b'))).value();
  EXPECT_EQ(HexEncode(extracted.RevealForCrypto()), "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
  const SecretBytes expanded = HkdfExpand(extracted, HexDecode("f0f1f2f3f4f5f6f7f8f9").value(), 42).value();
  EXPECT_EQ(HexEncode(expanded.RevealForCrypto()),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
}

// RFC 8188 sections 3.1 and 3.2.
TEST(ContentEncodingTest, SealsTheFirstExampleOfTheRfc) {
  std::istringstream from("I am the walrus");
  std::ostringstream to;
  ASSERT_THAT(
      SealContent(Key("yqdlZ+tYemfogSmv7Ws5PQ=="),
                  {.salt = Base64Decode("I1BsxtFttlv3u/Oo94xnmw==").value(), .record = 4096, .key_id = ""}, from, to),
      IsOk());
  EXPECT_EQ(to.str(), Base64Decode("I1BsxtFttlv3u/Oo94xnmwAAEAAA+NAVub2qFgBEuQKRapoZu+IxkIva3MEB1PD+ly8Thjg=").value());
}

TEST(ContentEncodingTest, OpensTheSecondExampleWithPaddingAndTwoRecords) {
  std::istringstream from(
      Base64Decode(
          "uNCkWiNYzKTnBN9ji3+qWAAAABkCYTHOG8chz/gnvgOqdGYovxyjuqRyJFjEDyoF1Fvkj6hQPdPHI51OEUKEpgz3SsLWIqS/uA==")
          .value());
  std::ostringstream to;
  std::string asked;
  ASSERT_THAT(OpenContent(
                  [&](absl::string_view id) -> absl::StatusOr<SecretBytes> {
                    asked = std::string(id);
                    return Key("BO3ZVPxUlnLORbVGMpbT1Q==");
                  },
                  from, to),
              IsOk());
  EXPECT_EQ(to.str(), "I am the walrus");
  EXPECT_EQ(asked, "a1");
}

TEST(ContentEncodingTest, OpensWhatItSealedAtEveryLengthAroundARecord) {
  for (const size_t size :
       {size_t{0}, size_t{1}, size_t{7}, size_t{8}, size_t{15}, size_t{16}, size_t{17}, size_t{4000}}) {
    const std::string content(size, '\0');
    const std::string sealed = Sealed({.salt = std::string(16, 's'), .record = 25, .key_id = "id"}, content).value();
    EXPECT_THAT(Opened(sealed), IsOkAndHolds(content)) << size;
  }
}

TEST(ContentEncodingTest, NoBitMayDifferBeMissingOrFollow) {
  const std::string sealed =
      Sealed({.salt = std::string(16, 's'), .record = 25, .key_id = "id"}, "twenty octets long, and").value();
  ASSERT_THAT(Opened(sealed), IsOk());
  for (size_t i = 0; i < sealed.size(); ++i) {
    if (i >= 21 && i < 23) continue;  // The key's id: another key, if any.
    std::string changed = sealed;
    changed[i] ^= 1;
    EXPECT_FALSE(Opened(changed).ok()) << i;
  }
  for (size_t size = 0; size < sealed.size(); ++size) EXPECT_FALSE(Opened(sealed.substr(0, size)).ok()) << size;
  EXPECT_FALSE(Opened(sealed + "x").ok());
  EXPECT_FALSE(Opened(sealed + sealed.substr(23)).ok());
  EXPECT_FALSE(Opened(sealed.substr(0, 23) + sealed.substr(48, 25) + sealed.substr(23, 25)).ok()) << "exchanged";
  EXPECT_FALSE(Opened(sealed, std::string(32, 'K')).ok());
}

TEST(ContentEncodingTest, RefusesAHeaderThatCannotBe) {
  EXPECT_THAT(Sealed({.salt = "short", .key_id = ""}, ""), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Sealed({.salt = std::string(16, 's'), .record = 17, .key_id = ""}, ""),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Sealed({.salt = std::string(16, 's'), .key_id = std::string(256, 'i')}, ""),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace derwent::trust
