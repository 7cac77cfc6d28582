#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "trust/base/digest.h"
#include "trust/note/quorum.h"

namespace derwent::cli {

// Gives a checkpoint to each witness of the policy that has an address (C2SP tlog-witness over http) and adds the
// cosignatures it gets. `since` proves that the checkpoint's tree extends that of a size. `said` is told of a witness
// that does not cosign, and why; the rest go on. Returns the checkpoint with the policy's quorum.
// Errors: kUnavailable the quorum is not met; kDataLoss a witness saw a tree that this one does not extend; of `since`.
absl::StatusOr<std::string> CollectCosignatures(
    const std::string& note, const trust::QuorumPolicy& policy,
    const std::function<absl::StatusOr<std::vector<Sha256Digest>>(uint64_t)>& since,
    const std::function<void(const std::string&)>& said);

}  // namespace derwent::cli
