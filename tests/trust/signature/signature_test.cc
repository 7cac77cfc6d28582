#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"

#include "tests/support/matchers.h"
#include "tests/support/test_pki.h"
#include "trust/base/encoding.h"
#include "trust/signature/dsse.h"
#include "trust/signature/ed25519.h"
#include "trust/signature/key_file.h"
#include "trust/signature/signing_key.h"

namespace derwent::trust {
namespace {

using ::derwent::testing::StatusIs;
using ::derwent::testing::TestPki;
using ::testing::HasSubstr;

constexpr char kType[] = "application/vnd.derwent.test.v1+protobuf";

SigningKey NewKey() {
  return SigningKey::FromPem(SecretBytes(TestPki().Issue("spiffe://derwent.example/broker/one").key_pem)).value();
}

TEST(DsseTest, EncodesAsTheSpecificationsExample) {
  EXPECT_EQ(DssePreAuthentication("http://example.com/HelloWorld", "hello world"),
            "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  EXPECT_EQ(DssePreAuthentication("", ""), "DSSEv1 0  0 ");
}

TEST(DsseTest, VerifiesWhatItSigned) {
  const SigningKey key = NewKey();
  const Envelope envelope = SignEnvelope(kType, "payload", key).value();
  EXPECT_OK(VerifyEnvelope(envelope, kType, key.public_key()));
  EXPECT_EQ(envelope.signatures.front().keyid, key.public_key().key_id());
}

TEST(DsseTest, BindsTypePayloadAndKey) {
  const SigningKey key = NewKey();
  const Envelope good = SignEnvelope(kType, "payload", key).value();
  EXPECT_THAT(VerifyEnvelope(good, "another", key.public_key()), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(VerifyEnvelope(good, kType, NewKey().public_key()), StatusIs(absl::StatusCode::kUnauthenticated));
  Envelope payload = good;
  payload.payload += "x";
  EXPECT_THAT(VerifyEnvelope(payload, kType, key.public_key()), StatusIs(absl::StatusCode::kUnauthenticated));
  Envelope type = good;
  type.payload_type = "another";
  EXPECT_THAT(VerifyEnvelope(type, "another", key.public_key()), StatusIs(absl::StatusCode::kUnauthenticated));
  Envelope unsigned_one = good;
  unsigned_one.signatures.clear();
  EXPECT_FALSE(VerifyEnvelope(unsigned_one, kType, key.public_key()).ok());
  Envelope crowded = good;
  crowded.signatures.resize(kMaxDsseSignatures + 1, good.signatures.front());
  EXPECT_THAT(VerifyEnvelope(crowded, kType, key.public_key()), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(DsseTest, MovingTheLengthBoundaryBreaksTheSignature) {
  const SigningKey key = NewKey();
  const Envelope good = SignEnvelope("type", "a b", key).value();
  const Envelope shifted{.payload_type = "type 3 a", .payload = "b", .signatures = good.signatures};
  EXPECT_FALSE(VerifyEnvelope(shifted, "type 3 a", key.public_key()).ok());
}

TEST(PublicKeyTest, RefusesOtherCurvesAndTrailingOctets) {
  const std::string der = NewKey().public_key().spki_der();
  EXPECT_OK(PublicKey::FromSpkiDer(der));
  EXPECT_FALSE(PublicKey::FromSpkiDer(der + '\0').ok());
  EXPECT_FALSE(PublicKey::FromSpkiDer(der.substr(1)).ok());
  EXPECT_FALSE(PublicKey::FromSpkiDer("").ok());
  const EvpKey other(EVP_EC_gen("P-384"));
  unsigned char* octets = nullptr;
  const int size = i2d_PUBKEY(other.get(), &octets);
  const std::string p384(reinterpret_cast<char*>(octets), static_cast<size_t>(size));
  OPENSSL_free(octets);
  EXPECT_THAT(PublicKey::FromSpkiDer(p384), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("P-256")));
}

TEST(PublicKeyTest, RefusesMalformedSignatures) {
  const SigningKey key = NewKey();
  const std::string good = key.Sign("message").value();
  EXPECT_OK(key.public_key().Verify("message", good));
  for (const std::string& bad : {std::string(), std::string("x"), good + "x", good.substr(1), std::string(64, '\0')}) {
    EXPECT_THAT(key.public_key().Verify("message", bad), StatusIs(absl::StatusCode::kUnauthenticated));
  }
}

TEST(Ed25519Test, WritesTheKeyThatItReads) {
  const auto key = Ed25519Key::FromSeed(SecretBytes(std::string(kEd25519SeedSize, 's')));
  ASSERT_OK(key);
  const auto pem = key->ToPem();
  ASSERT_OK(pem);
  const auto again = Ed25519Key::FromPem(*pem);
  ASSERT_OK(again);
  EXPECT_EQ(again->public_key(), key->public_key());
  EXPECT_THAT(std::string(pem->RevealForCrypto()), ::testing::HasSubstr("-----BEGIN PRIVATE KEY-----"));
}

TEST(Ed25519Test, MatchesRfc8032) {
  const auto key = Ed25519Key::FromSeed(
      SecretBytes(HexDecode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").value()));
  ASSERT_OK(key);
  EXPECT_EQ(HexEncode(key->public_key()), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  const std::string signature = key->Sign("").value();
  EXPECT_EQ(HexEncode(signature),
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f059"
            "5bbe24655141438e7a100b");
  EXPECT_OK(Ed25519Verify(key->public_key(), "", signature));
  EXPECT_THAT(Ed25519Verify(key->public_key(), "x", signature), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_FALSE(Ed25519Verify(key->public_key(), "", signature.substr(1)).ok());
  EXPECT_THAT(Ed25519Verify("short", "", signature), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_FALSE(Ed25519Key::FromSeed(SecretBytes(std::string(31, 's'))).ok());
}

TEST(KeyTest, RefusesAKeyOfTheOtherKind) {
  const std::string pem = TestPki().Issue("spiffe://derwent.example/broker/one").key_pem;
  EXPECT_FALSE(Ed25519Key::FromPem(SecretBytes::CopyOf(pem)).ok());
  EXPECT_FALSE(SigningKey::FromPem(SecretBytes::CopyOf("not a key")).ok());
  EXPECT_FALSE(SigningKey::FromPem(SecretBytes()).ok());
}

TEST(KeyFileTest, RefusesAPrivateFileOpenToOthers) {
  std::string folder = absl::StrCat(::testing::TempDir(), "/key_file_XXXXXX");
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/key.pem";
  std::ofstream(path) << "content";
  for (const mode_t mode : {0640, 0604, 0620, 0666}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    EXPECT_THAT(ReadSecretFile(path), StatusIs(absl::StatusCode::kPermissionDenied));
  }
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  EXPECT_EQ(ReadSecretFile(path)->RevealForCrypto(), "content");
  EXPECT_THAT(ReadFile(path, 3), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ReadSecretFile(folder), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ReadSecretFile(path + "x"), StatusIs(absl::StatusCode::kNotFound));
  unlink(path.c_str());
  rmdir(folder.c_str());
}

}  // namespace
}  // namespace derwent::trust
