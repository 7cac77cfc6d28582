#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "agents/sdk/anchors.h"
#include "derwent/v1/key_service.pb.h"
#include "trust/base/mutex.h"
#include "trust/identity/key_event.h"
#include "trust/message/key_event_message.h"
#include "trust/note/checkpoint.h"

namespace derwent::agents {

// The keys of agencies as this agent verified them: each chain from its pinned first key, each event in the ledger.
// A later answer of the broker must extend an earlier one. Thread-safe.
class KeyBook {
 public:
  // What one answer proved beside the keys.
  struct Taken {
    std::shared_ptr<const trust::KeyHistory> history;  // Shared: readers keep theirs while a newer one is taken.
    std::vector<trust::Checkpoint> checkpoints;        // Of the events' receipts, for the checkpoint watch.
  };

  // Whether checkpoints that verified belong to the log that is known.
  using Observe = std::function<absl::Status(const std::vector<trust::Checkpoint>&)>;
  // Verifies and keeps the keys of one agency; a broken answer changes nothing, nor does one whose checkpoints
  // `observe` does not pass: keys that a forked log tells of count nowhere. The same events under the same anchors
  // are verified again only after 10 s.
  // Errors: kUnauthenticated `KEY_NOT_CERTIFIED` a broken link, no pinned key, no proof of inclusion; kDataLoss
  // `KEYS_REWRITTEN` events known before are gone or others; of `observe`.
  absl::StatusOr<Taken> Take(
      const v1::AgencyKeys& keys, const TrustAnchors& anchors, absl::Time now,
      const Observe& observe = [](const auto&) { return absl::OkStatus(); });

  // The agency's keys; an empty history when none were taken.
  std::shared_ptr<const trust::KeyHistory> Find(absl::string_view agency) const;

  // Whether an event of the agency names that key, whatever became of it.
  bool Published(absl::string_view agency, const std::string& key_id) const;

  // Key ids published in the agency's name that are not in `own`: an alarm (architecture 4).
  std::vector<std::string> Foreign(absl::string_view agency, const std::set<std::string>& own) const;

 private:
  struct Known {
    std::shared_ptr<const trust::KeyHistory> history;
    std::vector<std::string> payloads;
    std::set<std::string> key_ids;
    std::string proof;  // Of the events as they came and of the anchors under which they were verified.
    absl::Time verify_time;
  };
  mutable Mutex mutex_;
  std::map<std::string, Known, std::less<>> known_ GUARDED_BY(mutex_);
};

}  // namespace derwent::agents
