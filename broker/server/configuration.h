#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "broker/exchange/command/world.h"

namespace derwent::server {

// The broker's configuration: a YAML file; every limit has a name and a default. Paths are relative to the file's
// folder.
struct Configuration {
  std::string listen = "localhost:0";  // host:port; port 0: any free one.
  std::string port_file;               // The chosen port is written here, then renamed into place.
  std::string certificate, key, ca;    // PEM: server chain, its key (0600), roots and issuing authorities.
  std::string trust_domain = "derwent.example";
  std::string crl;           // PEM revocation lists; read again when the file changes.
  std::string database;      // SQLite file.
  std::string backup_keys;   // Folder of the keys of backups; empty: `backup-keys` beside the database.
  std::string log_key;       // Ed25519 PKCS#8 PEM (0600).
  std::string next_log_key;  // Likewise: the key that is to follow; empty: none. Both sign until it has.
  std::string log_keys;  // trust/note/log_keys.h: the log's key and those before it, each with its last size; empty: it
                         // had none.
  std::string origin;    // First line of checkpoints and name of the log's key.
  std::string index_key;                        // 32 octets or more (0600).
  std::vector<std::string> earlier_index_keys;  // Likewise; none may be left out while its entries are kept.
  std::string policy;                           // Bundle directory.
  std::string signatories;                      // Lines `agency person-id`: who may sign policy.
  std::string anchors;                          // JSON object: agency to key id of its first signing key.
  std::string quorum;           // tlog-policy file: the witnesses that must cosign; `quorum none` must be written down.
  std::string operator_agency;  // Whose own witnesses must not be a quorum; needed unless `quorum none`.
  absl::Duration witness_limit = absl::Seconds(900);  // Entries without their quorum this long: releases stop.
  // A backup's key is destroyed after so long, and with it every copy of the backup.
  absl::Duration backup_lifetime = absl::Hours(24 * 30);
  int bundle_quorum = 2;
  std::string metrics;  // Loopback host:port; empty: none.
  bool reflection = false;
  exchange::Limits limits;
  size_t workers = 4;
  size_t most_waiting_calls = 4096;
  size_t most_outstanding = 4096;
  size_t most_waiting_octets = size_t{256} << 20;  // Of requests, from when they are read until their calls are over.
  size_t memory_octets = size_t{512} << 20;        // Of gRPC, for what it receives and sends.
  int most_connection_streams = 512;
  absl::Duration longest_connection = absl::Hours(1);
  absl::Duration shutdown_grace = absl::Seconds(5);
};

// Errors: kInvalidArgument naming every wrong or missing key at once; kNotFound.
absl::StatusOr<Configuration> ReadConfiguration(const std::string& path);

}  // namespace derwent::server
