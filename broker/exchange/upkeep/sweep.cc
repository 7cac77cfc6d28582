#include "broker/exchange/upkeep/sweep.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "broker/exchange/emergency/emergencies.h"
#include "broker/exchange/erasure/erasures.h"
#include "broker/exchange/request/quota.h"
#include "broker/exchange/rights/rights.h"
#include "broker/exchange/share/approvals.h"
#include "broker/exchange/share/stored.h"
#include "trust/base/status_macros.h"

namespace derwent::exchange {
namespace {

constexpr size_t kPartsASweep = 64;
constexpr size_t kAnswersASweep = 1024;

bool Passed(const store::Due& due, absl::Time now) { return due.time.has_value() && !due.overdue && *due.time <= now; }

// Nobody collected or acknowledged it in time: the payload goes, an entry and a notice to the sender stay. A part that
// was collected keeps that state: its recipient has the data, and a withdrawal must still reach it.
absl::Status Expire(StoredPart& stored, Batch& batch) {
  ASSIGN_OR_RETURN(const std::vector<store::DeliveryRow> rows, batch.read().DeliveriesOfPart(stored.part.key));
  bool collected = stored.part.state == v1::RECIPIENT_STATE_COLLECTED;
  for (const store::DeliveryRow& row : rows) {
    if (row.kind != kPackageDelivery) continue;
    collected = collected || row.collected_count > 0;  // And held afterwards.
    RETURN_IF_ERROR(batch.write().DeleteDelivery(row.sequence));
  }
  stored.part.state = collected ? v1::RECIPIENT_STATE_COLLECTED : v1::RECIPIENT_STATE_EXPIRED;
  stored.part.reason = collected ? "NOT_ACKNOWLEDGED" : "EXPIRED";
  stored.part.collection.overdue = true;
  stored.part.acceptance.time.reset();
  stored.part.outcome.time.reset();
  stored.part.update_time = batch.now();
  RETURN_IF_ERROR(batch.write().UpdatePart(stored.part));
  ASSIGN_OR_RETURN(const std::vector<uint64_t> entries, EnterStep("expiry", By::kBroker, stored, {}, batch));
  return DeliverNotice(stored.share.sender_agency, v1::BROKER_NOTICE_KIND_EXPIRED, stored, stored.part.reason, "",
                       entries, batch);
}

// The time for answers is over: a selector that still waits goes. Under an existence-sensitive profile the asker is not
// told, for it knows the time, and who did not answer may only have had nobody.
absl::Status ExpireRequest(StoredPart& stored, Batch& batch) {
  ASSIGN_OR_RETURN(const std::vector<store::DeliveryRow> rows, batch.read().DeliveriesOfPart(stored.part.key));
  for (const store::DeliveryRow& row : rows) {
    if (row.kind == kPackageDelivery) RETURN_IF_ERROR(batch.write().DeleteDelivery(row.sequence));
  }
  if (stored.share.existence_sensitive) RETURN_IF_ERROR(EnterKeptSteps(stored, batch));
  stored.part.outcome.overdue = true;
  if (stored.part.state == v1::RECIPIENT_STATE_ANSWERED || stored.part.state == v1::RECIPIENT_STATE_WITHDRAWN)
    return batch.write().UpdatePart(stored.part);
  if (stored.part.state != v1::RECIPIENT_STATE_HELD) {  // That says why nobody could answer.
    stored.part.state = v1::RECIPIENT_STATE_EXPIRED;
    stored.part.reason = "EXPIRED";
  }
  stored.part.update_time = batch.now();
  RETURN_IF_ERROR(batch.write().UpdatePart(stored.part));
  ASSIGN_OR_RETURN(const std::vector<uint64_t> entries, EnterStep("expiry", By::kBroker, stored, {}, batch));
  if (stored.share.existence_sensitive) return absl::OkStatus();
  return DeliverNotice(stored.share.sender_agency, v1::BROKER_NOTICE_KIND_EXPIRED, stored, stored.part.reason, "",
                       entries, batch);
}

absl::Status Escalate(StoredPart& stored, store::Due store::PartRow::*due, v1::BrokerNoticeKind kind,
                      absl::string_view step, Batch& batch) {
  (stored.part.*due).overdue = true;
  stored.part.update_time = batch.now();
  RETURN_IF_ERROR(batch.write().UpdatePart(stored.part));
  ASSIGN_OR_RETURN(const std::vector<uint64_t> entries, EnterStep(step, By::kBroker, stored, {}, batch));
  const auto profile = batch.world().bundle->policy->profiles.find(stored.share.profile);
  const std::string role =
      profile == batch.world().bundle->policy->profiles.end() ? "spoc" : profile->second.escalation_role;
  for (const std::string& agency : {stored.share.sender_agency, stored.part.key.recipient_agency}) {
    RETURN_IF_ERROR(DeliverNotice(agency, kind, stored, "OVERDUE", role, entries, batch));
  }
  return absl::OkStatus();
}

// A row's caller: the agency and, after a space, the person, where one called.
std::string RowCaller(const Caller& caller) {
  return caller.person().empty() ? caller.agency() : absl::StrCat(caller.agency(), " ", caller.person());
}

// Enters the repeats of a refusal whose minute is over.
absl::Status EnterRepeatsOf(const store::RefusalRow& row, Batch& batch) {
  if (row.repeats == 0) return absl::OkStatus();
  const std::pair<std::string, std::string> caller = absl::StrSplit(row.key.caller, absl::MaxSplits(' ', 1));
  ledger::EntryDraft draft("refused_call", ledger::Actor::kReceiving);
  draft.SetReceiving(caller.first, caller.second)
      .SetOutcome("DENY", {row.key.reason}, batch.world().policy_digest(), batch.world().register_digest)
      .SetCount(row.repeats);
  draft.SetIds("", row.key.method, "");
  return batch.Append(draft).status();
}

absl::Status EnterRepeats(Batch& batch) {
  ASSIGN_OR_RETURN(const std::vector<store::RefusalRow> rows,
                   batch.read().RefusalsBefore(batch.now() - absl::Minutes(1), kPartsASweep));
  for (const store::RefusalRow& row : rows) {
    RETURN_IF_ERROR(EnterRepeatsOf(row, batch));
    RETURN_IF_ERROR(batch.write().DeleteRefusal(row.key));
  }
  return absl::OkStatus();
}

// What is remembered only for a time.
absl::Status Trim(Batch& batch) {
  RETURN_IF_ERROR(batch.write().DeleteIdempotencyBefore(batch.now(), kAnswersASweep).status());
  RETURN_IF_ERROR(
      batch.write().DeleteApprovalsBefore(batch.now() - batch.world().limits.clock_skew, kAnswersASweep).status());
  return batch.write().DeleteQuotasBefore(QuotaDay(batch.now()), kAnswersASweep).status();
}

}  // namespace

absl::Status Sweep(Batch& batch) {
  ASSIGN_OR_RETURN(const std::vector<store::PartRow> due, batch.read().PartsDue(batch.now(), kPartsASweep));
  for (const store::PartRow& row : due) {
    ASSIGN_OR_RETURN(StoredPart stored, LoadPart(row.key, batch));
    if (stored.share.kind == v1::PACKAGE_KIND_SELECTOR) {
      RETURN_IF_ERROR(ExpireRequest(stored, batch));
      continue;
    }
    if (Passed(stored.part.collection, batch.now())) {
      RETURN_IF_ERROR(Expire(stored, batch));
      continue;
    }
    if (Passed(stored.part.acceptance, batch.now())) {
      RETURN_IF_ERROR(Escalate(stored, &store::PartRow::acceptance, v1::BROKER_NOTICE_KIND_ACCEPTANCE_OVERDUE,
                               "acceptance_overdue", batch));
    }
    if (Passed(stored.part.outcome, batch.now())) {
      RETURN_IF_ERROR(
          Escalate(stored, &store::PartRow::outcome, v1::BROKER_NOTICE_KIND_OUTCOME_OVERDUE, "outcome_overdue", batch));
    }
  }
  RETURN_IF_ERROR(ChaseReviews(batch));
  RETURN_IF_ERROR(ChaseErasures(batch));
  RETURN_IF_ERROR(ChaseRights(batch));
  return EnterRepeats(batch);
}

absl::Status Tidy(Batch& batch) {
  RETURN_IF_ERROR(Trim(batch));
  return EraseDue(batch);
}

absl::Status EnterRefusedCall(const Caller& caller, absl::string_view method, absl::string_view reason, Batch& batch) {
  const store::RefusalKey key{
      .caller = RowCaller(caller), .method = std::string(method), .reason = std::string(reason)};
  ASSIGN_OR_RETURN(std::optional<store::RefusalRow> row, batch.read().FindRefusal(key));
  if (row.has_value() && row->minute > batch.now() - absl::Minutes(1)) {
    ++row->repeats;
    return batch.write().PutRefusal(*row);
  }
  if (row.has_value()) RETURN_IF_ERROR(EnterRepeatsOf(*row, batch));  // No sweep has seen it yet.
  ledger::EntryDraft draft("refused_call", ledger::Actor::kReceiving);
  draft.SetReceiving(caller.agency(), caller.person())
      .SetOutcome("DENY", {key.reason}, batch.world().policy_digest(), batch.world().register_digest);
  draft.SetIds("", method, "").SetCount(1);
  RETURN_IF_ERROR(batch.Append(draft).status());
  return batch.write().PutRefusal({.key = key, .minute = batch.now(), .repeats = 0});
}

}  // namespace derwent::exchange
