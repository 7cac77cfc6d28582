#include "trust/secret/hmac.h"

#include <openssl/hmac.h>

#include <cstdio>
#include <cstdlib>

#include "trust/secret/openssl_handle.h"

namespace derwent::trust {

Sha256Digest HmacSha256(const SecretBytes& key, absl::string_view message) {
  Sha256Digest digest;
  unsigned int size = 0;
  const absl::string_view octets = key.RevealForCrypto();
  if (HMAC(EVP_sha256(), octets.data(), static_cast<int>(octets.size()), Octets(message), message.size(), digest.data(),
           &size) == nullptr ||
      size != Sha256Digest::kSize) {
    static_cast<void>(std::fputs("HMAC-SHA-256 is not available\n", stderr));
    std::abort();
  }
  return digest;
}

}  // namespace derwent::trust
