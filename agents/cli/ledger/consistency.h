#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "agents/cli/session/client.h"
#include "trust/base/digest.h"

namespace derwent::cli {

// The broker's proof that the tree of `size` extends that of `old_size`, which is over 0. Not verified.
absl::StatusOr<std::vector<Sha256Digest>> FetchConsistency(Client& client, uint64_t old_size, uint64_t size);

}  // namespace derwent::cli
