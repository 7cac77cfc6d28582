#include <algorithm>
#include <optional>

#include "broker/exchange/command/agency_signature.h"
#include "broker/exchange/command/idempotency.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/rights/rights.h"
#include "broker/exchange/rights/rights_entries.h"
#include "broker/exchange/share/decide.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

// What recipients say of a rights event, and those that say nothing.

namespace derwent::exchange {
namespace {

constexpr char kMethod[] = "AnswerRights";
constexpr size_t kNoticesChased = 64;

absl::StatusOr<v1::RightsNotice> NoticeOf(const store::RightsNoticeRow& row) {
  v1::DsseEnvelope envelope;
  v1::RightsNotice notice;
  if (envelope.ParseFromString(row.notice) && notice.ParseFromString(envelope.payload())) return notice;
  return absl::DataLossError("a stored rights notice does not parse");
}

absl::StatusOr<StoredPart> PartOf(const store::RightsNoticeRow& row, Batch& batch) {
  return LoadPart({.share_id = row.key.share_id, .recipient_agency = row.key.recipient_agency}, batch);
}

absl::StatusOr<store::RightsNoticeRow> FindOpen(const v1::RightsAnswer& answer, Batch& batch) {
  ASSIGN_OR_RETURN(
      std::optional<store::RightsNoticeRow> row,
      batch.read().FindRightsNotice(
          {.event_id = answer.event_id(), .share_id = answer.share_id(), .recipient_agency = answer.from_agency()}));
  if (!row.has_value() || row->sender_agency != answer.to_agency())
    return Refuse(absl::StatusCode::kNotFound, "EVENT_UNKNOWN", "no such notice went to this agency");
  if (!row->answer.empty())
    return Refuse(absl::StatusCode::kFailedPrecondition, "STATE_NOT_ALLOWED", "the notice was answered");
  return *std::move(row);
}

std::vector<std::string> CodesOf(const v1::RightsAnswer& answer) {
  std::vector<std::string> codes = {v1::RightsOutcome_Name(answer.outcome()).substr(sizeof("RIGHTS_OUTCOME_") - 1)};
  if (!answer.reason().empty()) codes.push_back(answer.reason());
  std::sort(codes.begin(), codes.end());
  return codes;
}

// Nobody answered in time. Of a share whose personal data was erased there is nothing to answer for any more.
absl::Status Chase(store::RightsNoticeRow row, Batch& batch) {
  const absl::StatusOr<StoredPart> part = PartOf(row, batch);
  if (absl::IsNotFound(part.status())) {
    row.chase_time.reset();
    return batch.write().PutRightsNotice(row);
  }
  RETURN_IF_ERROR(part.status());
  ASSIGN_OR_RETURN(const v1::RightsNotice notice, NoticeOf(row));
  ++row.chased;
  row.chase_time = batch.now() + kAnswerRightsWithin;
  RETURN_IF_ERROR(batch.write().PutRightsNotice(row));
  v1::DsseEnvelope envelope;
  if (!envelope.ParseFromString(row.notice)) return absl::DataLossError("a stored rights notice does not parse");
  const Sha256Digest digest = trust::Sha256(envelope.payload());
  ASSIGN_OR_RETURN(const std::vector<uint64_t> entries, batch.Append(DraftsOf({.name = "rights_unanswered",
                                                                               .actor = ledger::Actor::kBroker,
                                                                               .notice = notice,
                                                                               .part = *part,
                                                                               .digest = digest,
                                                                               .codes = {"RIGHTS_UNANSWERED"},
                                                                               .count = row.chased},
                                                                              nullptr, batch)));
  v1::BrokerNotice told;
  told.set_kind(v1::BROKER_NOTICE_KIND_RIGHTS_UNANSWERED);
  told.set_share_id(row.key.share_id);
  told.set_recipient_agency(row.key.recipient_agency);
  told.set_reason("RIGHTS_UNANSWERED");
  told.set_event_id(row.key.event_id);
  for (const std::string& agency : {row.sender_agency, row.key.recipient_agency}) {
    RETURN_IF_ERROR(batch.Deliver({.mailbox_agency = agency,
                                   .share_id = row.key.share_id,
                                   .kind = kNoticeDelivery,
                                   .payload = told.SerializeAsString(),
                                   .entry_indexes = entries,
                                   .create_time = batch.now()}));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status AnswerRights(const Caller& caller, const v1::AnswerRightsRequest& request,
                          const CheckedRights<v1::RightsAnswer>& checked, v1::AnswerRightsResponse& response,
                          Batch& batch) {
  ASSIGN_OR_RETURN(const bool before, Answered(caller, kMethod, request.request_id(), checked.digest, response, batch));
  if (before) return absl::OkStatus();
  if (!PersonMay(batch.world(), caller.agency(), request.acting_person(), "handle_rights", "", batch.now()))
    return Refuse(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED",
                  "the acting person holds no role today that may handle_rights");
  RETURN_IF_ERROR(CheckKeyCounts(batch.world(), caller.agency(), request.answer(), batch.now()));
  ASSIGN_OR_RETURN(store::RightsNoticeRow row, FindOpen(checked.message, batch));
  ASSIGN_OR_RETURN(const v1::RightsNotice notice, NoticeOf(row));
  ASSIGN_OR_RETURN(const StoredPart part, PartOf(row, batch));
  row.answer = request.answer().SerializeAsString();
  row.chase_time.reset();
  RETURN_IF_ERROR(batch.write().PutRightsNotice(row));
  ASSIGN_OR_RETURN(const std::vector<uint64_t> entries,
                   batch.Append(DraftsOf({.name = "rights_answer",
                                          .actor = ledger::Actor::kReceiving,
                                          .notice = notice,
                                          .part = part,
                                          .digest = checked.digest,
                                          .codes = CodesOf(checked.message),
                                          .receiving_person = request.acting_person()},
                                         nullptr, batch)));
  for (const uint64_t index : entries) response.add_receipts()->set_index(index);
  RETURN_IF_ERROR(batch.Deliver({.mailbox_agency = row.sender_agency,
                                 .share_id = row.key.share_id,
                                 .kind = kMessageDelivery,
                                 .payload = row.answer,
                                 .entry_indexes = entries,
                                 .create_time = batch.now()}));
  return Remember(caller, kMethod, request.request_id(), checked.digest, response, batch.now() + kRemembered, batch);
}

absl::Status ChaseRights(Batch& batch) {
  ASSIGN_OR_RETURN(std::vector<store::RightsNoticeRow> late,
                   batch.read().RightsNoticesToChase(batch.now(), kNoticesChased));
  for (store::RightsNoticeRow& row : late) RETURN_IF_ERROR(Chase(std::move(row), batch));
  return absl::OkStatus();
}

}  // namespace derwent::exchange
