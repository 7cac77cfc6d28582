#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "broker/exchange/command/world.h"
#include "broker/store/store.h"
#include "derwent/v1/dsse.pb.h"
#include "trust/entry/entry.h"

namespace derwent::exchange {

// Verifies a bundle as it was judged when it came into force at `then`: who signed it may have lapsed or been revoked
// since, or have left the signatories: `signed_by`, those of then, count beside today's. Where a revocation that is
// dated back would undo what was in force none counts, for what was in force was. Errors: of policy::LoadBundle.
absl::StatusOr<std::shared_ptr<const policy::Bundle>> LoadAsOf(const policy::Files& files, const World& trusted,
                                                               const Signatories& signed_by, absl::Time then);

// What of an entry the question, decided again under `world`, does not come to: words without personal data; empty:
// nothing.
std::string WhatDiffers(const trust::SealedFields& fields, const std::string& question, const World& world);
// Whether `world` is what the entry says was in force.
bool IsAtHand(const trust::SealedFields& fields, const World* world);

// The digest of every policy that was ever in force, from disk or activated, by its public entry. Errors: of the store.
absl::StatusOr<std::set<Sha256Digest>> PoliciesEverInForce(store::Reader& reader);

// The worlds of the ledger's past, made of its public entries and of what was archived when they came into force. A
// bundle counts as it did when it was entered: signatures are judged at that time, a certificate revoked since is no
// matter. Entries are best asked for in ledger order. Borrows both; `base` needs no bundle. Not thread-safe.
class PastWorlds {
 public:
  PastWorlds(const World& base, store::Reader& reader) : base_(base), reader_(reader) {}

  // What was in force before entry `index`; null: not at hand. Errors: of the store.
  absl::StatusOr<std::shared_ptr<const World>> Before(uint64_t index);
  // The bundle's files then, whether or not they verify still; nullopt: not at hand.
  absl::StatusOr<std::optional<policy::Files>> FilesBefore(uint64_t index);

 private:
  // A change that was entered: of the policy, or of an agency's directory.
  struct Change {
    uint64_t index = 0;
    std::string body;    // of a policy's entry
    std::string agency;  // of a directory's
    Sha256Digest directory;
  };
  absl::Status ReadChanges();
  // Takes the changes before `index`.
  absl::Status MoveTo(uint64_t index);
  absl::StatusOr<std::shared_ptr<const World>> Make();
  absl::StatusOr<std::shared_ptr<const policy::Bundle>> BundleInForce();
  bool IsBase() const;  // The policy there is that of `base`.
  absl::StatusOr<std::optional<v1::DsseEnvelope>> EnvelopeOf(const std::string& agency, const Sha256Digest& payload);

  const World& base_;
  store::Reader& reader_;
  std::optional<std::vector<Change>> changes_;  // Read when first needed.
  size_t taken_ = 0;                            // Of them, up to where it stands.
  Change policy_;                               // The newest policy there.
  uint64_t register_revision_ = 0;              // As World's.
  std::map<std::string, Sha256Digest> directories_;
  std::map<std::string, std::shared_ptr<const policy::Bundle>>
      bundles_;  // By body; null: not at hand. Shared: worlds keep theirs.
  std::map<std::string, std::shared_ptr<const World>> worlds_;  // By body and register digest.
};

}  // namespace derwent::exchange
