#include "broker/witness/standing.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"

namespace derwent::witness {

namespace {

constexpr uint64_t kAnySize = std::numeric_limits<int64_t>::max();

// Since when a quorum of that size has begun to sign; nullopt: never, or at a time that is not over yet.
absl::StatusOr<std::optional<absl::Time>> BeganToSign(uint64_t cosigned_size, store::Reader& reader, absl::Time now) {
  std::optional<absl::Time> began;
  if (cosigned_size == 0) return began;
  ASSIGN_OR_RETURN(const std::vector<store::CosignatureRow> rows, reader.ListCosignatures(cosigned_size));
  for (const store::CosignatureRow& row : rows) began = std::min(began.value_or(row.add_time), row.add_time);
  if (began.has_value() && *began > now + kClockSkew) began.reset();
  return began;
}

// How long the entry has been without its quorum.
absl::StatusOr<absl::Duration> AgeOf(const store::EntryRow& entry, uint64_t cosigned_size, const Patience& patience,
                                     store::Reader& reader, absl::Time now) {
  if (entry.time <= now + kClockSkew) return std::max(now - entry.time, absl::ZeroDuration());
  ASSIGN_OR_RETURN(const std::optional<absl::Time> began, BeganToSign(cosigned_size, reader, now));
  if (!began.has_value()) return patience.limit + absl::Seconds(1);
  return std::max(now - *began, absl::ZeroDuration());
}

}  // namespace

absl::StatusOr<Standing> StandingOf(store::Reader& reader, const Quorum& quorum, absl::Time now) {
  Standing standing;
  ASSIGN_OR_RETURN(const store::LogState head, reader.GetLogState());
  if (head.newest_time > now + kClockSkew) standing.clock_behind = head.newest_time - now;
  if (quorum.none()) return standing;
  ASSIGN_OR_RETURN(const std::optional<uint64_t> cosigned, reader.NewestCosigned(kAnySize));
  standing.cosigned_size = cosigned.value_or(0);
  if (head.size <= standing.cosigned_size) return standing;
  ASSIGN_OR_RETURN(const std::optional<store::EntryRow> oldest, reader.FindEntry(standing.cosigned_size));
  if (!oldest.has_value()) return absl::DataLossError("ledger: the first entry without a quorum is missing");
  ASSIGN_OR_RETURN(standing.unwitnessed_age, AgeOf(*oldest, standing.cosigned_size, quorum.patience(), reader, now));
  standing.amber = standing.unwitnessed_age > quorum.patience().amber;
  standing.stopped = standing.unwitnessed_age > quorum.patience().limit;
  return standing;
}

absl::StatusOr<std::string> NoteWithCosignatures(store::Reader& reader, uint64_t size) {
  ASSIGN_OR_RETURN(const std::optional<store::CheckpointRow> checkpoint, reader.FindCheckpoint(size));
  if (!checkpoint.has_value()) return absl::DataLossError("ledger: a cosigned checkpoint is missing");
  ASSIGN_OR_RETURN(const std::vector<store::CosignatureRow> cosignatures, reader.ListCosignatures(size));
  std::string note = checkpoint->note;
  for (const store::CosignatureRow& cosignature : cosignatures) note += cosignature.line;
  return note;
}

absl::StatusOr<std::optional<store::CheckpointRow>> NewestCosignedOver(uint64_t index, store::Reader& reader) {
  ASSIGN_OR_RETURN(const std::optional<uint64_t> size, reader.NewestCosigned(kAnySize));
  if (!size.has_value() || *size <= index) return std::nullopt;
  ASSIGN_OR_RETURN(std::string note, NoteWithCosignatures(reader, *size));
  return store::CheckpointRow{.size = *size, .note = std::move(note)};
}

absl::StatusOr<std::string> CosignedNote(store::Reader& reader) {
  ASSIGN_OR_RETURN(std::optional<store::CheckpointRow> newest, NewestCosignedOver(0, reader));
  return newest.has_value() ? std::move(newest->note) : std::string();
}

}  // namespace derwent::witness
