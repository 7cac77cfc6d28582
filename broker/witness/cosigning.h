#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "broker/store/store.h"
#include "broker/witness/quorum.h"
#include "broker/witness/standing.h"
#include "trust/note/note.h"

namespace derwent::witness {

// Keeps the cosignatures of the policy's witnesses among `lines` (signature lines over the checkpoint of `size`), each
// verified strictly; unknown keys are ignored, as the specification asks. Marks the size once its quorum is met.
// Returns how many were taken, those known before included.
// Errors: kInvalidArgument: a line is malformed, does not verify, is from the future or older than what it signs;
// kNotFound: no checkpoint of that size; of the store.
absl::StatusOr<int> KeepCosignatures(const Quorum& quorum, uint64_t size, absl::string_view lines, absl::Time now,
                                     store::Transaction& transaction);

// How many sizes a changed policy is held against at most: what is older counts again with the next quorum only.
inline constexpr int kMostJudgedAgain = 64;

// A quorum policy may have changed since: sizes whose stored cosignatures do not meet it are unmarked, from the newest
// down to the first that does; all, when none of the newest kMostJudgedAgain does. The cosignatures stay, as evidence.
// Errors: of the store.
absl::Status JudgeAgain(const Quorum& quorum, store::Transaction& transaction);

}  // namespace derwent::witness
