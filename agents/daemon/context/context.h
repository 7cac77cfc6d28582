#pragma once

#include <memory>

#include "agents/daemon/context/doorbell.h"
#include "agents/daemon/context/fork_latch.h"
#include "agents/daemon/context/identity.h"
#include "agents/daemon/context/log.h"
#include "agents/daemon/context/metrics.h"
#include "agents/daemon/context/told.h"
#include "agents/daemon/state/state.h"
#include "agents/register/person_register.h"
#include "agents/sdk/anchors.h"
#include "agents/sdk/broker/broker.h"
#include "agents/sdk/checkpoint_watch.h"
#include "agents/sdk/keys.h"
#include "agents/sdk/policy_cache.h"
#include "agents/sdk/quorum_watch.h"
#include "policy/loader/signatures.h"
#include "trust/base/clock.h"
#include "trust/base/mutex.h"
#include "trust/secret/random.h"

namespace derwent::agents {

// What trust rests on now: replaced as a whole by what its files say at each upkeep. Thread-safe.
class CurrentAnchors {
 public:
  struct Roots {
    TrustAnchors anchors;
    policy::TrustRoots policy;
  };
  std::shared_ptr<const Roots> get() const {
    const MutexLock lock(mutex_);
    return roots_;
  }
  void Set(std::shared_ptr<const Roots> roots) {
    const MutexLock lock(mutex_);
    roots_ = std::move(roots);
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const Roots> roots_ GUARDED_BY(mutex_);  // Shared: a check in progress keeps its own.
};

// What every part of the agent works with. Borrows all; made once at start. Each member is thread-safe.
struct AgentContext {
  const AgencyIdentity& identity;
  Broker& broker;
  State& state;
  PolicyCache& policy;
  KeyBook& keys;
  CheckpointWatch& watch;
  QuorumWatch& quorum;
  ToldCheckpoints& told;
  ForkLatch& forks;
  CurrentAnchors& roots;
  const PersonRegister& system;
  const Clock& clock;
  trust::Random& random;
  Log& log;
  AgentMetrics& metrics;
  Doorbell& to_send;  // Rung when something is to be worked on or sent.

  // No evidence, no flow (P13): asked before anything is released or taken. Error: kUnavailable `LEDGER_NOT_WITNESSED`
  // while entries have been without their quorum of witnesses longer than this agency accepts; `LEDGER_FORKED`
  // once this agency holds proof that the log has two histories or went back, until its configuration accepts it.
  absl::Status RequireWitnessed() const;
  // Likewise, of a share's step for `purpose`. An emergency, which two persons agreed to, passes all the same, with the
  // alarm `EMERGENCY_UNWITNESSED`.
  absl::Status WitnessedOrEmergency(absl::string_view purpose, absl::string_view share_id) const;

  // Raises the alarm of a proof against the log, and holds on to it.
  void HoldProof(const ForkLatch::Proof& proof) const;

  // Keeps, counts and logs an alarm, once a day for each code, share, agency and key (State::RaiseAlarm).
  void Alarm(absl::string_view code, absl::string_view share_id, absl::string_view agency,
             absl::string_view key_id = "") const;
};

}  // namespace derwent::agents
