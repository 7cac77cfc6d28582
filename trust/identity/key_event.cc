#include "trust/identity/key_event.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::trust {
namespace {

constexpr absl::Duration kLongestSealing = absl::Hours(24 * 90);

absl::StatusOr<Chain> CheckCertificate(const KeyEvent& event, const Certificate& certificate,
                                       const Authority& authority, const RevocationSet& revoked, absl::Time now) {
  // One that lapsed proves what it proved while it was good; its key ends with it.
  ASSIGN_OR_RETURN(Chain chain,
                   revoked.Verify(certificate, authority, std::min(now, certificate.not_after() - absl::Seconds(1))));
  if (certificate.id().agency != event.agency || certificate.id().kind != CallerKind::kAgent) {
    return absl::UnauthenticatedError("the key's certificate is not of the agency's agent");
  }
  if (certificate.public_key().key_id() != event.key_id) {
    return absl::UnauthenticatedError("the key id is not that of the certificate's key");
  }
  return chain;
}

absl::Status CheckValidity(const KeyEvent& event) {
  if (event.valid_until <= event.valid_from) return absl::InvalidArgumentError("the key's validity is empty");
  if (event.use == KeyUse::kSealing && event.valid_until - event.valid_from > kLongestSealing) {
    return absl::InvalidArgumentError("a sealing key is valid for 90 days at most");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status KeyHistory::CheckSigner(const KeyEvent& event, const Certificate& certificate, absl::Time now) const {
  if (length_ == 0) {
    if (event.use != KeyUse::kSigning || event.step != KeyStep::kPublish) {
      return absl::UnauthenticatedError("the first key event does not publish a signing key");
    }
    if (event.key_id != pinned_key_id_) {
      return absl::UnauthenticatedError("the first key is not the one exchanged out of band");
    }
    return VerifyEnvelope(event.envelope, kKeyEventType, certificate.public_key());
  }
  for (const AgencyKey& key : keys_) {
    // It may have ended since, or this chain would end with it; one that the chain itself revoked signs nothing more.
    const bool counted = key.valid_from <= now && key.revoked_at == absl::InfiniteFuture() &&
                         (event.step == KeyStep::kRevoke || event.valid_from < key.valid_until);
    if (key.use != KeyUse::kSigning || !counted) continue;
    if (VerifyEnvelope(event.envelope, kKeyEventType, key.certificate.public_key()).ok()) return absl::OkStatus();
  }
  return absl::UnauthenticatedError("the key event is not signed by the agency's signing key before it");
}

absl::Status KeyHistory::CheckSignedNow(const KeyEvent& event, absl::Time now) const {
  for (const AgencyKey& key : keys_) {
    if (key.use != KeyUse::kSigning || !key.IsInForceAt(now)) continue;
    if (VerifyEnvelope(event.envelope, kKeyEventType, key.certificate.public_key()).ok()) return absl::OkStatus();
  }
  return absl::UnauthenticatedError("a new key event is not signed by a signing key in force");
}

absl::Status KeyHistory::Add(const KeyEvent& event, const Authority& authority, const RevocationSet& revoked,
                             absl::Time now, EventStanding standing) {
  if (event.agency != agency_) return absl::UnauthenticatedError("the key event is of another agency");
  if (event.sequence != length_ + 1) {
    return absl::FailedPreconditionError(absl::StrCat("key event ", event.sequence, " does not follow ", length_));
  }
  if (event.previous_event_digest != last_digest_) {
    return absl::UnauthenticatedError("the key event does not name the one before it");
  }
  ASSIGN_OR_RETURN(Certificate certificate, Certificate::FromDer(event.certificate_der));
  RETURN_IF_ERROR(CheckSigner(event, certificate, now));
  if (event.step == KeyStep::kRevoke) {
    bool found = false;
    for (AgencyKey& key : keys_) {
      if (key.certificate.public_key().key_id() != event.key_id || key.use != event.use) continue;
      key.revoked_at = std::min(key.revoked_at, now);
      found = true;
    }
    if (!found) return absl::FailedPreconditionError("the key event revokes a key that was never published");
  } else {
    ASSIGN_OR_RETURN(Chain chain, CheckCertificate(event, certificate, authority, revoked, now));
    RETURN_IF_ERROR(CheckValidity(event));
    for (const AgencyKey& key : keys_) {
      if (key.certificate.public_key().key_id() == event.key_id && key.revoked_at != absl::InfiniteFuture())
        return absl::UnauthenticatedError("the key was revoked");
    }
    const absl::Time end = std::min(event.valid_until, certificate.not_after());
    keys_.push_back({.use = event.use,
                     .certificate = std::move(certificate),
                     .chain = std::move(chain),
                     .valid_from = event.valid_from,
                     .valid_until = end,
                     .published = standing});
  }
  ++length_;
  last_digest_ = Sha256(event.envelope.payload).bytes();
  return absl::OkStatus();
}

const AgencyKey* KeyHistory::Current(KeyUse use, absl::Time time) const {
  for (auto key = keys_.rbegin(); key != keys_.rend(); ++key) {
    if (key->use == use && key->CountsAt(time)) return &*key;
  }
  return nullptr;
}

const AgencyKey* KeyHistory::Find(KeyUse use, absl::string_view key_id, absl::Time time) const {
  for (auto key = keys_.rbegin(); key != keys_.rend(); ++key) {
    if (key->use == use && key->certificate.public_key().key_id() == key_id && key->CountsAt(time)) return &*key;
  }
  return nullptr;
}

bool KeyHistory::IsPending(KeyUse use, absl::string_view key_id, absl::Time time) const {
  return std::ranges::any_of(keys_, [&](const AgencyKey& key) {
    return key.use == use && key.published == EventStanding::kPending && key.IsInForceAt(time) &&
           key.certificate.public_key().key_id() == key_id;
  });
}

}  // namespace derwent::trust
