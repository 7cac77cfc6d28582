#include "trust/signature/ed25519.h"

#include <openssl/pem.h>

#include <utility>

#include "trust/base/status_macros.h"
#include "trust/signature/key_file.h"

namespace derwent::trust {

absl::StatusOr<Ed25519Key> Ed25519Key::FromHandle(EvpKey key) {
  if (key == nullptr || EVP_PKEY_is_a(key.get(), "ED25519") != 1) {
    return OpensslError("not an Ed25519 private key", absl::StatusCode::kInvalidArgument);
  }
  std::string public_key(kEd25519PublicKeySize, '\0');
  size_t size = public_key.size();
  if (EVP_PKEY_get_raw_public_key(key.get(), Octets(public_key), &size) != 1 || size != kEd25519PublicKeySize) {
    return OpensslError("cannot read an Ed25519 public key");
  }
  return Ed25519Key(std::move(key), std::move(public_key));
}

absl::StatusOr<Ed25519Key> Ed25519Key::FromPem(const SecretBytes& pem) {
  const absl::string_view text = pem.RevealForCrypto();
  const BioHandle bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  return FromHandle(EvpKey(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr)));
}

absl::StatusOr<Ed25519Key> Ed25519Key::FromFile(absl::string_view path) {
  ASSIGN_OR_RETURN(const SecretBytes pem, ReadSecretFile(path));
  return FromPem(pem);
}

absl::StatusOr<Ed25519Key> Ed25519Key::FromSeed(const SecretBytes& seed) {
  const absl::string_view octets = seed.RevealForCrypto();
  return FromHandle(EvpKey(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, Octets(octets), octets.size())));
}

absl::StatusOr<SecretBytes> Ed25519Key::ToPem() const {
  const BioHandle bio(BIO_new(BIO_s_secmem()));  // Wiped when freed.
  const char* text = nullptr;
  if (bio == nullptr ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return OpensslError("cannot write an Ed25519 private key");
  }
  const auto size = static_cast<size_t>(BIO_get_mem_data(bio.get(), &text));
  return SecretBytes::CopyOf({text, size});
}

absl::StatusOr<std::string> Ed25519Key::Sign(absl::string_view message) const {
  const EvpDigestContext context(EVP_MD_CTX_new());
  std::string signature(kEd25519SignatureSize, '\0');
  size_t size = signature.size();
  if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), Octets(signature), &size, Octets(message), message.size()) != 1) {
    return OpensslError("cannot sign with Ed25519");
  }
  return signature;
}

absl::Status Ed25519Verify(absl::string_view public_key, absl::string_view message, absl::string_view signature) {
  const EvpKey key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Octets(public_key), public_key.size()));
  const EvpDigestContext context(EVP_MD_CTX_new());
  if (key == nullptr || EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1) {
    return OpensslError("not an Ed25519 public key", absl::StatusCode::kInvalidArgument);
  }
  if (EVP_DigestVerify(context.get(), Octets(signature), signature.size(), Octets(message), message.size()) == 1) {
    return absl::OkStatus();
  }
  ERR_clear_error();
  return absl::UnauthenticatedError("the Ed25519 signature does not verify");
}

}  // namespace derwent::trust
