#include "agents/sdk/keys.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "derwent/v1/key.pb.h"
#include "trust/base/status_macros.h"
#include "trust/entry/opening.h"
#include "trust/message/envelope.h"
#include "trust/message/key_event_message.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {
namespace {

// How long a chain that was verified need not be again under the same anchors: certificates run out, if seldom.
constexpr absl::Duration kVerifiedFor = absl::Seconds(10);

absl::Status NotCertified(const std::string& agency, absl::string_view why) {
  return absl::UnauthenticatedError(absl::StrCat("KEY_NOT_CERTIFIED: keys of `", agency, "`: ", why));
}

// The event's own public entry in the log.
absl::StatusOr<trust::Checkpoint> CheckEntered(const v1::DsseEnvelope& event, const v1::Receipt& receipt,
                                               const TrustAnchors& anchors) {
  ASSIGN_OR_RETURN(trust::VerifiedReceipt verified,
                   trust::VerifyReceipt(receipt.tlog_proof(), anchors.log_keys, anchors.log_keys.origin()));
  const std::string& body = verified.opening.public_body;
  if (verified.opening.kind != trust::EntryKind::kKeyEvent || body != event.payload()) {
    return absl::UnauthenticatedError("an event's receipt is of another entry");
  }
  return std::move(verified.checkpoint);
}

// Stands for events verified under anchors; empty: they are verified each time.
std::string ProofOf(const v1::AgencyKeys& keys, const TrustAnchors& anchors) {
  if (anchors.digest.empty()) return "";
  std::string parts = anchors.digest;
  for (const v1::DsseEnvelope& event : keys.events())
    absl::StrAppend(&parts, trust::Sha256(event.SerializeAsString()).view());
  return trust::Sha256(parts).bytes();
}

bool Extends(const std::vector<std::string>& known, const v1::AgencyKeys& keys) {
  if (static_cast<size_t>(keys.events_size()) < known.size()) return false;
  for (size_t i = 0; i < known.size(); ++i) {
    if (keys.events(static_cast<int>(i)).payload() != known[i]) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<KeyBook::Taken> KeyBook::Take(const v1::AgencyKeys& keys, const TrustAnchors& anchors, absl::Time now,
                                             const Observe& observe) {
  const auto pinned = anchors.first_keys.find(keys.agency());
  if (pinned == anchors.first_keys.end()) return NotCertified(keys.agency(), "no first key was exchanged out of band");
  if (const absl::Status fresh = anchors.CheckFresh(now); !fresh.ok())
    return NotCertified(keys.agency(), fresh.message());
  if (keys.events_size() != keys.receipts_size())
    return NotCertified(keys.agency(), "events and receipts differ in number");
  Known fresh{.proof = ProofOf(keys, anchors), .verify_time = now};
  Taken taken;
  if (!fresh.proof.empty()) {
    const MutexLock lock(mutex_);
    const auto known = known_.find(keys.agency());
    if (known != known_.end() && known->second.proof == fresh.proof && now >= known->second.verify_time &&
        now - known->second.verify_time < kVerifiedFor)
      return Taken{.history = known->second.history, .checkpoints = {}};
  }
  trust::KeyHistory history(keys.agency(), pinned->second);
  for (int i = 0; i < keys.events_size(); ++i) {
    absl::StatusOr<trust::KeyEvent> event = trust::ParseKeyEvent(keys.events(i));
    if (!event.ok()) return NotCertified(keys.agency(), event.status().message());
    if (const absl::Status added = history.Add(*event, anchors.authority, anchors.revoked, now); !added.ok()) {
      return NotCertified(keys.agency(), added.message());
    }
    absl::StatusOr<trust::Checkpoint> entered = CheckEntered(keys.events(i), keys.receipts(i), anchors);
    if (!entered.ok()) return NotCertified(keys.agency(), entered.status().message());
    taken.checkpoints.push_back(*std::move(entered));
    fresh.payloads.push_back(keys.events(i).payload());
    fresh.key_ids.insert(event->key_id);
  }
  fresh.history = std::make_shared<const trust::KeyHistory>(std::move(history));
  taken.history = fresh.history;
  RETURN_IF_ERROR(observe(taken.checkpoints));
  const MutexLock lock(mutex_);
  Known& known = known_[keys.agency()];
  if (!Extends(known.payloads, keys)) {
    return absl::DataLossError(
        absl::StrCat("KEYS_REWRITTEN: key events of `", keys.agency(), "` seen before are gone"));
  }
  known = std::move(fresh);
  return taken;
}

std::shared_ptr<const trust::KeyHistory> KeyBook::Find(absl::string_view agency) const {
  const MutexLock lock(mutex_);
  const auto found = known_.find(agency);
  if (found != known_.end()) return found->second.history;
  return std::make_shared<const trust::KeyHistory>(std::string(agency), "");
}

bool KeyBook::Published(absl::string_view agency, const std::string& key_id) const {
  const MutexLock lock(mutex_);
  const auto found = known_.find(agency);
  return found != known_.end() && found->second.key_ids.contains(key_id);
}

std::vector<std::string> KeyBook::Foreign(absl::string_view agency, const std::set<std::string>& own) const {
  const MutexLock lock(mutex_);
  std::vector<std::string> foreign;
  const auto found = known_.find(agency);
  if (found == known_.end()) return foreign;
  for (const std::string& key_id : found->second.key_ids) {
    if (!own.contains(key_id)) foreign.push_back(key_id);
  }
  return foreign;
}

}  // namespace derwent::agents
