#include "agents/sdk/seal/hpke.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <fstream>
#include <map>

#include "tests/support/matchers.h"
#include "tests/support/test_pki.h"
#include "trust/base/encoding.h"

namespace derwent::agents {
namespace {

using ::derwent::testing::IsOkAndHolds;
using ::derwent::testing::StatusIs;

std::map<std::string, std::string> Vector() {
  std::map<std::string, std::string> values;
  std::ifstream file("tests/vectors/hpke_p256_aes256gcm.txt");
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    const size_t space = line.find(' ');
    values[line.substr(0, space)] = HexDecode(line.substr(space + 1)).value();
  }
  return values;
}

// A private key from its scalar and point.
trust::SigningKey KeyOf(const std::string& scalar, const std::string& point) {
  const std::unique_ptr<BIGNUM, trust::Freed<BN_clear_free>> number(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(scalar.data()), static_cast<int>(scalar.size()), nullptr));
  const std::unique_ptr<OSSL_PARAM_BLD, trust::Freed<OSSL_PARAM_BLD_free>> build(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_PRIV_KEY, number.get());
  const std::unique_ptr<OSSL_PARAM, trust::Freed<OSSL_PARAM_free>> parameters(OSSL_PARAM_BLD_to_param(build.get()));
  const trust::EvpKeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* made = nullptr;
  EVP_PKEY_fromdata_init(context.get());
  EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_KEYPAIR, parameters.get());
  const trust::EvpKey key(made);
  const trust::BioHandle bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return trust::SigningKey::FromPem(trust::SecretBytes(std::string(text, static_cast<size_t>(size)))).value();
}

trust::SigningKey NewKey() {
  return trust::SigningKey::FromPem(
             trust::SecretBytes(testing::TestPki().Issue("spiffe://derwent.example/broker/one").key_pem))
      .value();
}

TEST(HpkeTest, MatchesAnIndependentImplementationOnTheRfcsKeys) {
  auto v = Vector();
  ASSERT_EQ(v.size(), 8u);
  const trust::SigningKey recipient = KeyOf(v["skRm"], v["pkRm"]);
  const trust::SigningKey ephemeral = KeyOf(v["skEm"], v["pkEm"]);
  EXPECT_THAT(HpkeSealWithEphemeral(ephemeral, recipient.public_key(), v["info"], v["aad"], v["pt"]),
              IsOkAndHolds(v["pkEm"] + v["ct"]));
  EXPECT_THAT(HpkeOpen(recipient, v["info"], v["aad"], v["pkEm"] + v["ct"]), IsOkAndHolds(v["pt"]));
}

TEST(HpkeTest, OpensWhatItSealedAndNeverSealsAlike) {
  const trust::SigningKey key = NewKey();
  for (const std::string& text : {std::string(), std::string("x"), std::string(100000, 'y')}) {
    const auto sealed = HpkeSeal(key.public_key(), "info", "aad", text);
    ASSERT_OK(sealed);
    EXPECT_EQ(sealed->size(), kHpkeEncSize + text.size() + 16);
    EXPECT_THAT(HpkeOpen(key, "info", "aad", *sealed), IsOkAndHolds(text));
    EXPECT_NE(*sealed, HpkeSeal(key.public_key(), "info", "aad", text).value());
  }
}

TEST(HpkeTest, RefusesEveryFlippedBit) {
  const trust::SigningKey key = NewKey();
  const std::string good = HpkeSeal(key.public_key(), "info", "aad", "text").value();
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    ASSERT_THAT(HpkeOpen(key, "info", "aad", bad), StatusIs(absl::StatusCode::kDataLoss)) << bit;
  }
}

TEST(HpkeTest, BindsInfoAssociatedDataAndRecipient) {
  const trust::SigningKey key = NewKey();
  const std::string sealed = HpkeSeal(key.public_key(), "info", "aad", "text").value();
  EXPECT_FALSE(HpkeOpen(key, "other", "aad", sealed).ok());
  EXPECT_FALSE(HpkeOpen(key, "info", "other", sealed).ok());
  EXPECT_FALSE(HpkeOpen(NewKey(), "info", "aad", sealed).ok());
}

TEST(HpkeTest, RefusesPointsThatAreNotOnTheCurve) {
  const trust::SigningKey key = NewKey();
  const std::string tail(32, 't');
  EXPECT_THAT(HpkeOpen(key, "", "", "\4" + std::string(64, '\0') + tail), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(HpkeOpen(key, "", "", "\4" + std::string(64, '\xff') + tail), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(HpkeOpen(key, "", "", std::string(65, '\0') + tail), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(HpkeOpen(key, "", "", ""), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(HpkeOpen(key, "", "", std::string(80, '\4')), StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace derwent::agents
