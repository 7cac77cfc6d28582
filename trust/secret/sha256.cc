#include "trust/secret/sha256.h"

#include <cstdio>
#include <cstdlib>

#include "trust/secret/openssl_handle.h"

namespace derwent::trust {
namespace {

const EVP_MD* Algorithm() {
  static const EVP_MD* const kAlgorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return kAlgorithm;
}

EVP_MD_CTX* Context() {
  thread_local const EvpDigestContext kContext(EVP_MD_CTX_new());
  return kContext.get();
}

// SHA-256 cannot fail but for a broken library: nothing safe can follow.
void Must(int rc) {
  if (rc != 1) {
    static_cast<void>(std::fputs("SHA-256 is not available\n", stderr));
    std::abort();
  }
}

}  // namespace

Sha256Digest Sha256(absl::string_view octets) { return Sha256Parts({octets}); }

Sha256Digest Sha256Parts(std::initializer_list<absl::string_view> parts) {
  EVP_MD_CTX* const context = Context();
  Must(EVP_DigestInit_ex2(context, Algorithm(), nullptr));
  for (const absl::string_view part : parts) Must(EVP_DigestUpdate(context, part.data(), part.size()));
  Sha256Digest digest;
  Must(EVP_DigestFinal_ex(context, digest.data(), nullptr));
  return digest;
}

}  // namespace derwent::trust
