#include "trust/signature/signing_key.h"

#include <openssl/core_names.h>
#include <openssl/pem.h>

#include <utility>

#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"
#include "trust/signature/key_file.h"

namespace derwent::trust {
namespace {

bool IsP256(const EVP_PKEY* key) {
  char group[64] = {};
  size_t size = 0;
  return EVP_PKEY_is_a(key, "EC") == 1 &&
         EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, &size) == 1 &&
         absl::string_view(group, size) == "prime256v1";
}

absl::StatusOr<std::string> SpkiDer(const EVP_PKEY* key) {
  unsigned char* octets = nullptr;
  const int size = i2d_PUBKEY(key, &octets);
  if (size <= 0) return OpensslError("cannot encode a public key");
  std::string der(reinterpret_cast<char*>(octets), static_cast<size_t>(size));
  OPENSSL_free(octets);
  return der;
}

}  // namespace

PublicKey::PublicKey(std::shared_ptr<EVP_PKEY> key, std::string der)
    : key_(std::move(key)), spki_der_(std::move(der)), key_id_(Sha256(spki_der_).hex()) {}

absl::StatusOr<PublicKey> PublicKey::FromSpkiDer(absl::string_view der) {
  const unsigned char* next = Octets(der);
  EvpKey key(d2i_PUBKEY(nullptr, &next, static_cast<int64_t>(der.size())));
  if (key == nullptr || next != Octets(der) + der.size()) {
    return OpensslError("not a SubjectPublicKeyInfo", absl::StatusCode::kInvalidArgument);
  }
  if (!IsP256(key.get())) return absl::InvalidArgumentError("the key is not on curve P-256");
  ASSIGN_OR_RETURN(std::string again, SpkiDer(key.get()));
  return PublicKey(std::shared_ptr<EVP_PKEY>(std::move(key)), std::move(again));
}

absl::Status PublicKey::Verify(absl::string_view message, absl::string_view signature) const {
  thread_local const EvpDigestContext kContext(EVP_MD_CTX_new());
  EVP_MD_CTX_reset(kContext.get());
  if (EVP_DigestVerifyInit(kContext.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1) {
    return OpensslError("cannot verify a signature");
  }
  const int rc = EVP_DigestVerify(kContext.get(), Octets(signature), signature.size(), Octets(message), message.size());
  if (rc == 1) return absl::OkStatus();
  ERR_clear_error();
  return absl::UnauthenticatedError("the signature does not verify");
}

absl::StatusOr<SigningKey> SigningKey::FromPem(const SecretBytes& pem) {
  const absl::string_view text = pem.RevealForCrypto();
  const BioHandle bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  EvpKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (key == nullptr) return OpensslError("not a private key in PEM", absl::StatusCode::kInvalidArgument);
  if (!IsP256(key.get())) return absl::InvalidArgumentError("the key is not on curve P-256");
  ASSIGN_OR_RETURN(const std::string der, SpkiDer(key.get()));
  ASSIGN_OR_RETURN(PublicKey public_key, PublicKey::FromSpkiDer(der));
  return SigningKey(std::move(key), std::move(public_key));
}

absl::StatusOr<SigningKey> SigningKey::FromFile(absl::string_view path) {
  ASSIGN_OR_RETURN(const SecretBytes pem, ReadSecretFile(path));
  return FromPem(pem);
}

absl::StatusOr<std::string> SigningKey::Sign(absl::string_view message) const {
  const EvpDigestContext context(EVP_MD_CTX_new());
  size_t size = 0;
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, Octets(message), message.size()) != 1) {
    return OpensslError("cannot sign");
  }
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), Octets(signature), &size, Octets(message), message.size()) != 1) {
    return OpensslError("cannot sign");
  }
  signature.resize(size);
  return signature;
}

}  // namespace derwent::trust
