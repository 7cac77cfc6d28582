#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "agents/daemon/context/context.h"
#include "agents/daemon/evidence/evidence.h"
#include "derwent/v1/key.pb.h"
#include "derwent/v1/register.pb.h"

namespace derwent::agents {

// Single value of the state: the id of the key that signs, so that it does after a restart.
inline constexpr char kSigningKeyInUse[] = "signing_key_in_use";

// Keeps what the agent knows of the world current: policy, registers, keys, the log; publishes its own keys and
// directory; looks for what should have come and did not. Each step may be repeated at any time. Thread-safe.
class Upkeep {
 public:
  // Borrows both. `directory` is this agency's own, to be published; empty agency: it is kept elsewhere.
  Upkeep(const AgentContext& context, Evidence& evidence, v1::Directory directory)
      : context_(context), evidence_(evidence), directory_(std::move(directory)) {}

  // Everything once, in the order in which it depends on one another. The first failure is returned after all was
  // tried.
  absl::Status RunAll();

  // Fetches and verifies the bundle when it changed.
  absl::Status SyncPolicy();
  // Fetches the directories when they changed, with the keys to verify those that did.
  absl::Status SyncDirectories();
  // Fetches and verifies one agency's keys.
  absl::Status SyncKeys(const std::string& agency);
  // Verifies keys that came with another answer. Where an event waits for its witnesses, looks for their cosignatures.
  absl::Status TakeKeys(const v1::AgencyKeys& keys);
  // Likewise, of a recipient: keys that do not verify are only logged, since sealing then finds none. Error:
  // kUnavailable.
  absl::Status TakeRecipientKeys(const v1::AgencyKeys& keys);
  // What a plan of the broker rests on, as this agent verified it: policy, notices and registers in force now. Null
  // when the policy is another by now: plan again. Errors: kFailedPrecondition `CLOCK_SKEWED`; kUnavailable.
  absl::StatusOr<std::shared_ptr<const PolicyCache::View>> ViewAt(const google::protobuf::Timestamp& decide_time,
                                                                  absl::string_view policy_digest);
  // Shares past their deadline of which a recipient was not heard: `ACKNOWLEDGEMENT_MISSING`.
  absl::Status Reconcile();

 private:
  // Verifies keys as they came. Whether an event of theirs waits for its witnesses.
  absl::StatusOr<bool> TakeOnce(const v1::AgencyKeys& keys);
  absl::Status PublishKeys();
  absl::Status PublishOnce(const CertifiedKey& key, trust::KeyUse use);
  absl::Status SyncOwnKeys();
  absl::Status DestroySealingKeys();
  absl::Status PublishKey(const CertifiedKey& key, v1::KeyPurpose purpose, const trust::KeyHistory& history);
  absl::Status PublishDirectory();

  const AgentContext& context_;
  Evidence& evidence_;
  const v1::Directory directory_;
};

}  // namespace derwent::agents
