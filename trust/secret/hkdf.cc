#include "trust/secret/hkdf.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <memory>
#include <string>
#include <utility>

#include "trust/secret/openssl_handle.h"

namespace derwent::trust {
namespace {

constexpr size_t kHashSize = 32;

absl::StatusOr<SecretBytes> Hkdf(int mode, absl::string_view salt, const SecretBytes& key, absl::string_view info,
                                 size_t size) {
  const std::unique_ptr<EVP_KDF, Freed<EVP_KDF_free>> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const std::unique_ptr<EVP_KDF_CTX, Freed<EVP_KDF_CTX_free>> context(EVP_KDF_CTX_new(kdf.get()));
  char digest[] = "SHA256";
  // OpenSSL's parameters are not const; it only reads them.
  const auto octets = [](absl::string_view text) {
    return const_cast<char*>(text.data());
  };  // NOLINT(cppcoreguidelines-pro-type-const-cast): C interface
  OSSL_PARAM parameters[6];
  size_t count = 0;
  parameters[count++] = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode);
  parameters[count++] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
  parameters[count++] =
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, octets(key.RevealForCrypto()), key.size());
  if (!salt.empty())
    parameters[count++] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, octets(salt), salt.size());
  if (!info.empty())
    parameters[count++] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, octets(info), info.size());
  parameters[count] = OSSL_PARAM_construct_end();
  std::string out(size, '\0');
  if (EVP_KDF_derive(context.get(), Octets(out), size, parameters) != 1) return OpensslError("HKDF failed");
  return SecretBytes(std::move(out));
}

}  // namespace

absl::StatusOr<SecretBytes> HkdfExtract(absl::string_view salt, const SecretBytes& key) {
  return Hkdf(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, salt, key, "", kHashSize);
}

absl::StatusOr<SecretBytes> HkdfExpand(const SecretBytes& extracted, absl::string_view info, size_t size) {
  return Hkdf(EVP_KDF_HKDF_MODE_EXPAND_ONLY, "", extracted, info, size);
}

}  // namespace derwent::trust
