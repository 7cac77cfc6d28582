#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "agents/sdk/anchors.h"
#include "agents/sdk/key_memory.h"
#include "agents/sdk/receipts.h"
#include "derwent/v1/key_service.pb.h"
#include "trust/base/mutex.h"
#include "trust/entry/opening.h"
#include "trust/identity/key_event.h"
#include "trust/note/log_keys.h"

namespace derwent::agents {

// The event's own public entry in the log. Errors: kUnauthenticated, kDataLoss, kInvalidArgument: the receipt proves no
// such entry.
absl::StatusOr<trust::VerifiedReceipt> CheckEntered(const v1::DsseEnvelope& event, const v1::Receipt& receipt,
                                                    const trust::LogKeys& log_keys, absl::string_view origin);

// What the reader of key events knows of the ledger itself.
struct KnownLedger {
  // Whether checkpoints that verified belong to the log that is known.
  std::function<absl::Status(const std::vector<ShownCheckpoint>&)> observe = [](const auto&) {
    return absl::OkStatus();
  };
  // Whether an entry is under a checkpoint that has the witnesses' quorum.
  std::function<bool(uint64_t index)> witnessed = [](uint64_t) { return true; };
};

// The keys of agencies as this agent verified them: each chain from its pinned first key, each event in the ledger.
// A later answer of the broker must extend an earlier one, after a restart too. A key counts once its event is under a
// quorum of witnesses: so nobody who holds the certification authority's key puts one in a name unseen. Thread-safe.
class KeyBook {
 public:
  // What one answer proved beside the keys.
  struct Taken {
    std::shared_ptr<const trust::KeyHistory> history;  // Shared: readers keep theirs while a newer one is taken.
    std::vector<ShownCheckpoint> checkpoints;          // Of the events' receipts, for the checkpoint watch.
    bool pending = false;                              // An event waits for its witnesses.
  };

  // `accepted`: ids of keys whose events this agency was told of by another way, and believes though whoever signed
  // them had ended by the time they were first seen.
  explicit KeyBook(KeyMemory memory = {}, std::set<std::string> accepted = {})
      : memory_(std::move(memory)), accepted_(std::move(accepted)) {}

  // Verifies and keeps the keys of one agency; a broken answer changes nothing, nor does one whose checkpoints
  // `ledger` does not pass: keys that a forked log tells of count nowhere. An event that was not known of a known chain
  // must be signed by a key in force now. The same events under the same anchors are verified again only after 10 s,
  // unless one is pending.
  // Errors: kUnauthenticated `KEY_NOT_CERTIFIED` a broken link, no pinned key, no proof of inclusion; kDataLoss
  // `KEYS_REWRITTEN` events known before are gone or others; of `ledger` and the memory.
  absl::StatusOr<Taken> Take(const v1::AgencyKeys& keys, const TrustAnchors& anchors, absl::Time now,
                             const KnownLedger& ledger = {});

  // The agency's keys; an empty history when none were taken.
  std::shared_ptr<const trust::KeyHistory> Find(absl::string_view agency) const;

  // Whether an event of the agency names that key, whatever became of it; it may be pending.
  bool Published(absl::string_view agency, const std::string& key_id) const;

  // Key ids published in the agency's name that are not in `own`: an alarm (architecture 4).
  std::vector<std::string> Foreign(absl::string_view agency, const std::set<std::string>& own) const;

 private:
  struct Known {
    Taken taken;
    KnownChain chain;
    std::set<std::string> key_ids;
    std::string proof;  // Of the events as they came and of the anchors under which they were verified.
    absl::Time verify_time;
  };
  // What was verified a moment ago, and may be taken as it is.
  std::optional<Taken> VerifiedBefore(const std::string& agency, const std::string& proof, absl::Time now) const;
  absl::StatusOr<KnownChain> ChainBefore(const std::string& agency) const;
  absl::Status Verify(const v1::AgencyKeys& keys, const TrustAnchors& anchors, const KnownLedger& ledger,
                      const KnownChain& before, Known& fresh) const;

  const KeyMemory memory_;
  const std::set<std::string> accepted_;
  Mutex keeping_;  // From what is known to what is kept of it, one answer after the other.
  mutable Mutex mutex_;
  std::map<std::string, Known, std::less<>> known_ GUARDED_BY(mutex_);
};

}  // namespace derwent::agents
