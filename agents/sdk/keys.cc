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

// Stands for events verified under anchors; empty: they are verified each time.
std::string ProofOf(const v1::AgencyKeys& keys, const TrustAnchors& anchors) {
  if (anchors.digest.empty()) return "";
  std::string parts = anchors.digest;
  for (const v1::DsseEnvelope& event : keys.events())
    absl::StrAppend(&parts, trust::Sha256(event.SerializeAsString()).view());
  return trust::Sha256(parts).bytes();
}

}  // namespace

absl::StatusOr<trust::VerifiedReceipt> CheckEntered(const v1::DsseEnvelope& event, const v1::Receipt& receipt,
                                                    const trust::LogKeys& log_keys, absl::string_view origin) {
  ASSIGN_OR_RETURN(trust::VerifiedReceipt verified, trust::VerifyReceipt(receipt.tlog_proof(), log_keys, origin));
  const std::string& body = verified.opening.public_body;
  if (verified.opening.kind != trust::EntryKind::kKeyEvent || body != event.payload()) {
    return absl::UnauthenticatedError("an event's receipt is of another entry");
  }
  return verified;
}

std::optional<KeyBook::Taken> KeyBook::VerifiedBefore(const std::string& agency, const std::string& proof,
                                                      absl::Time now) const {
  if (proof.empty()) return std::nullopt;
  const MutexLock lock(mutex_);
  const auto found = known_.find(agency);
  if (found == known_.end() || found->second.proof != proof || found->second.taken.pending) return std::nullopt;
  const absl::Duration age = now - found->second.verify_time;
  if (age < absl::ZeroDuration() || age >= kVerifiedFor) return std::nullopt;
  return Taken{.history = found->second.taken.history, .checkpoints = {}};
}

absl::StatusOr<KnownChain> KeyBook::ChainBefore(const std::string& agency) const {
  {
    const MutexLock lock(mutex_);
    const auto found = known_.find(agency);
    if (found != known_.end()) return found->second.chain;
  }
  return memory_.Find(agency);
}

absl::Status KeyBook::Verify(const v1::AgencyKeys& keys, const TrustAnchors& anchors, const KnownLedger& ledger,
                             const KnownChain& before, Known& fresh) const {
  trust::KeyHistory history(keys.agency(), anchors.first_keys.at(keys.agency()));
  for (int i = 0; i < keys.events_size(); ++i) {
    ASSIGN_OR_RETURN(const trust::KeyEvent event, trust::ParseKeyEvent(keys.events(i)));
    // A chain that was never read may rest on what ended; whatever comes to a known one later may not.
    const bool is_new = before.length > 0 && static_cast<uint64_t>(i) >= before.length;
    if (is_new && !accepted_.contains(event.key_id)) RETURN_IF_ERROR(history.CheckSignedNow(event, fresh.verify_time));
    ASSIGN_OR_RETURN(const trust::VerifiedReceipt entered,
                     CheckEntered(keys.events(i), keys.receipts(i), anchors.log_keys, anchors.log_keys.origin()));
    // What follows a pending event rests on it.
    fresh.taken.pending = fresh.taken.pending || !ledger.witnessed(entered.index);
    const auto standing = fresh.taken.pending ? trust::EventStanding::kPending : trust::EventStanding::kWitnessed;
    RETURN_IF_ERROR(history.Add(event, anchors.authority, anchors.revoked, fresh.verify_time, standing));
    fresh.taken.checkpoints.push_back({entered.checkpoint, NoteOf(keys.receipts(i))});
    fresh.key_ids.insert(event.key_id);
  }
  fresh.taken.history = std::make_shared<const trust::KeyHistory>(std::move(history));
  return absl::OkStatus();
}

absl::StatusOr<KeyBook::Taken> KeyBook::Take(const v1::AgencyKeys& keys, const TrustAnchors& anchors, absl::Time now,
                                             const KnownLedger& ledger) {
  if (!anchors.first_keys.contains(keys.agency()))
    return NotCertified(keys.agency(), "no first key was exchanged out of band");
  if (const absl::Status fresh = anchors.CheckFresh(now); !fresh.ok())
    return NotCertified(keys.agency(), fresh.message());
  if (keys.events_size() != keys.receipts_size())
    return NotCertified(keys.agency(), "events and receipts differ in number");
  Known fresh{.chain = KnownChain::Of(keys), .proof = ProofOf(keys, anchors), .verify_time = now};
  if (std::optional<Taken> before = VerifiedBefore(keys.agency(), fresh.proof, now); before.has_value())
    return *std::move(before);
  ASSIGN_OR_RETURN(KnownChain before, ChainBefore(keys.agency()));
  if (const absl::Status verified = Verify(keys, anchors, ledger, before, fresh); !verified.ok())
    return NotCertified(keys.agency(), verified.message());
  RETURN_IF_ERROR(ledger.observe(fresh.taken.checkpoints));
  const MutexLock keeping(keeping_);
  ASSIGN_OR_RETURN(before, ChainBefore(keys.agency()));
  if (!before.IsExtendedBy(keys)) {
    return absl::DataLossError(
        absl::StrCat("KEYS_REWRITTEN: key events of `", keys.agency(), "` seen before are gone"));
  }
  if (fresh.chain.length > before.length) RETURN_IF_ERROR(memory_.Keep(keys.agency(), fresh.chain));
  Taken taken = fresh.taken;
  const MutexLock lock(mutex_);
  known_[keys.agency()] = std::move(fresh);
  return taken;
}

std::shared_ptr<const trust::KeyHistory> KeyBook::Find(absl::string_view agency) const {
  const MutexLock lock(mutex_);
  const auto found = known_.find(agency);
  if (found != known_.end()) return found->second.taken.history;
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
