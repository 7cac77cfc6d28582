#include "broker/exchange/request/quota.h"

#include <vector>

#include "broker/exchange/command/refusal.h"
#include "broker/exchange/request/requests.h"
#include "broker/exchange/share/stored.h"
#include "derwent/v1/mailbox.pb.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"

namespace derwent::exchange {
namespace {

absl::StatusOr<store::QuotaRow> Today(const std::string& agency, const std::string& person, Batch& batch) {
  const store::QuotaKey key{.agency = agency, .person = person, .day = QuotaDay(batch.now())};
  ASSIGN_OR_RETURN(const std::optional<store::QuotaRow> row, batch.read().FindQuota(key));
  return row.value_or(store::QuotaRow{.key = key, .holders = 0, .alarmed = false});
}

absl::Status Tell(const std::string& agency, std::vector<uint64_t> entries, Batch& batch) {
  v1::BrokerNotice notice;
  notice.set_kind(v1::BROKER_NOTICE_KIND_QUOTA_EXCEEDED);
  notice.set_recipient_agency(agency);
  notice.set_reason("QUOTA_EXCEEDED");
  notice.set_escalate_to_role("dpo");
  return batch.Deliver({.mailbox_agency = agency,
                        .share_id = "",
                        .kind = kNoticeDelivery,
                        .payload = notice.SerializeAsString(),
                        .entry_indexes = std::move(entries),
                        .create_time = batch.now()});
}

}  // namespace

int64_t QuotaDay(absl::Time time) { return LondonDay(time) - absl::CivilDay(1970, 1, 1); }

absl::Status CheckQuota(const std::string& agency, const std::string& person, size_t more, Batch& batch) {
  ASSIGN_OR_RETURN(const store::QuotaRow today, Today(agency, person, batch));
  if (today.holders + more <= batch.world().limits.holders_a_day) return absl::OkStatus();
  return Refuse(absl::StatusCode::kResourceExhausted, "QUOTA_EXCEEDED",
                "the person asked as many holders today as the broker allows: ask again tomorrow, or fewer");
}

absl::Status CountQuota(const std::string& agency, const std::string& person, size_t more, Batch& batch) {
  ASSIGN_OR_RETURN(store::QuotaRow today, Today(agency, person, batch));
  today.holders += static_cast<uint32_t>(more);
  return batch.write().PutQuota(today);
}

absl::Status AlarmQuota(const std::vector<v1::Manifest>& asked, Batch& batch) {
  const v1::Manifest& first = asked.front();
  ASSIGN_OR_RETURN(store::QuotaRow today, Today(first.sender_agency(), first.question().acting_person(), batch));
  if (today.alarmed) return absl::OkStatus();
  today.alarmed = true;
  RETURN_IF_ERROR(batch.write().PutQuota(today));
  std::vector<uint64_t> all;
  for (const v1::Manifest& m : asked) {
    ledger::EntryDraft draft("quota_exceeded", ledger::Actor::kReceiving);
    draft.SetReleasing(m.recipient_agency(), "")
        .SetReceiving(m.sender_agency(), today.key.person)
        .SetPurpose(m.purpose(), m.profile(), m.board(), m.area());
    draft.SetOutcome("DENY", {"QUOTA_EXCEEDED"}, batch.world().policy_digest(), batch.world().register_digest)
        .SetCount(today.holders);
    ASSIGN_OR_RETURN(const uint64_t index, batch.Append(draft));
    all.push_back(index);
    RETURN_IF_ERROR(Tell(m.recipient_agency(), {index}, batch));
  }
  return Tell(first.sender_agency(), all, batch);
}

absl::Status AlarmQuota(const CheckedShare& share, Batch& batch) {
  std::vector<v1::Manifest> asked;
  for (const CheckedPackage& package : share.packages) asked.push_back(package.manifest);
  return AlarmQuota(asked, batch);
}

}  // namespace derwent::exchange
