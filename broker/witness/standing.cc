#include "broker/witness/standing.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"

namespace derwent::witness {

namespace {

constexpr uint64_t kAnySize = std::numeric_limits<int64_t>::max();

}  // namespace

absl::StatusOr<Standing> StandingOf(store::Reader& reader, const Quorum& quorum, absl::Time now) {
  Standing standing;
  if (quorum.none()) return standing;
  ASSIGN_OR_RETURN(const std::optional<uint64_t> cosigned, reader.NewestCosigned(kAnySize));
  standing.cosigned_size = cosigned.value_or(0);
  ASSIGN_OR_RETURN(const store::LogState head, reader.GetLogState());
  if (head.size <= standing.cosigned_size) return standing;
  ASSIGN_OR_RETURN(const std::optional<store::EntryRow> oldest, reader.FindEntry(standing.cosigned_size));
  if (!oldest.has_value()) return absl::DataLossError("ledger: the first entry without a quorum is missing");
  standing.unwitnessed_age = std::max(now - oldest->time, absl::ZeroDuration());
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
