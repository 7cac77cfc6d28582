#pragma once

#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"

#include "agents/daemon/context/config.h"
#include "agents/daemon/context/log.h"
#include "agents/daemon/daemon.h"
#include "agents/daemon/participant/checkpoint_carrier.h"
#include "agents/witness/witness.h"
#include "agents/witness/witness_server.h"

namespace derwent::agents {

// The agency as a witness, where its configuration names a key: state in `witness.db` of the state folder, the key for
// others' policies in `witness.vkey` beside it. Serves over HTTP, and where the quorum policy asks for this witness,
// cosigns what the broker offers, until destroyed.
class Witnessing {
 public:
  // Nothing without a key. Borrows what `context` borrows. Errors: of the key and the state, naming the file;
  // kUnavailable the port.
  static absl::StatusOr<std::unique_ptr<Witnessing>> Start(const AgentConfig& config, const AgentContext& context);
  Witnessing(const Witnessing&) = delete;
  Witnessing& operator=(const Witnessing&) = delete;
  // Call Broker::StopWaiting before, or wait for the poll to end.
  ~Witnessing();

 private:
  explicit Witnessing(const AgentContext& context) : context_(context) {}
  void Carry();

  const AgentContext& context_;
  std::string origin_;
  std::unique_ptr<Witness> witness_;
  std::unique_ptr<WitnessServer> server_;
  StopSignal stop_;
  std::thread thread_;
};

}  // namespace derwent::agents
