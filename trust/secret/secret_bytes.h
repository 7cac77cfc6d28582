#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace derwent::trust {

// Secret octets: wiped on destruction, compared in constant time, never printed. Move-only. Not thread-safe for
// writing.
class SecretBytes {
 public:
  SecretBytes() = default;
  // Takes `octets` over and wipes the source.
  explicit SecretBytes(std::string&& octets);
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  static SecretBytes CopyOf(absl::string_view octets);

  size_t size() const { return octets_.size(); }
  bool empty() const { return octets_.empty(); }
  // The octets, for a cryptographic call only. Every use is found by searching for this name.
  absl::string_view RevealForCrypto() const { return octets_; }

  // Constant time for equal sizes.
  friend bool operator==(const SecretBytes& a, const SecretBytes& b);

 private:
  void Wipe();
  std::string octets_;
};

}  // namespace derwent::trust
