#pragma once

#include <memory>

#include "absl/status/statusor.h"

#include "agents/daemon/config.h"
#include "agents/daemon/log.h"
#include "agents/witness/witness.h"
#include "agents/witness/witness_server.h"
#include "trust/base/clock.h"

namespace derwent::agents {

// The agency as a witness, where its configuration names a key: state in `witness.db` of the state folder, the key for
// others' policies in `witness.vkey` beside it. Serves until destroyed.
struct Witnessing {
  std::unique_ptr<Witness> witness;
  std::unique_ptr<WitnessServer> server;

  // Nothing without a key. Errors: of the key, the log's key and the state, naming the file; kUnavailable the port.
  static absl::StatusOr<Witnessing> Start(const AgentConfig& config, const Clock& clock, Log& log);
};

}  // namespace derwent::agents
