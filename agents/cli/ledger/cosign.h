#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "trust/base/digest.h"
#include "trust/note/log_keys.h"
#include "trust/note/quorum.h"

namespace derwent::cli {

// The log's proof that its tree of the larger size extends that of the smaller. Error: kInvalidArgument it has no tree
// of the larger size.
using ConsistencySource =
    std::function<absl::StatusOr<std::vector<Sha256Digest>>(uint64_t old_size, uint64_t new_size)>;

// Gives a checkpoint to each witness of the policy that has an address (C2SP tlog-witness over http) and adds the
// cosignatures it gets. `said` is told of a witness that does not cosign, and why; the rest go on. What a witness says
// of another tree counts by the checkpoint alone that it shows, signed by the log (`log_keys`). Returns the checkpoint
// with the policy's quorum. Errors: kUnavailable the quorum is not met; kDataLoss a witness shows a tree that this one
// does not extend, or that the log no longer has; of `proof`.
absl::StatusOr<std::string> CollectCosignatures(const std::string& note, const trust::QuorumPolicy& policy,
                                                const trust::LogKeys& log_keys, const ConsistencySource& proof,
                                                const std::function<void(const std::string&)>& said);

}  // namespace derwent::cli
