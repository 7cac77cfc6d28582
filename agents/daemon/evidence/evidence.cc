#include "agents/daemon/evidence/evidence.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "agents/daemon/context/fault.h"
#include "agents/daemon/evidence/evidence_files.h"
#include "trust/base/status_macros.h"
#include "trust/note/checkpoint.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {
namespace {

constexpr char kCheckpoint[] = "checkpoint";

}  // namespace

ExpectedEntry ExpectedOf(const v1::Manifest& manifest, const Sha256Digest& digest) {
  const bool request = manifest.kind() == v1::PACKAGE_KIND_SELECTOR;
  return {.releasing_agency = request ? manifest.recipient_agency() : manifest.sender_agency(),
          .receiving_agency = request ? manifest.sender_agency() : manifest.recipient_agency(),
          .share_id = manifest.share_id(),
          .profile = manifest.profile(),
          .purpose = manifest.purpose(),
          .manifest_digest = digest};
}

bool IsFaultOfReceipts(const absl::Status& status) {
  return absl::IsUnauthenticated(status) || absl::IsDataLoss(status) || absl::IsInvalidArgument(status);
}

// kDataLoss texts start with the alarm's code.
absl::Status Evidence::Judge(const absl::Status& status, const std::string& note) {
  if (absl::IsDataLoss(status)) {
    const std::string code =
        std::vector<std::string>(absl::StrSplit(status.message(), absl::MaxSplits(':', 1))).front();
    KeepNotes(note);
    context_.HoldProof({.code = code, .name = NameOfNote(note).value_or("unnamed")});
  }
  return status;
}

void Evidence::KeepNotes(const std::string& note) const {
  for (const std::string& one : {note, context_.told.Newest()}) {
    if (one.empty()) continue;
    if (const absl::Status kept = KeepNote(folder_, one); !kept.ok())
      context_.log.Failure("evidence against the log could not be kept", kept);
  }
}

absl::Status Evidence::JudgeHeard() {
  absl::Status first;
  for (const std::string& note : context_.told.Unjudged()) {
    const absl::StatusOr<trust::Checkpoint> checkpoint =
        trust::OpenCheckpoint(note, context_.roots.get()->anchors.log_keys);
    if (!checkpoint.ok()) context_.Alarm("CHECKPOINT_INVALID", "", "");
    const absl::Status judged = checkpoint.ok() ? Hold(*checkpoint, note) : checkpoint.status();
    // While the broker gives no proof it is not judged: it stays.
    if (judged.ok() || absl::IsDataLoss(judged) || !checkpoint.ok()) context_.told.SetJudged(note);
    first.Update(judged);
  }
  return first;
}

absl::Status Evidence::Hold(const trust::Checkpoint& checkpoint, const std::string& note) {
  RETURN_IF_ERROR(Judge(context_.watch.Observe(checkpoint, Proofs()), note));
  context_.quorum.Observe(checkpoint.size, 0, context_.clock.Now());
  return absl::OkStatus();
}

absl::Status Evidence::KeepNewest() {
  const auto newest = context_.watch.newest();
  if (!newest.has_value() || newest->size == kept_size_) return absl::OkStatus();
  RETURN_IF_ERROR(context_.state.Together([this](Changes& changes) { return Keep({}, changes); }));
  kept_size_ = newest->size;
  return absl::OkStatus();
}

std::string Evidence::NewestBody() const {
  const auto newest = context_.watch.newest();
  return newest.has_value() ? newest->Body() : "";
}

CheckpointWatch::ProofSource Evidence::Proofs() const {
  return [this](uint64_t old_size, uint64_t new_size) -> absl::StatusOr<std::vector<Sha256Digest>> {
    v1::GetConsistencyProofRequest request;
    request.set_old_size(old_size);
    request.set_new_size(new_size);
    const absl::StatusOr<v1::GetConsistencyProofResponse> response = context_.broker.GetConsistencyProof(request);
    // A broker that gives no proof says nothing of the evidence: none of the codes that do.
    if (!response.ok()) {
      return WorthRetrying(response.status())
                 ? response.status()
                 : absl::FailedPreconditionError(
                       absl::StrCat("the broker gives no proof of consistency: ", response.status().message()));
    }
    std::vector<Sha256Digest> path;
    for (const std::string& hash : response->hashes()) {
      ASSIGN_OR_RETURN(const Sha256Digest digest, Sha256Digest::FromBytes(hash));
      path.push_back(digest);
    }
    return path;
  };
}

absl::Status Evidence::Observe(const std::vector<ShownCheckpoint>& checkpoints) {
  for (const ShownCheckpoint& one : checkpoints) RETURN_IF_ERROR(Hold(one.checkpoint, one.note));
  return KeepNewest();
}

