#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "agents/register/person_register.h"
#include "agents/sdk/anchors.h"

namespace derwent::agents {

// The agency's participant key: it signs a checkpoint only after the agency held the ledger against what it knows
// itself.
struct ParticipantConfig {
  std::string key;                           // Ed25519, PKCS#8; made where there is none.
  absl::Duration every = absl::Seconds(60);  // How often it looks for a checkpoint to sign.
  absl::Duration grace = absl::Minutes(10);  // For the receipt of what was sent.
  uint64_t first_entry = 0;                  // Entries below it are not checked.
  std::set<uint64_t> accepted_entries;       // Found wrong, looked into, and passed over from now on.
};

// What the local service takes.
struct LocalLimits {
  int call_octets = 64 << 20;     // Of one call: a referral with 30 subjects' records.
  int connection_calls = 128;     // At once, of one connection; more wait at the client.
  int threads = 256;              // Of the server; more calls are refused.
  int memory_octets = 512 << 20;  // Of the server, for what is read and written.
  int calls_at_once = 16;         // Of one person.
  int dear_calls_a_minute = 300;  // Of one person: those that search, export, or plan at the broker.
};

// What `derwent-agent serve --config FILE` reads: one JSON object; README.md lists every member. Relative paths start
// at the file's folder. An unknown member is an error: a misspelt one must not be a default.
struct AgentConfig {
  std::string agency;
  std::string state_dir;
  // The broker, and this agent's own TLS identity.
  std::string broker_target;
  std::string broker_peer;
  std::string tls_certificate;
  std::string tls_key;
  // Whom it believes.
  AnchorFiles anchors;
  std::string signatories;  // Lines `agency person-id`: who may sign policy.
  int bundle_quorum = 2;
  std::string quorum;  // tlog-policy file: the witnesses that must cosign; `quorum none` must be written down.
  absl::Duration witness_limit = absl::Seconds(900);  // Entries without their quorum this long: nothing is released.
  std::set<std::string> accepted_forks;               // Proofs against the log that were looked into (fork_latch.h).
  std::set<std::string> accepted_keys;  // Ids of keys that were asked about by another way (agents/sdk/keys.h).
  // Its own keys: key file, certificate file.
  std::pair<std::string, std::string> signing;
  std::vector<std::pair<std::string, std::string>> sealing;  // The newest first.
  std::map<std::string, std::string> reference_keys;         // By enclave.
  std::string directory;                                     // Protobuf text of its Directory; empty: kept elsewhere.
  std::string contact_role = "spoc";
  std::string contact_phone;
  std::string contact_email;
  // Where it listens; port 0 lets the system choose.
  std::string listen = "127.0.0.1:0";
  std::string port_file;
  LocalLimits limits;
  std::string metrics_listen;  // Loopback; empty: no metrics.
  std::string metrics_port_file;
  // The agency as a witness of the ledger; without a key it is none.
  std::string witness_key;   // Ed25519, PKCS#8.
  std::string witness_name;  // Of the key, for instance `dfrs.example/witness`.
  std::string witness_listen = "127.0.0.1:0";
  std::string witness_port_file;
  std::optional<ParticipantConfig> participant;  // With a witness only.
  // The agency's system.
  std::vector<SystemFile> system;  // Exports and views whose people this agent answers about; empty: nobody.
  absl::Duration system_oldest = absl::Minutes(15);  // A reading that was not made sure of for so long counts no more.
  std::string handover_folder;                       // Empty: only the local service.
  std::map<std::string, std::string> mappings;  // File name ending to mapping file of the `csv` or `json` connector.
  absl::Duration scan_interval = absl::Seconds(1);
  absl::Duration settle = absl::Seconds(2);
  absl::Duration sync_interval = absl::Seconds(15);

  // Error: kInvalidArgument naming every member that is missing, unknown or of the wrong type.
  static absl::StatusOr<AgentConfig> Parse(absl::string_view text, absl::string_view folder);
  static absl::StatusOr<AgentConfig> Load(const std::string& path);
};

}  // namespace derwent::agents
