#pragma once

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "trust/identity/authority.h"

namespace derwent::trust {

// Serial numbers that count no longer: a CRL's and those revoked beside it. A value; checked on every call.
class RevocationSet {
 public:
  // `pem` holds one CRL or several, each signed by one of the authorities and not past its next update at `now`.
  // Errors: kInvalidArgument when there is none or one is malformed; kUnauthenticated for a wrong signature;
  // kFailedPrecondition when one is out of date. Whoever asks must refuse: no list means no trust.
  static absl::StatusOr<RevocationSet> FromPem(absl::string_view pem, const Authority& authority, absl::Time now);

  // Adds a serial revoked outside the CRL (lowercase hex), as if it always had been.
  void Revoke(std::string serial) { serials_.insert_or_assign(std::move(serial), absl::InfinitePast()); }
  bool IsRevoked(absl::string_view serial) const { return serials_.contains(serial); }
  // Whether a certificate counts no longer: it, or an authority above it. An empty chain proves nothing and is revoked.
  bool BreaksChain(const Chain& chain) const;
  // The certificate is good under `authority` at `now`, and nothing of its chain is revoked. The chain, to be asked
  // again when what it signed takes effect. Errors: kUnauthenticated.
  absl::StatusOr<Chain> Verify(const Certificate& certificate, const Authority& authority, absl::Time now) const;
  // Those of them that were revoked at `then` already, by the dates in their CRLs: for judging what was signed and seen
  // to be good at that time.
  RevocationSet At(absl::Time then) const;
  // When the first of its CRLs goes out of date.
  absl::Time next_update() const { return next_update_; }
  size_t size() const { return serials_.size(); }

 private:
  absl::flat_hash_map<std::string, absl::Time> serials_;  // With since when.
  absl::Time next_update_ = absl::InfiniteFuture();
};

}  // namespace derwent::trust
