#include "absl/strings/str_cat.h"

#include "broker/exchange/command/agency_signature.h"
#include "broker/exchange/command/idempotency.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/mailbox/mailbox.h"
#include "broker/exchange/share/stored.h"
#include "derwent/v1/message.pb.h"
#include "trust/base/status_macros.h"
#include "trust/base/uuid.h"
#include "trust/secret/sha256.h"

namespace derwent::exchange {
namespace {

constexpr char kCall[] = "Acknowledge/request";  // `Acknowledge` alone is keyed by the delivery.

absl::Status CheckAcknowledgement(const v1::Acknowledgement& message, const v1::AcknowledgeRequest& request,
                                  const StoredPart& stored) {
  Violations violations;
  const v1::MessageHead& head = message.head();
  violations.Require(head.share_id() == stored.share.share_id, "acknowledgement.head.share_id",
                     "is the delivery's share");
  violations.Require(head.from_agency() == stored.part.key.recipient_agency, "acknowledgement.head.from_agency",
                     "is the caller's agency");
  violations.Require(head.to_agency() == stored.share.sender_agency, "acknowledgement.head.to_agency", "is the sender");
  violations.Require(message.manifest_digest() == stored.part.manifest_digest.view(), "acknowledgement.manifest_digest",
                     "is the manifest's SHA-256");
  violations.Require(message.delivery_id() == request.delivery_id(), "acknowledgement.delivery_id", "is the delivery");
  violations.Require(head.sequence() == stored.part.recipient_sequence + 1, "acknowledgement.head.sequence",
                     "is the next number");
  return violations.ToStatus();
}

absl::Status AcknowledgePackage(const v1::AcknowledgeRequest& request, const store::DeliveryRow& row,
                                v1::AcknowledgeResponse& response, Batch& batch) {
  ASSIGN_OR_RETURN(StoredPart stored,
                   LoadPart({.share_id = row.share_id, .recipient_agency = row.mailbox_agency}, batch));
  v1::Acknowledgement message;
  Violations violations;
  violations.Require(message.ParseFromString(request.acknowledgement().payload()) && message.has_head(),
                     "acknowledgement", "is a signed Acknowledgement");
  RETURN_IF_ERROR(violations.ToStatus());
  RETURN_IF_ERROR(CheckKeyCounts(batch.world(), row.mailbox_agency, request.acknowledgement(), batch.now()));
  RETURN_IF_ERROR(CheckAcknowledgement(message, request, stored));
  stored.part.recipient_sequence = message.head().sequence();
  if (stored.part.state == v1::RECIPIENT_STATE_COLLECTED) stored.part.state = v1::RECIPIENT_STATE_ACKNOWLEDGED;
  stored.part.collection.time.reset();
  stored.part.update_time = batch.now();
  RETURN_IF_ERROR(batch.write().UpdatePart(stored.part));
  RETURN_IF_ERROR(batch.write().DeleteDelivery(row.sequence));
  ASSIGN_OR_RETURN(const std::vector<uint64_t> entries,
                   EnterStep("acknowledgement", By::kRecipient, stored, {}, batch));
  RETURN_IF_ERROR(batch.Deliver({.mailbox_agency = stored.share.sender_agency,
                                 .share_id = stored.share.share_id,
                                 .kind = kMessageDelivery,
                                 .payload = request.acknowledgement().SerializeAsString(),
                                 .entry_indexes = entries,
                                 .create_time = batch.now()}));
  response.mutable_receipt()->set_index(entries.front());
  return absl::OkStatus();
}

}  // namespace

absl::Status Acknowledge(const Caller& caller, const v1::AcknowledgeRequest& request, v1::AcknowledgeResponse& response,
                         Batch& batch) {
  Violations violations;
  violations.Require(Uuid::Parse(request.request_id()).ok(), "request_id", "is a UUID in lowercase");
  violations.Require(Uuid::Parse(request.delivery_id()).ok(), "delivery_id", "is a UUID in lowercase");
  RETURN_IF_ERROR(violations.ToStatus());
  const Sha256Digest digest =
      trust::Sha256(absl::StrCat(request.delivery_id(), trust::Sha256(request.acknowledgement().payload()).view()));
  ASSIGN_OR_RETURN(const bool again, Answered(caller, kCall, request.request_id(), digest, response, batch));
  if (again) return absl::OkStatus();
  // The delivery itself is acknowledged once, under whatever request.
  const store::IdempotencyKey key{
      .caller_agency = caller.agency(), .method = "Acknowledge", .request_id = request.delivery_id()};
  ASSIGN_OR_RETURN(const std::optional<store::IdempotencyRow> before, batch.read().FindIdempotency(key));
  if (before.has_value()) {
    return response.ParseFromString(before->response) ? absl::OkStatus()
                                                      : absl::DataLossError("a stored answer does not parse");
  }
  ASSIGN_OR_RETURN(const std::optional<store::DeliveryRow> row, batch.read().FindDelivery(request.delivery_id()));
  // What was held only after it was collected is still acknowledged.
  const bool never_there = !row.has_value() || (row->held && row->collected_count == 0);
  if (never_there || row->mailbox_agency != caller.agency())
    return Refuse(absl::StatusCode::kNotFound, "DELIVERY_UNKNOWN", "no such delivery waits for this agency");
  if (row->collected_count == 0)
    return Refuse(absl::StatusCode::kFailedPrecondition, "DELIVERY_NOT_COLLECTED", "the delivery was not collected");
  if (row->kind == kPackageDelivery) {
    RETURN_IF_ERROR(AcknowledgePackage(request, *row, response, batch));
  } else {
    RETURN_IF_ERROR(batch.write().DeleteDelivery(row->sequence));
  }
  RETURN_IF_ERROR(batch.write().InsertIdempotency({.key = key,
                                                   .request_digest = trust::Sha256(request.delivery_id()),
                                                   .response = response.SerializeAsString(),
                                                   .expire_time = batch.now() + kRemembered}));
  return Remember(caller, kCall, request.request_id(), digest, response, batch.now() + kRemembered, batch);
}

}  // namespace derwent::exchange
