#include "trust/secret/secret_bytes.h"

#include <openssl/crypto.h>

#include <utility>

namespace derwent::trust {

SecretBytes::SecretBytes(std::string&& octets) : octets_(octets) {
  OPENSSL_cleanse(octets.data(), octets.size());
  octets.clear();
}

// Copies, then wipes: a short string that is moved from keeps its octets.
SecretBytes::SecretBytes(SecretBytes&& other) noexcept : octets_(other.octets_.begin(), other.octets_.end()) {
  other.Wipe();
}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    Wipe();
    octets_ = other.octets_;
    other.Wipe();
  }
  return *this;
}

SecretBytes::~SecretBytes() { Wipe(); }

SecretBytes SecretBytes::CopyOf(absl::string_view octets) { return SecretBytes(std::string(octets)); }

void SecretBytes::Wipe() {
  OPENSSL_cleanse(octets_.data(), octets_.size());
  octets_.clear();
}

bool operator==(const SecretBytes& a, const SecretBytes& b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.octets_.data(), b.octets_.data(), a.size()) == 0;
}

}  // namespace derwent::trust
