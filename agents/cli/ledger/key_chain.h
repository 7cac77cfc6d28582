#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "agents/cli/session/client.h"
#include "derwent/v1/key_service.pb.h"
#include "trust/identity/key_event.h"
#include "trust/note/log_keys.h"

namespace derwent::cli {

// The key events of an agency as the broker tells them, unverified.
absl::StatusOr<v1::AgencyKeys> FetchKeys(Client& client, const std::string& agency);

// Whom a chain of key events is believed by.
struct KeyRoots {
  std::string ca;         // File: certificates of the consortium's authorities.
  std::string crl;        // File: which of them it revoked; empty: it is not looked at.
  std::string first_key;  // Id of the agency's first signing key, come out of band; empty: the chain's own word for it.
};

// Whose log the events were entered in.
struct KeyLog {
  const trust::LogKeys& keys;  // Must outlive the call.
  std::string origin;
};

// Follows an agency's chain from its first key: each event is signed by the key before it, names the event before it,
// bears a certificate of the consortium that is not revoked, and is an entry of the log. Errors: kInvalidArgument a
// file of `roots`; kUnauthenticated the CRL is no authority's; kDataLoss naming the event.
absl::StatusOr<trust::KeyHistory> FollowKeys(const v1::AgencyKeys& keys, const KeyRoots& roots, const KeyLog& log,
                                             absl::Time now);

}  // namespace derwent::cli
