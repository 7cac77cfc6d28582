#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "broker/server/configuration.h"

namespace derwent::server {

// A running broker: wires store, ledger, writer, services and watcher, and takes them down in order.
class Broker {
 public:
  // Opens everything and serves. Refuses to start on a policy that is unsigned, stripped or broken, on a log that
  // contradicts itself, on a missing or outdated revocation list. Errors say which file and why.
  static absl::StatusOr<std::unique_ptr<Broker>> Start(Configuration configuration);
  virtual ~Broker() = default;
  // The port served on.
  virtual int port() const = 0;
  // Refuses new calls, ends the long polls, finishes what runs, then store last. Blocks.
  virtual void Stop() = 0;
};

}  // namespace derwent::server
