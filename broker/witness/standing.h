#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "broker/store/store.h"
#include "broker/witness/quorum.h"

namespace derwent::witness {

// How far a witness's clock may be from ours, and ours behind the ledger's newest entry.
inline constexpr absl::Duration kClockSkew = absl::Seconds(30);

// How the ledger's newest entries stand under the quorum, from stored facts alone.
struct Standing {
  uint64_t cosigned_size = 0;      // Of the newest checkpoint with its quorum; 0: none.
  absl::Duration unwitnessed_age;  // Of the oldest entry that is not under it; zero when all are.
  bool amber = false;              // Older than the warning.
  bool stopped = false;            // Older than the limit: releases stop.
  // By how much the newest entry is dated ahead of our clock: that was ahead when the entry was made, or is behind now.
  // Zero within the skew.
  absl::Duration clock_behind;
};

// While the oldest entry without its quorum is dated ahead, its own time says nothing: it counts from when the quorum
// last began to sign, which was before it. `quorum none` is never amber. Errors: of the store; kDataLoss an entry is
// missing.
absl::StatusOr<Standing> StandingOf(store::Reader& reader, const Quorum& quorum, absl::Time now);

// The newest checkpoint with its quorum of cosignatures, a signed note; empty: none yet. Errors: of the store.
absl::StatusOr<std::string> CosignedNote(store::Reader& reader);
// The same with its size, when it is over the entry; nullopt: not yet.
absl::StatusOr<std::optional<store::CheckpointRow>> NewestCosignedOver(uint64_t index, store::Reader& reader);
// The checkpoint of one size with whatever cosignatures of it are stored.
absl::StatusOr<std::string> NoteWithCosignatures(store::Reader& reader, uint64_t size);

}  // namespace derwent::witness
