#pragma once

#include <atomic>
#include <memory>

#include "absl/status/statusor.h"
#include "grpcpp/server.h"

#include "agents/daemon/context/config.h"
#include "agents/daemon/daemon.h"
#include "agents/daemon/services/audit_service.h"
#include "agents/daemon/services/door.h"
#include "agents/daemon/services/emergency_service.h"
#include "agents/daemon/services/request_service.h"
#include "agents/daemon/services/rights_service.h"
#include "agents/daemon/services/service.h"
#include "prometheus/exposer.h"

namespace derwent::agents {

// The agent's local endpoints: gRPC over mutual TLS, with certificates read again as their files change, and metrics on
// loopback. Writes the chosen ports to the port files, each by rename. What it takes is bounded: octets and calls of
// one connection, threads and memory of all (LocalLimits); what one person may ask, by Door.
class LocalServer {
 public:
  // Borrows the daemon. Errors: kUnavailable a port cannot be bound; of the port files; kInvalidArgument metrics not on
  // loopback.
  static absl::StatusOr<std::unique_ptr<LocalServer>> Start(const AgentConfig& config, AgentDaemon& daemon);
  ~LocalServer();

  // Health says NOT_SERVING, then calls in progress get a few seconds.
  void Stop();
  int port() const { return port_; }

 private:
  LocalServer(const AgentConfig& config, AgentDaemon& daemon);

  std::atomic<bool> draining_ = false;
  Currency currency_;
  Door door_;
  AgentServiceGrpc service_;
  AgentRequestServiceGrpc requests_;
  AgentEmergencyServiceGrpc emergencies_;
  AgentAuditServiceGrpc audit_;
  AgentRightsServiceGrpc rights_;
  AgentHealth health_;
  std::unique_ptr<prometheus::Exposer> exposer_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace derwent::agents
