#include <algorithm>

#include "absl/strings/str_cat.h"
#include "broker/exchange/decide.h"
#include "broker/exchange/envelope.h"
#include "broker/exchange/rules.h"
#include "trust/base/status_macros.h"

namespace derwent::exchange {
namespace {

// Why a package that waits may not go now.
absl::StatusOr<std::vector<policy::Reason>> WhyHeld(const StoredPart& stored, const v1::DsseEnvelope& manifest, Batch& batch) {
  const World& world = batch.world();
  const std::vector<DecidedSubject> decided = DecidePackage(stored.manifest, stored.statement, world, batch.now());
  std::vector<policy::Reason> why = WhyNot(stored.manifest, stored.statement, decided, world, batch.now());
  if (!CheckKeyCounts(world, stored.manifest.sender_agency(), manifest, batch.now()).ok()) why.push_back({.code = policy::ReasonCode::kRecipientNotParty, .rule = "keys"});
  ASSIGN_OR_RETURN(const std::vector<store::PartSubjectTag> tags, batch.read().TagsOfPart(stored.part.key));
  std::vector<std::string> all;
  for (const store::PartSubjectTag& tag : tags) all.push_back(tag.tag);
  ASSIGN_OR_RETURN(const std::vector<store::RestrictionTag> restricted, batch.read().RestrictionsOfTags(all));
  const bool own = std::any_of(restricted.begin(), restricted.end(), [&](const store::RestrictionTag& tag) { return tag.agency == stored.manifest.sender_agency(); });
  if (own) why.push_back({.code = policy::ReasonCode::kSubjectRestricted, .rule = "restrictions"});
  return why;
}

absl::Status Hold(const store::DeliveryRow& delivery, StoredPart& stored, const std::vector<policy::Reason>& why, Batch& batch) {
  const std::string reason(policy::Describe(why.front().code).name);
  stored.part.state = v1::RECIPIENT_STATE_HELD;
  stored.part.reason = reason;
  stored.part.update_time = batch.now();
  RETURN_IF_ERROR(batch.write().UpdatePart(stored.part));
  RETURN_IF_ERROR(batch.write().HoldDelivery(delivery.sequence));
  ASSIGN_OR_RETURN(const std::vector<uint64_t> entries, EnterStep("held", ledger::Actor::kBroker, stored, why, batch));
  return DeliverNotice(stored.share.sender_agency, v1::BROKER_NOTICE_KIND_HELD, stored, reason, "", entries, batch);
}

void Fill(const store::DeliveryRow& row, const std::vector<uint64_t>& entries, v1::Delivery& delivery) {
  delivery.set_delivery_id(row.delivery_id);
  delivery.set_repeated_delivery(row.collected_count > 0);
  *delivery.mutable_create_time() = ToTimestamp(row.create_time);
  for (const uint64_t index : row.entry_indexes) delivery.add_receipts()->set_index(index);
  for (const uint64_t index : entries) delivery.add_receipts()->set_index(index);
}

absl::Status CollectPackage(const store::DeliveryRow& row, v1::CollectResponse& response, Batch& batch) {
  v1::Package package;
  if (!package.ParseFromString(row.payload)) return absl::DataLossError("a stored package does not parse");
  ASSIGN_OR_RETURN(StoredPart stored, LoadPart({.share_id = row.share_id, .recipient_agency = row.mailbox_agency}, batch));
  ASSIGN_OR_RETURN(const std::vector<policy::Reason> why, WhyHeld(stored, package.manifest(), batch));
  if (!why.empty()) return Hold(row, stored, why, batch);
  ASSIGN_OR_RETURN(const std::vector<uint64_t> entries, EnterStep("collection", ledger::Actor::kReceiving, stored, {}, batch));
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
  const bool parsed = row.kind == kMessageDelivery ? delivery.mutable_message()->ParseFromString(row.payload) : delivery.mutable_notice()->ParseFromString(row.payload);
  if (!parsed) return absl::DataLossError("a stored message does not parse");
  return batch.write().MarkCollected(row.sequence);
}

}  // namespace

absl::Status Collect(const Caller& caller, int max_deliveries, v1::CollectResponse& response, Batch& batch) {
  response.set_policy_digest(batch.world().bundle->policy_digest);
  size_t octets = 0;
  // What is held leaves the mailbox, so a page of nothing but held packages must not hide what lies behind it.
  while (response.deliveries().empty()) {
    ASSIGN_OR_RETURN(const std::vector<store::DeliveryRow> rows, batch.read().NextDeliveries(caller.agency(), batch.now(), static_cast<size_t>(max_deliveries)));
    if (rows.empty()) break;
    for (const store::DeliveryRow& row : rows) {
      octets += row.payload.size();
      if (response.deliveries_size() > 0 && octets > batch.world().limits.share_octets) break;
      RETURN_IF_ERROR(row.kind == kPackageDelivery ? CollectPackage(row, response, batch) : CollectOther(row, response, batch));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<StoredPart> LoadPart(const store::PartKey& key, Batch& batch) {
  ASSIGN_OR_RETURN(std::optional<store::ShareRow> share, batch.read().FindShare(key.share_id));
  ASSIGN_OR_RETURN(std::optional<store::PartRow> part, batch.read().FindPart(key));
  if (!share.has_value() || !part.has_value()) return absl::NotFoundError("no such share of this recipient");
  StoredPart stored{.share = *std::move(share), .part = *std::move(part), .manifest = {}, .statement = {}};
  v1::Submission context;
  if (!context.ParseFromString(stored.part.context) || !stored.manifest.ParseFromString(context.package().manifest().payload()) ||
      !stored.statement.ParseFromString(context.sender_statement())) {
    return absl::DataLossError("a stored manifest does not parse");
  }
  return stored;
}

absl::StatusOr<std::vector<uint64_t>> EnterStep(absl::string_view step, ledger::Actor actor, const StoredPart& stored, const std::vector<policy::Reason>& refused, Batch& batch) {
  ASSIGN_OR_RETURN(const std::vector<store::PartSubjectTag> tags, batch.read().TagsOfPart(stored.part.key));
  std::vector<ledger::EntryDraft> drafts;
  for (const DecidedSubject& subject : DecidePackage(stored.manifest, stored.statement, batch.world(), batch.now())) {
    std::vector<std::string> of;
    for (const store::PartSubjectTag& tag : tags) {
      if (tag.subject == subject.number) of.push_back(tag.tag);
    }
    drafts.push_back(DraftFor(step, actor, stored.manifest, stored.statement, subject, std::move(of), stored.part.manifest_digest, batch, refused));
  }
  return batch.Append(drafts);
}

absl::Status DeliverNotice(const std::string& agency, v1::BrokerNoticeKind kind, const StoredPart& stored, const std::string& reason, const std::string& role,
                           const std::vector<uint64_t>& entries, Batch& batch) {
  v1::BrokerNotice notice;
  notice.set_kind(kind);
  notice.set_share_id(stored.share.share_id);
  notice.set_recipient_agency(stored.part.key.recipient_agency);
  notice.set_reason(reason);
  notice.set_escalate_to_role(role);
  return batch.Deliver({.delivery_id = batch.NewId(), .mailbox_agency = agency, .share_id = stored.share.share_id, .kind = kNoticeDelivery,
                        .payload = notice.SerializeAsString(), .entry_indexes = entries, .create_time = batch.now()});
}

}  // namespace derwent::exchange
