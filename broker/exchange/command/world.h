#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "broker/store/store.h"
#include "broker/witness/quorum.h"
#include "policy/engine/model.h"
#include "policy/loader/bundle.h"
#include "trust/base/digest.h"
#include "trust/identity/authority.h"
#include "trust/identity/key_event.h"
#include "trust/identity/revocation.h"

namespace derwent::exchange {

// Bounds of one exchange (domain decision 12); configuration may narrow them.
struct Limits {
  size_t unit_octets = 1 << 20;
  size_t share_octets = 8 << 20;
  int recipients = 20;
  int subjects = 30;
  absl::Duration clock_skew = absl::Seconds(30);
  uint32_t holders_a_day = 200;  // That one person may ask on a London day.
};

using Signatories = std::map<std::string, std::set<std::string>>;  // Agency to those who may sign policy for it.

// What every decision of a moment rests on: the policy, the registers and the keys in force. Immutable and shared by
// the workers and the writer; a change makes a new one.
struct World {
  std::shared_ptr<const policy::Bundle> bundle;  // Shared: outlives reloads while decisions still read it.
  std::shared_ptr<const trust::Authority> authority;
  std::shared_ptr<const trust::RevocationSet> revoked;
  std::map<std::string, std::string> anchors;  // Agency to the key id of its first signing key, exchanged out of band.
  Signatories signatories;
  int bundle_quorum = 2;  // Agencies that must have signed a MANIFEST.
  policy::Directories directories;
  Sha256Digest register_digest;
  // Of the directories: one more than the index of the newest one's entry, which so says which they are; 0: none yet.
  uint64_t register_revision = 0;
  std::map<std::string, trust::KeyHistory> keys;
  Limits limits;
  // Shared: one for the life of the process. Null: as `quorum none`.
  std::shared_ptr<const witness::Quorum> quorum;
  absl::Time policy_time;
  std::string reload_error;

  policy::Snapshot snapshot() const { return {.policy = bundle->policy.get(), .directories = &directories}; }
  // Decides under the policy and the registers of this world, by the bundle's engine.
  policy::Decision Decide(const policy::DecisionRequest& request, absl::Time now) const;
  policy::TrustRoots roots() const {
    return {.authority = *authority, .revoked = *revoked, .signatories = signatories, .bundle_quorum = bundle_quorum};
  }
  // As it was at `then`: what was revoked later does not count yet. Who could sign then is kept elsewhere (archive.h).
  policy::TrustRoots roots_at(absl::Time then) const;
  Sha256Digest policy_digest() const;
  // The agency's key history, or nullptr.
  const trust::KeyHistory* KeysOf(const std::string& agency) const;
};

// `base` with the directories and keys of `other`.
std::shared_ptr<const World> WithRegistersOf(const World& base, const World& other);

// Reads directories and keys from the store into a copy of `base`. Errors: of the store; kDataLoss when a stored
// register does not verify any more.
absl::StatusOr<std::shared_ptr<const World>> LoadRegisters(const World& base, store::Reader& reader);

}  // namespace derwent::exchange