absl::StatusOr<trust::Checkpoint> Evidence::ObserveNote(const std::string& note) {
  absl::StatusOr<trust::Checkpoint> checkpoint = trust::OpenCheckpoint(note, context_.roots.get()->anchors.log_keys);
  if (!checkpoint.ok()) {
    context_.Alarm("CHECKPOINT_INVALID", "", "");
    return checkpoint;
  }
  RETURN_IF_ERROR(Hold(*checkpoint, note));
  RETURN_IF_ERROR(KeepNewest());
  return checkpoint;
}

void Evidence::KeepReceipt(const v1::Receipt& receipt) const {
  const std::string name =
      absl::StrCat(receipt.index(), "-", trust::Sha256(receipt.tlog_proof()).hex().substr(0, 16), ".tlog-proof");
  if (const absl::Status kept = KeepFile(folder_, name, receipt.tlog_proof()); !kept.ok())
    context_.log.Failure("evidence against the log could not be kept", kept);
}

absl::StatusOr<Evidence::Verified> Evidence::Verify(const std::vector<Shown>& receipts) {
  const auto roots = context_.roots.get();
  Verified rows;
  for (const auto& [receipt, expected] : receipts) {
    absl::StatusOr<trust::VerifiedReceipt> verified = CheckReceipt(receipt, roots->anchors.log_keys, expected);
    if (!verified.ok()) {
      context_.Alarm("RECEIPT_INVALID", expected.share_id, "");
      return verified.status();
    }
    RETURN_IF_ERROR(Hold(verified->checkpoint, NoteOf(receipt)));
    rows.push_back({.share_id = expected.share_id, .index = receipt.index(), .receipt = receipt.SerializeAsString()});
  }
  return rows;
}

absl::Status Evidence::Keep(const Verified& receipts, Changes& changes) const {
  return changes.AddReceipts(receipts, kCheckpoint, [this] { return NewestBody(); });
}

absl::Status Evidence::Take(const std::vector<Shown>& receipts) {
  ASSIGN_OR_RETURN(const Verified verified, Verify(receipts));
  if (verified.empty()) return absl::OkStatus();
  return context_.state.Together([&](Changes& changes) { return Keep(verified, changes); });
}

absl::Status Evidence::HoldNewest(const v1::GetCheckpointResponse& newest,
                                  const std::optional<trust::Checkpoint>& known) {
  absl::StatusOr<trust::Checkpoint> checkpoint =
      trust::OpenCheckpoint(newest.note(), context_.roots.get()->anchors.log_keys);
  if (!checkpoint.ok()) {
    context_.Alarm("CHECKPOINT_INVALID", "", "");
    return checkpoint.status();
  }
  RETURN_IF_ERROR(Judge(context_.watch.ObserveNewest(*checkpoint, known, Proofs()), newest.note()));
  context_.told.SetNewest(newest.note());
  return absl::OkStatus();
}

absl::Status Evidence::CheckNewest() {
  const std::optional<trust::Checkpoint> known = context_.watch.newest();
  const absl::StatusOr<v1::GetCheckpointResponse> newest = context_.broker.GetCheckpoint({});
  absl::Status first = newest.ok() ? HoldNewest(*newest, known) : newest.status();
  first.Update(JudgeHeard());
  first.Update(KeepNewest());
  first.Update(ObserveQuorum(newest.ok() ? newest->cosigned_note() : ""));
  return first;
}

absl::Status Evidence::ObserveQuorum(const std::string& cosigned_note) {
  if (context_.quorum.none()) return absl::OkStatus();
  absl::Status judged;
  uint64_t cosigned_size = 0;
  if (!cosigned_note.empty()) {
    const absl::StatusOr<trust::Checkpoint> cosigned =
        context_.quorum.Open(cosigned_note, context_.roots.get()->anchors.log_keys);
    if (!cosigned.ok()) context_.Alarm("COSIGNATURES_INVALID", "", "");
    judged = cosigned.ok() ? Hold(*cosigned, cosigned_note) : cosigned.status();
    if (judged.ok()) cosigned_size = cosigned->size;
  }
  const absl::Time now = context_.clock.Now();
  const auto newest = context_.watch.newest();
  context_.quorum.Observe(newest.has_value() ? newest->size : 0, cosigned_size, now);
  if (context_.quorum.Stopped(now)) context_.Alarm("LEDGER_NOT_WITNESSED", "", "");
  const std::string kept = context_.quorum.Kept();
  ASSIGN_OR_RETURN(const std::string before, context_.state.Kept(kUnwitnessed));
  if (kept != before) RETURN_IF_ERROR(context_.state.Keep(kUnwitnessed, kept));
  return judged;
}

}  // namespace derwent::agents
