#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "derwent/v1/key_service.pb.h"

namespace derwent::agents {

// How far a chain of key events was followed. An event names the digest of the one before it: the last stands for all.
struct KnownChain {
  uint64_t length = 0;      // Events; 0: the agency was never read.
  std::string last_digest;  // Lowercase hex SHA-256 of the last one's payload.

  // Of all events of an answer.
  static KnownChain Of(const v1::AgencyKeys& keys);
  // Whether the answer tells every event that was known, and perhaps more.
  bool IsExtendedBy(const v1::AgencyKeys& keys) const;
};

// What must outlive a restart of the agencies' chains: else a broker could show a shorter one afterwards, such as one
// without the event that revoked a key. As thread-safe as what it reads and writes.
class KeyMemory {
 public:
  // A single value by its name; empty: there is none.
  using Read = std::function<absl::StatusOr<std::string>(const std::string& name)>;
  using Write = std::function<absl::Status(const std::string& name, const std::string& value)>;

  // Remembers nothing beyond the process.
  KeyMemory() = default;
  KeyMemory(Read read, Write write) : read_(std::move(read)), write_(std::move(write)) {}

  // Errors: of reading; kDataLoss: what is kept is no chain.
  absl::StatusOr<KnownChain> Find(const std::string& agency) const;
  // Error: of writing.
  absl::Status Keep(const std::string& agency, const KnownChain& chain) const;

 private:
  Read read_;
  Write write_;
};

}  // namespace derwent::agents
