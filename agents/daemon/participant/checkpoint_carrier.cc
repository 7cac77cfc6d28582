#include "agents/daemon/participant/checkpoint_carrier.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "trust/base/status_macros.h"
#include "trust/note/add_checkpoint.h"
#include "trust/note/checkpoint.h"

namespace derwent::agents {
namespace {

constexpr int kCosigned = 200;
constexpr int kConflict = 409;
constexpr int kNotConsistent = 422;

}  // namespace

absl::StatusOr<bool> CheckpointCarrier::Once(absl::Duration wait) {
  ASSIGN_OR_RETURN(const WitnessView seen, witness_.Seen(origin_));
  v1::NextCheckpointRequest ask;
  ask.set_witness(witness_.vkey().ToString());
  ask.set_origin(origin_);
  ask.set_old_size(seen.size);
  ask.set_seen(seen.note);
  ask.mutable_wait()->set_seconds(absl::ToInt64Seconds(wait));
  ASSIGN_OR_RETURN(const v1::NextCheckpointResponse next, broker_.NextCheckpoint(ask));
  if (next.add_checkpoint().empty()) return false;
  ASSIGN_OR_RETURN(const trust::AddCheckpoint offered, trust::AddCheckpoint::Parse(next.add_checkpoint()));
  const absl::StatusOr<trust::Note> note = trust::Note::Parse(offered.checkpoint);
  if (!note.ok()) return note.status();
  ASSIGN_OR_RETURN(const trust::Checkpoint checkpoint, trust::Checkpoint::ParseBody(note->text));
  if (judge_) RETURN_IF_ERROR(judge_(offered.checkpoint, seen));
  const WitnessAnswer answer = witness_.AddCheckpoint(next.add_checkpoint());
  v1::AddCosignatureRequest give;
  give.set_witness(ask.witness());
  give.set_origin(origin_);
  give.set_size(checkpoint.size);
  give.set_status(answer.status);
  give.set_body(answer.body);
  RETURN_IF_ERROR(broker_.AddCosignature(give).status());
  return Answered(answer, seen);
}

absl::StatusOr<bool> CheckpointCarrier::Answered(const WitnessAnswer& answer, const WitnessView& seen) {
  if (answer.status == kNotConsistent)
    return absl::DataLossError(absl::StrCat("LEDGER_FORKED: ", absl::StripSuffix(answer.body, "\n")));
  if (answer.status == kConflict) {
    // Unless another call moved it meanwhile, the next one would be offered alike.
    ASSIGN_OR_RETURN(const WitnessView now, witness_.Seen(origin_));
    if (now.size != seen.size) return true;
    return absl::FailedPreconditionError("the broker offers a checkpoint from another size than this witness told it");
  }
  if (answer.status != kCosigned)
    return absl::FailedPreconditionError(
        absl::StrCat("the witness answers ", answer.status, ": ", absl::StripSuffix(answer.body, "\n")));
  return true;
}

}  // namespace derwent::agents
