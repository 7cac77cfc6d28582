#pragma once

#include <initializer_list>

#include "absl/strings/string_view.h"

#include "trust/base/digest.h"

namespace derwent::trust {

// SHA-256 (FIPS 180-4). Thread-safe; no allocation after a thread's first call.
Sha256Digest Sha256(absl::string_view octets);
// SHA-256 of the parts one after the other.
Sha256Digest Sha256Parts(std::initializer_list<absl::string_view> parts);

}  // namespace derwent::trust
