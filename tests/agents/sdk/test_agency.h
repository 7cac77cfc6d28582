#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"

#include "agents/sdk/anchors.h"
#include "derwent/v1/key.pb.h"
#include "derwent/v1/key_service.pb.h"
#include "tests/agents/sdk/test_log.h"
#include "tests/support/test_pki.h"
#include "trust/identity/key_event.h"
#include "trust/message/envelope.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::testing {

// One agency with keys of a test authority and the key events that publish them.
class TestAgency {
 public:
  TestAgency(TestPki& pki, std::string id, absl::Time now) : id_(std::move(id)), now_(now) {
    signing_identity_ = pki.IssueFor(id_, "agent", "one");
    sealing_identity_ = pki.IssueFor(id_, "agent", "one");
    signing_.emplace(KeyOf(signing_identity_));
    sealing_.emplace(KeyOf(sealing_identity_));
    Publish(v1::KEY_PURPOSE_SIGNING, signing_identity_);
    Publish(v1::KEY_PURPOSE_SEALING, sealing_identity_);
  }

  static trust::SigningKey KeyOf(const TestIdentity& identity) {
    return trust::SigningKey::FromPem(trust::SecretBytes::CopyOf(identity.key_pem)).value();
  }

  // Publishes a key by an event signed with the agency's signing key, or another.
  void Publish(v1::KeyPurpose purpose, const TestIdentity& identity, const trust::SigningKey* signer = nullptr) {
    Enter(v1::KEY_ACTION_PUBLISH, purpose, identity, signer == nullptr ? *signing_ : *signer);
  }
  // Revokes a key in the same way.
  void Revoke(v1::KeyPurpose purpose, const TestIdentity& identity) {
    Enter(v1::KEY_ACTION_REVOKE, purpose, identity, *signing_);
  }
  // Forgets the last event, as somebody who hides it would.
  void ForgetLast() { events_.pop_back(); }

  // All events with receipts of `log`.
  v1::AgencyKeys Keys(TestLog& log) {
    v1::AgencyKeys keys;
    keys.set_agency(id_);
    for (const v1::DsseEnvelope& event : events_) {
      *keys.add_events() = event;
      *keys.add_receipts() = log.EnterPublic(trust::EntryKind::kKeyEvent, event.payload());
    }
    return keys;
  }

  const std::string& id() const { return id_; }
  const std::string& first_key() const { return signing_identity_.key_id; }
  const trust::SigningKey& signing() const { return *signing_; }
  const trust::SigningKey& sealing() const { return *sealing_; }
  const TestIdentity& signing_identity() const { return signing_identity_; }
  const TestIdentity& sealing_identity() const { return sealing_identity_; }

 private:
  void Enter(v1::KeyAction action, v1::KeyPurpose purpose, const TestIdentity& identity,
             const trust::SigningKey& signer) {
    v1::KeyEvent event;
    event.set_agency(id_);
    event.set_sequence(static_cast<uint32_t>(events_.size()) + 1);
    event.set_action(action);
    event.set_purpose(purpose);
    event.set_certificate(identity.certificate_der);
    event.set_key_id(identity.key_id);
    event.set_previous_event_digest(events_.empty() ? "" : trust::Sha256(events_.back().payload()).bytes());
    *event.mutable_valid_from() = trust::ToTimestamp(now_ - absl::Hours(1));
    *event.mutable_valid_until() = trust::ToTimestamp(now_ + absl::Hours(24 * 30));
    events_.push_back(trust::SignMessage(trust::kKeyEventType, event, signer).value());
  }

  std::string id_;
  absl::Time now_;
  TestIdentity signing_identity_, sealing_identity_;
  std::optional<trust::SigningKey> signing_, sealing_;
  std::vector<v1::DsseEnvelope> events_;
};

// What an agent believes in a test.
inline agents::TrustAnchors AnchorsFor(const TestPki& pki, const TestLog& log,
                                       const std::vector<const TestAgency*>& agencies, absl::Time now) {
  trust::Authority authority = trust::Authority::FromPem(pki.ca_pem(), "derwent.example").value();
  trust::RevocationSet revoked = trust::RevocationSet::FromPem(pki.Crl({}), authority, now).value();
  std::map<std::string, std::string> first_keys;
  for (const TestAgency* agency : agencies) first_keys[agency->id()] = agency->first_key();
  return {.authority = std::move(authority),
          .revoked = std::move(revoked),
          .first_keys = std::move(first_keys),
          .log_keys = log.vkey()};
}

}  // namespace derwent::testing
