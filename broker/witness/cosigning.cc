#include "broker/witness/cosigning.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"
#include "trust/note/cosignature.h"

namespace derwent::witness {
namespace {

absl::Status Invalid(absl::string_view why) { return absl::InvalidArgumentError(why); }

// A witness signs what it sees now: not what will be, and not before the newest entry under it was made. An entry that
// is dated ahead, because our clock was wrong when it was made, was made by now.
absl::Status CheckTime(const trust::NoteSignature& signature, absl::Time newest_entry, absl::Time now) {
  ASSIGN_OR_RETURN(const absl::Time time, trust::CosignatureTime(signature.signature));
  if (time > now + kClockSkew) return Invalid("a cosignature is from the future: check the witness's clock");
  if (time < std::min(newest_entry, now) - kClockSkew) return Invalid("a cosignature is older than what it signs");
  return absl::OkStatus();
}

absl::StatusOr<absl::Time> NewestEntryTime(store::Reader& reader, uint64_t size) {
  if (size == 0) return absl::UnixEpoch();
  ASSIGN_OR_RETURN(const std::optional<store::EntryRow> newest, reader.FindEntry(size - 1));
  if (!newest.has_value()) return absl::DataLossError("ledger: an entry is missing");
  return newest->time;
}

absl::StatusOr<bool> Met(const Quorum& quorum, uint64_t size, store::Reader& reader) {
  ASSIGN_OR_RETURN(const std::string text, NoteWithCosignatures(reader, size));
  ASSIGN_OR_RETURN(const trust::Note note, trust::Note::Parse(text));
  ASSIGN_OR_RETURN(const std::vector<trust::VerifierKey> signers,
                   trust::KnownSigners(note, quorum.policy().witnesses()));
  return quorum.policy().Met(signers);
}

}  // namespace

absl::StatusOr<int> KeepCosignatures(const Quorum& quorum, uint64_t size, absl::string_view lines, absl::Time now,
                                     store::Transaction& transaction) {
  ASSIGN_OR_RETURN(const std::optional<store::CheckpointRow> checkpoint, transaction.FindCheckpoint(size));
  if (!checkpoint.has_value()) return absl::NotFoundError("no checkpoint of that size was signed");
  ASSIGN_OR_RETURN(const trust::Note ours, trust::Note::Parse(checkpoint->note));
  ASSIGN_OR_RETURN(const trust::Note note, trust::Note::Parse(absl::StrCat(ours.text, "\n", lines)));
  ASSIGN_OR_RETURN(const absl::Time newest_entry, NewestEntryTime(transaction, size));
  int taken = 0;
  for (const trust::VerifierKey& witness : quorum.policy().witnesses()) {
    // A known key's line that fails fails the whole answer.
    const absl::StatusOr<std::vector<trust::VerifierKey>> signers = trust::KnownSigners(note, {witness});
    if (!signers.ok()) return Invalid(signers.status().message());
    if (signers->empty()) continue;
    for (const trust::NoteSignature& signature : note.signatures) {
      if (signature.name != witness.name || signature.key_id != witness.key_id) continue;
      RETURN_IF_ERROR(CheckTime(signature, newest_entry, now));
      RETURN_IF_ERROR(transaction.KeepCosignature(
          {.size = size, .witness = witness.ToString(), .line = trust::SignatureLine(signature), .add_time = now}));
      RETURN_IF_ERROR(transaction.PutWitnessView({.witness = witness.ToString(), .size = size, .seen_time = now}));
      ++taken;
      break;  // Once, whatever the number of its lines.
    }
  }
  if (taken == 0 || quorum.none()) return taken;  // Nobody's is asked for: none makes a receipt final.
  ASSIGN_OR_RETURN(const bool met, Met(quorum, size, transaction));
  if (met) RETURN_IF_ERROR(transaction.MarkCosigned(size, now));
  return taken;
}

absl::Status JudgeAgain(const Quorum& quorum, store::Transaction& transaction) {
  if (quorum.none()) return absl::OkStatus();
  uint64_t below = std::numeric_limits<int64_t>::max();
  for (int judged = 0; judged < kMostJudgedAgain; ++judged) {
    ASSIGN_OR_RETURN(const std::optional<uint64_t> size, transaction.NewestCosigned(below));
    if (!size.has_value()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const bool met, Met(quorum, *size, transaction));
    if (met) return absl::OkStatus();
    RETURN_IF_ERROR(transaction.UnmarkCosigned(*size));
    below = *size;
  }
  return transaction.UnmarkCosignedDownFrom(below);
}

}  // namespace derwent::witness
