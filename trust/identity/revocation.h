#pragma once

#include <map>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "trust/identity/authority.h"

namespace derwent::trust {

// Serial numbers that count no longer: those of the authorities' CRLs and those revoked beside them. A value; checked
// on every call.
class RevocationSet {
 public:
  // `pem` holds one CRL or several, each signed by one of the authorities and not past its next update at `now`, and
  // among them one of every authority that issues, but for an authority that lapsed or is itself revoked.
  // Errors: kInvalidArgument when there is none or one is malformed; kUnauthenticated for a wrong signature;
  // kFailedPrecondition when one is out of date or missing. Whoever asks must refuse: no list means no trust.
  static absl::StatusOr<RevocationSet> FromPem(absl::string_view pem, const Authority& authority, absl::Time now);

  // That these lists may take the place of `taken`: of no authority that still counts is one missing that was there, or
  // older than that: by number where both have one, else by when it was made. Error: kFailedPrecondition.
  absl::Status CheckFollows(const RevocationSet& taken, const Authority& authority, absl::Time now) const;

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
  struct List {
    std::string number;  // Big-endian octets without leading zeros, whatever their count; empty: it has none.
    absl::Time made;
    bool IsOlderThan(const List& other) const;
  };
  absl::Status Take(X509_CRL* crl, const Authority& authority, absl::Time now);
  absl::Status CheckComplete(const Authority& authority, absl::Time now) const;
  // The authority lapsed or is itself revoked, and need give no list.
  bool IsOver(X509* authority, absl::Time now) const;

  absl::flat_hash_map<std::string, absl::Time> serials_;  // With since when.
  std::map<std::string, List> lists_;                     // By AuthorityKey; the newest of each.
  absl::Time next_update_ = absl::InfiniteFuture();
};

}  // namespace derwent::trust
