#include <algorithm>

#include "broker/exchange/command/agency_signature.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/command/witnessed.h"
#include "broker/exchange/mailbox/mailbox.h"
#include "broker/exchange/share/decide.h"
#include "broker/exchange/share/shares.h"
#include "broker/exchange/share/stored.h"
#include "policy/loader/emergency.h"
#include "trust/base/status_macros.h"
#include "trust/identity/key_event.h"
#include "trust/message/timestamp.h"

namespace derwent::exchange {
namespace {

absl::StatusOr<Objections> WhyNotStored(const StoredPart& stored, Batch& batch) {
  const World& world = batch.world();
  ASSIGN_OR_RETURN(const std::vector<DecidedSubject> decided, DecideStored(stored, batch));
  if (stored.replies())
    return WhyNotAnswer(stored.manifest, stored.selector, decided.front(), stored.approved, world, batch.now());
  const bool asks = stored.share.kind == v1::PACKAGE_KIND_SELECTOR;
  const Objections why = WhyNot(stored.manifest, stored.statement,
                                asks ? DecidePackage(stored.manifest, stored.statement, world, batch.now()) : decided,
                                stored.approved, world, batch.now());
  // Nobody is told about a person of whom nothing may be answered.
  return asks && why.empty() ? WhyAllDenied(decided.front().decision) : why;
}

// Whether the key it is sealed to was revoked since; one whose time merely ended opens what was sealed before.
bool SealingKeyRevoked(const v1::Manifest& m, const World& world) {
  const trust::KeyHistory* const keys = world.KeysOf(m.recipient_agency());
  const trust::AgencyKey* const key =
      keys == nullptr ? nullptr
                      : keys->Find(trust::KeyUse::kSealing, m.sealing_key_id(), trust::FromTimestamp(m.create_time()));
  return key == nullptr || world.revoked->IsRevoked(key->certificate.serial());
}

// Why a package that waits may not go now.
absl::StatusOr<Objections> WhyHeld(const StoredPart& stored, const v1::DsseEnvelope& manifest, Batch& batch) {
  const World& world = batch.world();
  ASSIGN_OR_RETURN(Objections why, WhyNotStored(stored, batch));
  if (!CheckKeyCounts(world, stored.manifest.sender_agency(), manifest, batch.now()).ok())
    why.push_back(ObjectionOf(policy::ReasonCode::kRecipientNotParty));
  if (SealingKeyRevoked(stored.manifest, world)) why.push_back(ObjectionOf(policy::ReasonCode::kRecipientNotParty));
  Tags tags;
  for (const store::SubjectTag& tag : stored.part.tags) tags[tag.subject].push_back(tag.tag);
  ASSIGN_OR_RETURN(const bool own, Restricted(stored.manifest.sender_agency(), tags, batch));
  if (own) why.push_back(ObjectionOf(policy::ReasonCode::kSubjectRestricted));
  return why;
}

absl::Status Hold(const store::DeliveryRow& delivery, StoredPart& stored, const Objections& why, Batch& batch) {
  const std::string& reason = why.front().code;
  RETURN_IF_ERROR(batch.write().HoldDelivery(delivery.sequence));
  if (delivery.collected_count == 0) {  // Else only a repeated delivery is stopped.
    stored.part.state = v1::RECIPIENT_STATE_HELD;
    stored.part.reason = reason;
    stored.part.update_time = batch.now();
    RETURN_IF_ERROR(batch.write().UpdatePart(stored.part));
  }
  ASSIGN_OR_RETURN(const std::vector<uint64_t> entries, EnterStep("held", By::kBroker, stored, why, batch));
  return DeliverNotice(stored.share.sender_agency, v1::BROKER_NOTICE_KIND_HELD, stored, reason, "", entries, batch);
}

void Fill(const store::DeliveryRow& row, const std::vector<uint64_t>& entries, v1::Delivery& delivery) {
  delivery.set_delivery_id(row.delivery_id);
  delivery.set_repeated_delivery(row.collected_count > 0);
  *delivery.mutable_create_time() = trust::ToTimestamp(row.create_time);
  for (const uint64_t index : row.entry_indexes) delivery.add_receipts()->set_index(index);
  for (const uint64_t index : entries) delivery.add_receipts()->set_index(index);
}

// `overridden`: what stood against it all the same.
absl::Status CollectPackage(const store::DeliveryRow& row, absl::string_view overridden, v1::CollectResponse& response,
                            Batch& batch) {
  v1::Package package;
  if (!package.ParseFromString(row.payload)) return absl::DataLossError("a stored package does not parse");
  ASSIGN_OR_RETURN(StoredPart stored,
                   LoadPart({.share_id = row.share_id, .recipient_agency = row.mailbox_agency}, batch));
  ASSIGN_OR_RETURN(const Objections why, WhyHeld(stored, package.manifest(), batch));
  if (!why.empty()) return Hold(row, stored, why, batch);
  ASSIGN_OR_RETURN(const std::vector<uint64_t> entries,
                   EnterStep("collection", By::kRecipient, stored, {}, batch, /*code=*/"", overridden));
  RETURN_IF_ERROR(batch.write().MarkCollected(row.sequence));
  if (stored.part.state == v1::RECIPIENT_STATE_WAITING) {
    stored.part.state = v1::RECIPIENT_STATE_COLLECTED;
    stored.part.update_time = batch.now();
    RETURN_IF_ERROR(batch.write().UpdatePart(stored.part));
  }
  v1::Delivery& delivery = *response.add_deliveries();
  Fill(row, entries, delivery);
  *delivery.mutable_package() = std::move(package);
  return absl::OkStatus();
}

absl::Status CollectOther(const store::DeliveryRow& row, v1::CollectResponse& response, Batch& batch) {
  v1::Delivery& delivery = *response.add_deliveries();
  Fill(row, {}, delivery);
  google::protobuf::Message* const content =
      row.kind == kMessageDelivery    ? static_cast<google::protobuf::Message*>(delivery.mutable_message())
      : row.kind == kApprovalDelivery ? static_cast<google::protobuf::Message*>(delivery.mutable_approval())
                                      : delivery.mutable_notice();
  if (!content->ParseFromString(row.payload)) return absl::DataLossError("a stored message does not parse");
  return batch.write().MarkCollected(row.sequence);
}

absl::Status Take(const std::vector<store::DeliveryRow>& rows, absl::string_view overridden,
                  v1::CollectResponse& response, Batch& batch) {
  size_t octets = 0;
  for (const store::DeliveryRow& row : rows) {
    octets += row.payload.size();
    if (response.deliveries_size() > 0 && octets > batch.world().limits.share_octets) break;
    RETURN_IF_ERROR(row.kind == kPackageDelivery ? CollectPackage(row, overridden, response, batch)
                                                 : CollectOther(row, response, batch));
  }
  return absl::OkStatus();
}

bool HasPackage(const std::vector<store::DeliveryRow>& rows) {
  return std::any_of(rows.begin(), rows.end(),
                     [](const store::DeliveryRow& row) { return row.kind == kPackageDelivery; });
}

}  // namespace

absl::Status Collect(const Caller& caller, int max_deliveries, v1::CollectResponse& response, Batch& batch) {
  response.set_policy_digest(batch.world().bundle->policy_digest);
  const auto most = static_cast<size_t>(max_deliveries);
  // What is held leaves the mailbox, so a page of nothing but held packages must not hide what lies behind it.
  while (response.deliveries().empty()) {
    ASSIGN_OR_RETURN(const std::vector<store::DeliveryRow> rows,
                     batch.read().NextDeliveries(caller.agency(), batch.now(), most));
    if (rows.empty()) break;
    const absl::Status witnessed = HasPackage(rows) ? RequireWitnessed(batch) : absl::OkStatus();
    if (ReasonOf(witnessed) == kLedgerNotWitnessed) {
      // Packages wait, but an emergency's; a withdrawal or a notice behind them must not.
      ASSIGN_OR_RETURN(const std::vector<store::DeliveryRow> passing,
                       batch.read().NextMessages(caller.agency(), policy::kEmergencyPurpose, batch.now(), most));
      if (passing.empty()) return witnessed;
      RETURN_IF_ERROR(Take(passing, kLedgerNotWitnessed, response, batch));
      continue;
    }
    RETURN_IF_ERROR(witnessed);
    RETURN_IF_ERROR(Take(rows, /*overridden=*/"", response, batch));
  }
  return absl::OkStatus();
}

}  // namespace derwent::exchange
