#include "agents/sdk/seal/hpke.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/params.h>

#include <utility>

#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"
#include "trust/secret/aead.h"
#include "trust/secret/hkdf.h"
#include "trust/secret/openssl_handle.h"

namespace derwent::agents {
namespace {

using trust::EvpKey;
using trust::EvpKeyContext;
using trust::Octets;
using trust::OpensslError;
using trust::SecretBytes;

constexpr size_t kHashSize = 32;

std::string Big16(size_t value) { return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)}; }
// Suite identifiers of RFC 9180 sections 4.1 and 5.1: KEM 0x0010, KDF 0x0001, AEAD 0x0002.
std::string KemSuite() { return absl::StrCat("KEM", Big16(0x0010)); }
std::string HpkeSuite() { return absl::StrCat("HPKE", Big16(0x0010), Big16(0x0001), Big16(0x0002)); }

absl::StatusOr<SecretBytes> LabeledExtract(absl::string_view suite, absl::string_view salt, absl::string_view label,
                                           absl::string_view ikm) {
  const SecretBytes labeled(absl::StrCat("HPKE-v1", suite, label, ikm));
  return trust::HkdfExtract(salt, labeled);
}

absl::StatusOr<SecretBytes> LabeledExpand(absl::string_view suite, const SecretBytes& prk, absl::string_view label,
                                          absl::string_view info, size_t size) {
  return trust::HkdfExpand(prk, absl::StrCat(Big16(size), "HPKE-v1", suite, label, info), size);
}

// Uncompressed point, 65 octets.
absl::StatusOr<std::string> PointOf(EVP_PKEY* key) {
  unsigned char* octets = nullptr;
  const size_t size = EVP_PKEY_get1_encoded_public_key(key, &octets);
  std::string point(reinterpret_cast<char*>(octets), size);
  OPENSSL_free(octets);
  if (point.size() != kHpkeEncSize || point[0] != '\4')
    return absl::InternalError("a P-256 point is not 65 octets long");
  return point;
}

absl::StatusOr<EvpKey> KeyOfPoint(absl::string_view point) {
  char group[] = "prime256v1";
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, const_cast<char*>(point.data()),
                                        point.size()),  // NOLINT(cppcoreguidelines-pro-type-const-cast): C interface
      OSSL_PARAM_construct_end()};
  const EvpKeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
    return OpensslError("the encapsulated key is not a point of P-256", absl::StatusCode::kDataLoss);
  }
  return EvpKey(key);
}

absl::StatusOr<SecretBytes> Agree(EVP_PKEY* own, EVP_PKEY* peer) {
  const EvpKeyContext context(EVP_PKEY_CTX_new(own, nullptr));
  size_t size = kHashSize;
  std::string secret(size, '\0');
  if (EVP_PKEY_derive_init(context.get()) != 1 || EVP_PKEY_derive_set_peer(context.get(), peer) != 1 ||
      EVP_PKEY_derive(context.get(), Octets(secret), &size) != 1 || size != kHashSize) {
    return OpensslError("key agreement failed", absl::StatusCode::kDataLoss);
  }
  return SecretBytes(std::move(secret));
}

struct Schedule {
  SecretBytes key;
  std::string nonce;
};

// RFC 9180 sections 4.1 (ExtractAndExpand) and 5.1 (KeySchedule, base mode).
absl::StatusOr<Schedule> KeySchedule(const SecretBytes& dh, absl::string_view kem_context, absl::string_view info) {
  const std::string kem = KemSuite();
  const std::string suite = HpkeSuite();
  ASSIGN_OR_RETURN(const SecretBytes eae, LabeledExtract(kem, "", "eae_prk", dh.RevealForCrypto()));
  ASSIGN_OR_RETURN(const SecretBytes shared, LabeledExpand(kem, eae, "shared_secret", kem_context, kHashSize));
  ASSIGN_OR_RETURN(const SecretBytes psk_id_hash, LabeledExtract(suite, "", "psk_id_hash", ""));
  ASSIGN_OR_RETURN(const SecretBytes info_hash, LabeledExtract(suite, "", "info_hash", info));
  const std::string context =
      absl::StrCat(absl::string_view("\0", 1), psk_id_hash.RevealForCrypto(), info_hash.RevealForCrypto());
  ASSIGN_OR_RETURN(const SecretBytes secret, LabeledExtract(suite, shared.RevealForCrypto(), "secret", ""));
  ASSIGN_OR_RETURN(SecretBytes key, LabeledExpand(suite, secret, "key", context, trust::kAeadKeySize));
  ASSIGN_OR_RETURN(const SecretBytes nonce, LabeledExpand(suite, secret, "base_nonce", context, trust::kAeadNonceSize));
  return Schedule{.key = std::move(key), .nonce = std::string(nonce.RevealForCrypto())};
}

absl::StatusOr<std::string> SealFrom(EVP_PKEY* ephemeral, const trust::PublicKey& recipient, absl::string_view info,
                                     absl::string_view associated, absl::string_view plaintext) {
  ASSIGN_OR_RETURN(const std::string enc, PointOf(ephemeral));
  ASSIGN_OR_RETURN(const std::string target, PointOf(recipient.handle()));
  ASSIGN_OR_RETURN(const SecretBytes dh, Agree(ephemeral, recipient.handle()));
  ASSIGN_OR_RETURN(const Schedule schedule, KeySchedule(dh, enc + target, info));
  ASSIGN_OR_RETURN(const std::string sealed, trust::AeadSeal(schedule.key, schedule.nonce, associated, plaintext));
  return enc + sealed;
}

}  // namespace

absl::StatusOr<std::string> HpkeSeal(const trust::PublicKey& recipient, absl::string_view info,
                                     absl::string_view associated, absl::string_view plaintext) {
  const EvpKey ephemeral(EVP_EC_gen("P-256"));
  if (ephemeral == nullptr) return OpensslError("cannot make an ephemeral key");
  return SealFrom(ephemeral.get(), recipient, info, associated, plaintext);
}

absl::StatusOr<std::string> HpkeSealWithEphemeral(const trust::SigningKey& ephemeral, const trust::PublicKey& recipient,
                                                  absl::string_view info, absl::string_view associated,
                                                  absl::string_view plaintext) {
  return SealFrom(ephemeral.handle(), recipient, info, associated, plaintext);
}

absl::StatusOr<std::string> HpkeOpen(const trust::SigningKey& recipient, absl::string_view info,
                                     absl::string_view associated, absl::string_view sealed) {
  if (sealed.size() < kHpkeEncSize + trust::kAeadTagSize) return absl::DataLossError("the sealed text is too short");
  const absl::string_view enc = sealed.substr(0, kHpkeEncSize);
  ASSIGN_OR_RETURN(const EvpKey peer, KeyOfPoint(enc));
  ASSIGN_OR_RETURN(const std::string own, PointOf(recipient.handle()));
  ASSIGN_OR_RETURN(const SecretBytes dh, Agree(recipient.handle(), peer.get()));
  ASSIGN_OR_RETURN(const Schedule schedule, KeySchedule(dh, absl::StrCat(enc, own), info));
  return trust::AeadOpen(schedule.key, schedule.nonce, associated, sealed.substr(kHpkeEncSize));
}

}  // namespace derwent::agents
