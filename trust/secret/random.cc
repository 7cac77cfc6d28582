#include "trust/secret/random.h"

#include <openssl/rand.h>

#include <cstdio>
#include <cstdlib>

namespace derwent::trust {

std::string Random::Bytes(size_t count) {
  std::string bytes(count, '\0');
  Fill(absl::MakeSpan(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()));
  return bytes;
}

Uuid Random::NewUuid() {
  std::array<uint8_t, 16> octets{};
  Fill(absl::MakeSpan(octets));
  return Uuid::FromRandom(octets);
}

Uuid Random::NewOrderedUuid(absl::Time time) {
  std::array<uint8_t, 16> octets{};
  Fill(absl::MakeSpan(octets));
  return Uuid::FromTime(time, octets);
}

void SystemRandom::Fill(absl::Span<uint8_t> octets) {
  if (RAND_bytes(octets.data(), static_cast<int>(octets.size())) != 1) {
    static_cast<void>(std::fputs("the system gives no randomness\n", stderr));
    std::abort();
  }
}

}  // namespace derwent::trust
