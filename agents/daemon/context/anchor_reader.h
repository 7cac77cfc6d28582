#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "agents/daemon/context/config.h"
#include "agents/daemon/context/context.h"
#include "trust/base/mutex.h"

namespace derwent::agents {

// Reads whom this agent believes, from the files of its configuration.
absl::StatusOr<std::shared_ptr<const CurrentAnchors::Roots>> LoadRoots(const AgentConfig& config, absl::Time now);

// Keeps `context.roots` as the files say. Thread-safe.
class AnchorReader {
 public:
  // Borrows both.
  AnchorReader(const AgentConfig& config, const AgentContext& context) : config_(config), context_(context) {}

  // Reads all. What is not sound, or goes back behind what was read before, changes nothing; the alarm
  // `TRUST_NOT_READ`. Error: why.
  absl::Status Read();
  // Likewise when the CRL or the CA is another file than when it was read last: cheap enough for every call.
  absl::Status ReadIfChanged();

 private:
  std::string Marks() const;
  absl::Status ReadNow(std::string marks) DERWENT_REQUIRES(mutex_);

  const AgentConfig& config_;
  const AgentContext& context_;
  Mutex mutex_;
  std::string read_ GUARDED_BY(mutex_);  // Marks of the files that were read last.
};

}  // namespace derwent::agents
