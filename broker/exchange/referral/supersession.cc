#include "broker/exchange/referral/supersession.h"

#include "broker/exchange/command/refusal.h"
#include "broker/exchange/share/stored.h"
#include "trust/base/status_macros.h"

namespace derwent::exchange {
namespace {

absl::Status CheckContinues(const store::ShareRow& older, const v1::Manifest& m) {
  Violations violations;
  violations.Require(m.profile() == older.profile && m.purpose() == older.purpose && m.board() == older.board &&
                         m.area() == older.area,
                     "submissions.package.manifest.supersedes_share_id",
                     "names a share of the same profile, purpose, board and area");
  violations.Require(m.version() == older.version + 1, "submissions.package.manifest.version",
                     "is one more than that of the share it supersedes");
  return violations.ToStatus();
}

absl::Status CheckStands(const store::ShareRow& older, const CheckedShare& share, Batch& batch) {
  bool stands = older.superseded_by_share_id.empty();
  for (const CheckedPackage& package : share.packages) {
    ASSIGN_OR_RETURN(
        const std::optional<store::PartRow> part,
        batch.read().FindPart({.share_id = older.share_id, .recipient_agency = package.manifest.recipient_agency()}));
    if (!part.has_value())
      return Refuse(absl::StatusCode::kFailedPrecondition, "SHARE_UNKNOWN",
                    "the share to be superseded did not go to each recipient");
    stands = stands && part->state != v1::RECIPIENT_STATE_WITHDRAWN;
  }
  if (stands) return absl::OkStatus();
  return Refuse(absl::StatusCode::kFailedPrecondition, "STATE_NOT_ALLOWED",
                "the share to be superseded was withdrawn or superseded");
}

absl::Status DeleteWaiting(const store::PartKey& key, Batch& batch) {
  ASSIGN_OR_RETURN(const std::vector<store::DeliveryRow> waiting, batch.read().DeliveriesOfPart(key));
  for (const store::DeliveryRow& row : waiting) {
    if (row.kind == kPackageDelivery) RETURN_IF_ERROR(batch.write().DeleteDelivery(row.sequence));
  }
  return absl::OkStatus();
}

absl::Status End(const store::PartKey& key, Batch& batch) {
  absl::StatusOr<StoredPart> stored = LoadPart(key, batch);
  if (absl::IsNotFound(stored.status())) return absl::OkStatus();  // It was over, and what it said of people is erased.
  RETURN_IF_ERROR(stored.status());
  stored->part.state = v1::RECIPIENT_STATE_WITHDRAWN;
  stored->part.reason = "SUPERSEDED";
  stored->part.collection.time.reset();
  stored->part.acceptance.time.reset();
  stored->part.outcome.time.reset();
  stored->part.update_time = batch.now();
  RETURN_IF_ERROR(batch.write().UpdatePart(stored->part));
  return EnterStep("supersession", By::kSender, *stored, {}, batch).status();
}

}  // namespace

absl::StatusOr<std::optional<store::ShareRow>> FindSuperseded(const CheckedShare& share, Batch& batch) {
  const v1::Manifest& m = share.packages.front().manifest;
  if (m.supersedes_share_id().empty()) return std::nullopt;
  ASSIGN_OR_RETURN(std::optional<store::ShareRow> older, batch.read().FindShare(m.supersedes_share_id()));
  if (!older.has_value() || older->sender_agency != m.sender_agency() || older->kind != m.kind())
    return Refuse(absl::StatusCode::kFailedPrecondition, "SHARE_UNKNOWN",
                  "the share to be superseded is not one that this agency sent");
  RETURN_IF_ERROR(CheckContinues(*older, m));
  RETURN_IF_ERROR(CheckStands(*older, share, batch));
  return older;
}

absl::Status Supersede(const store::ShareRow& older, const CheckedShare& share, Batch& batch) {
  ASSIGN_OR_RETURN(const std::vector<store::PartRow> parts, batch.read().ListParts(older.share_id));
  for (const store::PartRow& part : parts) RETURN_IF_ERROR(DeleteWaiting(part.key, batch));
  for (const CheckedPackage& package : share.packages)
    RETURN_IF_ERROR(End({.share_id = older.share_id, .recipient_agency = package.manifest.recipient_agency()}, batch));
  return batch.write().SetSuperseded(older.share_id, share.packages.front().manifest.share_id());
}

}  // namespace derwent::exchange
