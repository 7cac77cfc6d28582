#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "broker/rpc/services.h"
#include "broker/server/configuration.h"

namespace derwent::server {

// What callers see of the broker: every service of the contract over mutual TLS, with its limits.
class Front {
 public:
  // Borrows the configuration, the runner and what the witnesses' parts point to.
  static std::unique_ptr<Front> Make(const Configuration& configuration, rpc::Runner& runner,
                                     const std::string& log_vkey, rpc::Witnesses witnesses);
  virtual ~Front() = default;

  // From when it returns, and a little before, calls come. Error: kUnavailable the address.
  virtual absl::Status Serve() = 0;

  // Once it serves.
  virtual int port() const = 0;
  virtual rpc::HealthService& health() = 0;
  // If it serves: takes no new calls; those in progress are given `grace` and then cancelled.
  virtual void ShutDown(absl::Duration grace) = 0;
  // Until every call has ended.
  virtual void Wait() = 0;
};

}  // namespace derwent::server
