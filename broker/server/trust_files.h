#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "broker/exchange/command/world.h"
#include "broker/server/configuration.h"
#include "broker/witness/quorum.h"
#include "policy/loader/bundle.h"
#include "trust/identity/authority.h"
#include "trust/identity/revocation.h"

namespace derwent::server {

// What is wrong with the file that the configuration names under `key`.
absl::Status InFile(absl::string_view key, absl::string_view path, const absl::Status& status);
// What the broker believes, read from its own files.
absl::StatusOr<std::shared_ptr<const trust::Authority>> ReadAuthority(const Configuration& configuration);
absl::StatusOr<std::shared_ptr<const trust::RevocationSet>> ReadRevocations(const Configuration& configuration,
                                                                            const trust::Authority& authority,
                                                                            absl::Time now);
// The keys by which this log is believed: `log_key`, in use, and those before it that the file `log_keys` names. Error:
// kInvalidArgument; also of a file that names another key as the one in use.
absl::StatusOr<trust::LogKeys> ReadLogKeys(const Configuration& configuration, const trust::VerifierKey& log_key);
// The witnesses that must cosign. Error: kInvalidArgument naming the rule it breaks.
absl::StatusOr<std::shared_ptr<const witness::Quorum>> ReadQuorum(const Configuration& configuration,
                                                                  const trust::LogKeys& log_keys);
// Agency to the key id of its first signing key. Error: kInvalidArgument.
absl::StatusOr<std::map<std::string, std::string>> ReadAnchors(const std::string& path);
// Agency to those who may sign policy for it. Error: kInvalidArgument naming the line.
absl::StatusOr<std::map<std::string, std::set<std::string>>> ReadSignatories(const std::string& path);
// All of it, into an otherwise empty world.
absl::StatusOr<exchange::World> ReadTrust(const Configuration& configuration, absl::Time now);
// Reads, verifies and compiles the bundle directory.
absl::StatusOr<std::shared_ptr<const policy::Bundle>> ReadBundle(const std::string& directory,
                                                                 const policy::TrustRoots& roots, absl::Time now);

}  // namespace derwent::server
