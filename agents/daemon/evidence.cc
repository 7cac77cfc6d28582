#include "agents/daemon/evidence.h"

#include <string>

#include "absl/strings/str_split.h"

#include "trust/base/status_macros.h"

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

// kDataLoss texts start with the alarm's code.
absl::Status Evidence::Judge(const absl::Status& status) {
  if (absl::IsDataLoss(status)) {
    const std::string code =
        std::vector<std::string>(absl::StrSplit(status.message(), absl::MaxSplits(':', 1))).front();
    context_.Alarm(code, "", "");
  }
  return status;
}

absl::Status Evidence::KeepNewest() {
  const auto newest = context_.watch.newest();
  if (!newest.has_value() || newest->size == kept_size_) return absl::OkStatus();
  RETURN_IF_ERROR(context_.state.KeepNow(kCheckpoint, [this] { return NewestBody(); }));
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
    ASSIGN_OR_RETURN(const v1::GetConsistencyProofResponse response, context_.broker.GetConsistencyProof(request));
    std::vector<Sha256Digest> path;
    for (const std::string& hash : response.hashes()) {
      ASSIGN_OR_RETURN(const Sha256Digest digest, Sha256Digest::FromBytes(hash));
      path.push_back(digest);
    }
    return path;
  };
}

absl::Status Evidence::Observe(const std::vector<trust::Checkpoint>& checkpoints) {
  for (const trust::Checkpoint& checkpoint : checkpoints)
    RETURN_IF_ERROR(Judge(context_.watch.Observe(checkpoint, Proofs())));
  return KeepNewest();
}

absl::Status Evidence::Take(const std::vector<Shown>& receipts) {
  const auto roots = context_.roots.get();
  std::vector<ReceiptRow> rows;
  for (const auto& [receipt, expected] : receipts) {
    absl::StatusOr<trust::VerifiedReceipt> verified = CheckReceipt(receipt, roots->anchors.log_key, expected);
    if (!verified.ok()) {
      context_.Alarm("RECEIPT_INVALID", expected.share_id, "");
      return verified.status();
    }
    RETURN_IF_ERROR(Judge(context_.watch.Observe(verified->checkpoint, Proofs())));
    rows.push_back({.share_id = expected.share_id, .index = receipt.index(), .receipt = receipt.SerializeAsString()});
  }
  if (rows.empty()) return absl::OkStatus();
  return context_.state.AddReceipts(rows, kCheckpoint, [this] { return NewestBody(); });
}

absl::Status Evidence::CheckNewest() {
  const auto roots = context_.roots.get();
  ASSIGN_OR_RETURN(const v1::GetCheckpointResponse response, context_.broker.GetCheckpoint({}));
  absl::StatusOr<trust::Checkpoint> checkpoint = trust::OpenCheckpoint(response.note(), roots->anchors.log_key);
  if (!checkpoint.ok()) {
    context_.Alarm("CHECKPOINT_INVALID", "", "");
    return checkpoint.status();
  }
  RETURN_IF_ERROR(Judge(context_.watch.ObserveNewest(*checkpoint, Proofs())));
  return KeepNewest();
}

}  // namespace derwent::agents
