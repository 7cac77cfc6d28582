#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "broker/server/configuration.h"

namespace derwent::server {

struct ReplayReport {
  uint64_t decisions = 0;              // Decided again, alike or not.
  uint64_t missing = 0;                // Under a policy or registers that are not at hand.
  std::vector<std::string> different;  // Index and what differs; nothing personal.
};

// Decides every question that the configured database's ledger holds once more, at its own instant, and compares with
// its entry: the digest of the question, what became of each category, the agreement, the outcome. Policy and registers
// are those in force before the entry, as the database keeps them, judged as they were then (exchange/past.h). Opens
// the database as a broker does. Errors: of the files, naming each; kDataLoss the database is not sound.
absl::StatusOr<ReplayReport> Replay(const Configuration& configuration, absl::Time now);

}  // namespace derwent::server
