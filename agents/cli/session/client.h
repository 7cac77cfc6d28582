#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "agents/sdk/channel/channel.h"
#include "trust/note/log_keys.h"

namespace derwent::cli {

// Whom a person calls, as whom, and what it believes of the ledger: a YAML file with `broker`, `broker_peer`, `agent`,
// `agent_peer`, `ca`, `certificate`, `key`, `log_vkey`, `quorum`, `origin`, `agency`. Paths are relative to its folder.
// `log_vkey` is the log's key, or a list with earlier ones, each as `VKEY@SIZE` (trust/note/log_keys.h).
// `quorum` is the agency's own copy of the witnesses' policy (C2SP tlog-policy); only what asks for witnesses needs it.
struct ClientConfiguration {
  std::string broker, broker_peer, agent, agent_peer, ca, certificate, key, quorum, origin, agency;
  std::vector<std::string> log_vkeys;
};

// Error: kInvalidArgument: no such file, or naming every key that is wrong or missing.
absl::StatusOr<ClientConfiguration> ReadClientConfiguration(const std::string& path);
// `--config`, else DERWENT_CONFIG, else `~/.config/derwent/client.yaml`.
std::string ConfigurationPath(const std::string& given);

// A person's connections, opened when first needed. Not thread-safe.
class Client {
 public:
  Client(ClientConfiguration configuration, absl::Duration timeout)
      : configuration_(std::move(configuration)), timeout_(timeout) {}

  absl::StatusOr<const agents::Channel*> Broker();
  absl::StatusOr<const agents::Channel*> Agent();
  // By which keys the log is believed. Error: kInvalidArgument.
  absl::StatusOr<trust::LogKeys> LogKeys() const;
  const ClientConfiguration& configuration() const { return configuration_; }
  agents::CallOptions options() const { return {.timeout = timeout_, .correlation_id = "", .traceparent = ""}; }

 private:
  absl::StatusOr<const agents::Channel*> Open(const std::string& target, const std::string& peer,
                                              std::unique_ptr<agents::Channel>& channel);
  ClientConfiguration configuration_;
  absl::Duration timeout_;
  std::unique_ptr<agents::Channel> broker_;
  std::unique_ptr<agents::Channel> agent_;
};

}  // namespace derwent::cli
