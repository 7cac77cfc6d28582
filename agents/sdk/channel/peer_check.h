#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace derwent::agents {

// Checks that a server is who it should be: exactly one URI SAN, a well-formed SPIFFE id, equal to `expected` or, where
// `expected` ends in `/*`, equal up to its last part. Pure.
// Error: kUnauthenticated.
absl::Status CheckPeer(const std::vector<absl::string_view>& uri_names, absl::string_view expected);

}  // namespace derwent::agents
