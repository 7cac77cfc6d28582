#pragma once

#include <string>

#include "absl/time/time.h"

namespace derwent::agents {

// Bounds of every client connection. A reply larger than this is refused (RESOURCE_EXHAUSTED).
inline constexpr int kMaxReplyBytes = 64 << 20;
// A call without a time of its own ends after this.
inline constexpr absl::Duration kDefaultCallTimeout = absl::Seconds(30);
// Calls that fail UNAVAILABLE are tried this often in all, within their deadline.
inline constexpr int kMaxCallAttempts = 4;

// Where a client connects and as whom: the same five things for an agent and for a person.
struct ChannelOptions {
  // `host:port` (or any target gRPC resolves).
  std::string target;
  // SPIFFE id the server's certificate must carry as URI SAN, for instance `spiffe://derwent.example/broker/a`;
  // a final `/*` accepts any one name in its place. Never empty: a host name proves nothing here.
  std::string peer;
  // PEM files: roots to trust, own certificate chain, own key. Read again within a second when they change.
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
};

}  // namespace derwent::agents
