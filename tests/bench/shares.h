#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "agents/daemon/daemon.h"
#include "agents/sdk/broker/grpc_broker.h"
#include "agents/sdk/channel/channel.h"

namespace derwent::bench {

// One agency's agent in this process, over real TLS, driven step by step.
struct BenchAgent {
  // `run` is a folder that deploy/example/lay_out.sh made. Errors: of the files.
  static absl::StatusOr<std::unique_ptr<BenchAgent>> Open(const std::string& run, const std::string& agency);

  SystemClock clock;
  trust::SystemRandom random;
  agents::AgentConfig config;
  std::unique_ptr<agents::Log> log;
  std::unique_ptr<agents::Channel> channel;
  std::unique_ptr<agents::GrpcBroker> broker;
  std::unique_ptr<agents::AgentDaemon> daemon;
};

// The sender and the one recipient; each has published its keys and directory and read the other's.
struct Parties {
  std::unique_ptr<BenchAgent> sender;
  std::unique_ptr<BenchAgent> recipient;
};
absl::StatusOr<Parties> OpenParties(const std::string& run);

// `count` finished SubmitReferralRequests of shares of their own: the victim of `sample` (a referral document), one
// recipient, three units, planned with the broker once and sealed and signed one by one.
absl::StatusOr<std::vector<std::string>> MakeShares(BenchAgent& sender, const std::string& sample, int count);

}  // namespace derwent::bench
