#include "agents/daemon/receiving/receiver.h"

#include <algorithm>
#include <atomic>

#include "absl/strings/str_cat.h"

#include "agents/daemon/context/at_once.h"
#include "agents/daemon/context/fault.h"
#include "agents/daemon/context/turns.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

constexpr int kMaxDeliveries = 64;
// How old an agency's keys may be when something of it is opened.
constexpr absl::Duration kKeysFresh = absl::Seconds(5);

bool SignedByKnown(const v1::DsseEnvelope& envelope, const trust::KeyHistory& keys, absl::Time now) {
  return std::ranges::any_of(envelope.signatures(), [&](const v1::DsseSignature& signature) {
    return keys.Find(trust::KeyUse::kSigning, signature.keyid(), now) != nullptr;
  });
}

bool SignedByPending(const v1::DsseEnvelope& envelope, const trust::KeyHistory& keys, absl::Time now) {
  return !SignedByKnown(envelope, keys, now) &&
         std::ranges::any_of(envelope.signatures(), [&](const v1::DsseSignature& signature) {
           return keys.IsPending(trust::KeyUse::kSigning, signature.keyid(), now);
         });
}

}  // namespace

std::string NoticeCode(v1::NoticeKind kind) {
  const std::string name = v1::NoticeKind_Name(kind);
  return name.substr(std::min(name.size(), sizeof("NOTICE_KIND_") - 1));
}

absl::StatusOr<int> Receiver::CollectOnce(absl::Duration wait) {
  v1::CollectRequest request;
  request.set_max_deliveries(kMaxDeliveries);
  request.mutable_wait()->set_seconds(absl::ToInt64Seconds(wait));
  ASSIGN_OR_RETURN(const v1::CollectResponse response, context_.broker.Collect(request));
  if (!response.policy_digest().empty() && response.policy_digest() != context_.policy.policy_digest()) {
    const absl::Status synced = parts_.upkeep.SyncPolicy();
    if (!synced.ok()) context_.log.Failure("the policy was not taken", synced);
  }
  const std::vector<std::vector<const v1::Delivery*>> turns = ByTurn(response);
  std::atomic<int> taken = 0;
  std::vector<absl::Status> waits(
      turns.size());  // What cannot be taken now holds up nothing that is about another share.
  RETURN_IF_ERROR(AtOnce(turns.size(), [&](size_t i) -> absl::Status {
    for (const v1::Delivery* delivery : turns[i]) {
      const absl::StatusOr<bool> handled = Handle(*delivery);
      if (absl::IsUnavailable(handled.status())) {
        waits[i] = handled.status();
        break;
      }
      if (!handled.ok())
        context_.log.Failure("a delivery was not handled", handled.status(), {{"delivery", delivery->delivery_id()}});
      if (handled.ok() && *handled) ++taken;
    }
    return absl::OkStatus();
  }));
  RETURN_IF_ERROR(parts_.postman.Drain().status());  // What was acknowledged, all at once.
  if (taken == 0) {
    for (const absl::Status& wait : waits) RETURN_IF_ERROR(wait);
  }
  if (taken == 0) RETURN_IF_ERROR(context_.RequireWitnessed());  // Why nothing is taken.
  return taken;
}

absl::StatusOr<bool> Receiver::Handle(const v1::Delivery& delivery) {
  switch (delivery.content_case()) {
    case v1::Delivery::kPackage:
      return HandlePackage(delivery);
    case v1::Delivery::kMessage:
      return HandleMessage(delivery);
    case v1::Delivery::kNotice:
      return HandleNotice(delivery);
    case v1::Delivery::kApproval:
      return HandleApproval(delivery);
    default:
      return false;
  }
}

absl::Status Receiver::FreshKeys(const std::string& agency, const v1::DsseEnvelope& signed_by_it) {
  const KeyedLock::Hold hold(reading_keys_, agency);  // Who comes meanwhile waits for the same reading.
  const absl::Time now = context_.clock.Now();
  {
    const MutexLock lock(mutex_);
    const auto read = keys_read_.find(agency);
    if (read != keys_read_.end() && SignedByKnown(signed_by_it, *context_.keys.Find(agency), now) &&
        now - read->second < kKeysFresh && now >= read->second)
      return absl::OkStatus();
  }
  const absl::Status synced = parts_.upkeep.SyncKeys(agency);
  if (synced.ok()) {
    const MutexLock lock(mutex_);
    keys_read_[agency] = now;
  }
  if (WorthRetrying(synced)) return synced;
  // It stays with the broker, and is delivered again.
  return SignedByPending(signed_by_it, *context_.keys.Find(agency), now)
             ? absl::FailedPreconditionError(absl::StrCat("a key of `", agency, "` waits for its witnesses"))
             : absl::OkStatus();
}

absl::StatusOr<bool> Receiver::End(const std::string& delivery_id) {
  v1::AcknowledgeRequest request;
  request.set_request_id(context_.random.NewOrderedUuid(context_.clock.Now()).text());
  request.set_delivery_id(delivery_id);
  RETURN_IF_ERROR(context_.broker.Acknowledge(request).status());
  return true;
}

absl::StatusOr<bool> Receiver::HandleApproval(const v1::Delivery& delivery) {
  const absl::Status taken = parts_.approver.TakeOwn(delivery.approval());
  if (absl::IsUnavailable(taken) || absl::IsDataLoss(taken)) return taken;
  if (!taken.ok()) {
    context_.Alarm("APPROVAL_REJECTED", "", "");
    context_.log.Failure("an approval does not count", taken);
  }
  return End(delivery.delivery_id());
}

absl::StatusOr<bool> Receiver::HandleNotice(const v1::Delivery& delivery) {
  const v1::BrokerNotice& notice = delivery.notice();
  switch (notice.kind()) {
    case v1::BROKER_NOTICE_KIND_EXPIRED:
      RETURN_IF_ERROR(context_.state.HeardOf(notice.share_id(), notice.recipient_agency(), "EXPIRED"));
      context_.Alarm("SHARE_EXPIRED", notice.share_id(), notice.recipient_agency());
      break;
    case v1::BROKER_NOTICE_KIND_HELD:
      context_.Alarm("SHARE_HELD", notice.share_id(), notice.recipient_agency());
      break;
    case v1::BROKER_NOTICE_KIND_ACCEPTANCE_OVERDUE:
      context_.Alarm("ACCEPTANCE_OVERDUE", notice.share_id(), notice.recipient_agency());
      break;
    case v1::BROKER_NOTICE_KIND_RIGHTS_UNANSWERED:
      context_.Alarm("RIGHTS_UNANSWERED", notice.share_id(), notice.recipient_agency());
      break;
    case v1::BROKER_NOTICE_KIND_QUOTA_EXCEEDED:
      context_.Alarm("QUOTA_EXCEEDED", notice.share_id(), notice.recipient_agency());
      break;
    case v1::BROKER_NOTICE_KIND_OUTCOME_OVERDUE:
      context_.Alarm(notice.reason() == "EMERGENCY_REVIEW_OVERDUE" ? "EMERGENCY_REVIEW_OVERDUE" : "OUTCOME_OVERDUE",
                     notice.share_id(), notice.recipient_agency());
      break;
    default:
      context_.Alarm("NOTICE_UNKNOWN", notice.share_id(), notice.recipient_agency());
  }
  return End(delivery.delivery_id());
}

}  // namespace derwent::agents
