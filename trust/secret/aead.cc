#include "trust/secret/aead.h"

#include <climits>

#include "absl/status/status.h"

#include "trust/base/status_macros.h"
#include "trust/secret/openssl_handle.h"

namespace derwent::trust {
namespace {

absl::Status CheckSizes(const EVP_CIPHER* cipher, const SecretBytes& key, absl::string_view nonce, size_t text) {
  if (key.size() != static_cast<size_t>(EVP_CIPHER_get_key_length(cipher)))
    return absl::InvalidArgumentError(
        "the key has not the length of its cipher: 16 octets AES-128-GCM, 32 AES-256-GCM");
  if (nonce.size() != kAeadNonceSize) return absl::InvalidArgumentError("an AES-GCM nonce is 12 octets long");
  if (text > INT_MAX) return absl::InvalidArgumentError("the text is over 2 GiB");
  return absl::OkStatus();
}

absl::StatusOr<std::string> Seal(const EVP_CIPHER* cipher, const SecretBytes& key, absl::string_view nonce,
                                 absl::string_view associated, absl::string_view plaintext) {
  RETURN_IF_ERROR(CheckSizes(cipher, key, nonce, plaintext.size()));
  const EvpCipherContext context(EVP_CIPHER_CTX_new());
  std::string sealed(plaintext.size() + kAeadTagSize, '\0');
  int size = 0;
  int last = 0;
  if (EVP_EncryptInit_ex(context.get(), cipher, nullptr, Octets(key.RevealForCrypto()), Octets(nonce)) != 1 ||
      EVP_EncryptUpdate(context.get(), nullptr, &size, Octets(associated), static_cast<int>(associated.size())) != 1 ||
      EVP_EncryptUpdate(context.get(), Octets(sealed), &size, Octets(plaintext), static_cast<int>(plaintext.size())) !=
          1 ||
      EVP_EncryptFinal_ex(context.get(), Octets(sealed) + size, &last) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kAeadTagSize, Octets(sealed) + plaintext.size()) != 1) {
    return OpensslError("AES-GCM seal failed");
  }
  return sealed;
}

absl::StatusOr<std::string> Open(const EVP_CIPHER* cipher, const SecretBytes& key, absl::string_view nonce,
                                 absl::string_view associated, absl::string_view sealed) {
  RETURN_IF_ERROR(CheckSizes(cipher, key, nonce, sealed.size()));
  if (sealed.size() < kAeadTagSize) return absl::DataLossError("the sealed text is shorter than its tag");
  const absl::string_view text = sealed.substr(0, sealed.size() - kAeadTagSize);
  std::string tag(sealed.substr(text.size()));
  std::string plaintext(text.size(), '\0');
  const EvpCipherContext context(EVP_CIPHER_CTX_new());
  int size = 0;
  int last = 0;
  if (EVP_DecryptInit_ex(context.get(), cipher, nullptr, Octets(key.RevealForCrypto()), Octets(nonce)) != 1 ||
      EVP_DecryptUpdate(context.get(), nullptr, &size, Octets(associated), static_cast<int>(associated.size())) != 1 ||
      EVP_DecryptUpdate(context.get(), Octets(plaintext), &size, Octets(text), static_cast<int>(text.size())) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kAeadTagSize, tag.data()) != 1 ||
      EVP_DecryptFinal_ex(context.get(), Octets(plaintext) + size, &last) != 1) {
    ERR_clear_error();
    return absl::DataLossError("the sealed text does not open: key, nonce, associated data or text differ");
  }
  return plaintext;
}

}  // namespace

absl::StatusOr<std::string> AeadSeal(const SecretBytes& key, absl::string_view nonce, absl::string_view associated,
                                     absl::string_view plaintext) {
  return Seal(EVP_aes_256_gcm(), key, nonce, associated, plaintext);
}

absl::StatusOr<std::string> AeadOpen(const SecretBytes& key, absl::string_view nonce, absl::string_view associated,
                                     absl::string_view sealed) {
  return Open(EVP_aes_256_gcm(), key, nonce, associated, sealed);
}

absl::StatusOr<std::string> Aead128Seal(const SecretBytes& key, absl::string_view nonce, absl::string_view associated,
                                        absl::string_view plaintext) {
  return Seal(EVP_aes_128_gcm(), key, nonce, associated, plaintext);
}

absl::StatusOr<std::string> Aead128Open(const SecretBytes& key, absl::string_view nonce, absl::string_view associated,
                                        absl::string_view sealed) {
  return Open(EVP_aes_128_gcm(), key, nonce, associated, sealed);
}

}  // namespace derwent::trust
