#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"

#include "agents/witness/witness.h"

namespace httplib {
class Server;
}

namespace derwent::agents {

// A witness over HTTP (C2SP tlog-witness): `POST /add-checkpoint`, `GET /<digest of origin>/checkpoint`. Everything it
// takes and gives is public and signed: it asks for no identity. Put TLS before it where it leaves the machine.
class WitnessServer {
 public:
  // `listen`: host:port, port 0 lets the system choose. `witness` must outlive it. Error: kUnavailable.
  static absl::StatusOr<std::unique_ptr<WitnessServer>> Start(const std::string& listen, Witness& witness);
  WitnessServer(const WitnessServer&) = delete;
  WitnessServer& operator=(const WitnessServer&) = delete;
  // Ends after the requests that run.
  ~WitnessServer();
  int port() const { return port_; }

 private:
  explicit WitnessServer(std::unique_ptr<httplib::Server> server);
  std::unique_ptr<httplib::Server> server_;
  int port_ = 0;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

}  // namespace derwent::agents
