#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "trust/identity/authority.h"
#include "trust/identity/certificate.h"
#include "trust/identity/revocation.h"
#include "trust/signature/dsse.h"

namespace derwent::trust {

enum class KeyUse { kSigning, kSealing };
enum class KeyStep { kPublish, kRevoke };

// One key event as its signed payload says; `envelope` is that payload with its signature.
struct KeyEvent {
  std::string agency;
  uint32_t sequence = 0;
  KeyStep step = KeyStep::kPublish;
  KeyUse use = KeyUse::kSigning;
  std::string certificate_der;
  std::string key_id;
  std::string previous_event_digest;  // SHA-256 of the previous event's payload, empty for the first.
  absl::Time valid_from;
  absl::Time valid_until;
  Envelope envelope;
};

// Whether an event's entry is under a checkpoint with the witnesses' quorum, for a reader who asks for that. A key that
// is published without counts for nobody yet; one that is revoked without counts no more.
enum class EventStanding { kWitnessed, kPending };

// A key that counts, with the certificate that holds it.
struct AgencyKey {
  KeyUse use = KeyUse::kSigning;
  Certificate certificate;
  Chain chain;
  absl::Time valid_from;
  absl::Time valid_until;
  absl::Time revoked_at = absl::InfiniteFuture();
  EventStanding published = EventStanding::kWitnessed;

  bool IsInForceAt(absl::Time time) const { return valid_from <= time && time < valid_until && time < revoked_at; }
  bool CountsAt(absl::Time time) const { return published == EventStanding::kWitnessed && IsInForceAt(time); }
};

// An agency's keys as its own signed history gives them. Built only by following the chain (architecture 4):
// the first event publishes the signing key whose key id was exchanged out of band, each later one is signed by
// the agency's signing key before it and names the digest of the event before it.
class KeyHistory {
 public:
  // `pinned_key_id`: lowercase hex SHA-256 of the first signing key. An empty history has no keys.
  KeyHistory(std::string agency, std::string pinned_key_id)
      : agency_(std::move(agency)), pinned_key_id_(std::move(pinned_key_id)) {}

  // Takes the next event or refuses it and changes nothing. What ended before `now` still proves the events of its
  // time; of a new one see that it counts (CheckSignedNow). Errors: kUnauthenticated the broken link;
  // kFailedPrecondition a wrong sequence.
  absl::Status Add(const KeyEvent& event, const Authority& authority, const RevocationSet& revoked, absl::Time now,
                   EventStanding standing = EventStanding::kWitnessed);
  // Of an event to be added that was not known before: a signing key that is in force at `now` signed it, not one that
  // ended, whatever time the event gives itself. Error: kUnauthenticated.
  absl::Status CheckSignedNow(const KeyEvent& event, absl::Time now) const;

  // The newest key of that use that counts at `time`, or null. Valid until the next Add.
  const AgencyKey* Current(KeyUse use, absl::Time time) const;
  // The key with that id if it counts at `time`, or null.
  const AgencyKey* Find(KeyUse use, absl::string_view key_id, absl::Time time) const;
  // Whether a key in force at `time` with that id waits for its event to be witnessed.
  bool IsPending(KeyUse use, absl::string_view key_id, absl::Time time) const;
  uint32_t length() const { return length_; }
  const std::string& agency() const { return agency_; }
  const std::string& last_event_digest() const { return last_digest_; }

 private:
  absl::Status CheckSigner(const KeyEvent& event, const Certificate& certificate, absl::Time now) const;

  std::string agency_;
  std::string pinned_key_id_;
  uint32_t length_ = 0;
  std::string last_digest_;
  std::vector<AgencyKey> keys_;
};

}  // namespace derwent::trust
