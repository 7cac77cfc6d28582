#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace derwent::trust {

// What a certificate's holder is.
enum class CallerKind { kAgent, kConsole, kPerson, kBroker };

// A workload identity: `spiffe://<trust domain>/agency/<agency>/<agent|console|person>/<name>`, or
// `spiffe://<trust domain>/broker/<name>`. Person names are opaque ids.
struct SpiffeId {
  std::string trust_domain;
  std::string agency;  // Empty for a broker.
  CallerKind kind = CallerKind::kAgent;
  std::string name;

  // Strict: lowercase letters, digits, `.`, `-`, `_` in each part; 255 octets at most; no query, port or user.
  // Error: kInvalidArgument.
  static absl::StatusOr<SpiffeId> Parse(absl::string_view uri);
  std::string ToString() const;

  friend bool operator==(const SpiffeId&, const SpiffeId&) = default;
};

// `agent`, `console`, `person` or `broker`.
absl::string_view CallerKindName(CallerKind kind);

}  // namespace derwent::trust
