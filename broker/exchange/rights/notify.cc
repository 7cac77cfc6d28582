#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "broker/exchange/command/agency_signature.h"
#include "broker/exchange/command/idempotency.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/rights/recipients.h"
#include "broker/exchange/rights/rights.h"
#include "broker/exchange/rights/rights_entries.h"
#include "broker/exchange/share/case_link.h"
#include "trust/base/status_macros.h"

namespace derwent::exchange {
namespace {

constexpr char kMethod[] = "NotifyRights";

using DecidedNotices = std::vector<std::vector<DecidedSubject>>;

absl::Status CheckOfficer(const Caller& caller, const v1::NotifyRightsRequest& request, const Batch& batch) {
  if (HoldsToday(batch.world(),
                 {.agency = caller.agency(), .person = request.acting_person(), .role = request.acting_role()},
                 batch.now()))
    return absl::OkStatus();
  return Refuse(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED",
                "the acting person does not hold the role today");
}

// Why policy denies the event; empty: it permits all of it. What it would permit of it alone is not told: a person's
// right reaches everybody or is decided again.
std::vector<std::string> WhyDenied(const DecidedNotices& decided) {
  std::set<std::string> why;
  for (const std::vector<DecidedSubject>& subjects : decided) {
    for (const DecidedSubject& subject : subjects) {
      policy::Decision denied = subject.decision;
      std::erase_if(denied.categories, [](const policy::CategoryOutcome& outcome) { return !outcome.denied; });
      if (denied.categories.empty()) continue;
      for (const Objection& objection : WhyAllDenied(denied)) why.insert(objection.code);
    }
  }
  return {why.begin(), why.end()};
}

// Enters the event; returns the indexes by notice.
absl::StatusOr<std::vector<std::vector<uint64_t>>> Enter(const v1::NotifyRightsRequest& request,
                                                         const std::vector<Told>& told, const DecidedNotices& decided,
                                                         const std::vector<std::string>& denied, Batch& batch) {
  std::vector<ledger::EntryDraft> drafts;
  for (size_t i = 0; i < told.size(); ++i) {
    std::ranges::move(DraftsOf({.name = "rights_notice",
                                .actor = ledger::Actor::kReleasing,
                                .notice = told[i].notice(),
                                .part = told[i].part,
                                .digest = told[i].checked->digest,
                                .codes = denied,
                                .releasing_person = request.acting_person()},
                               &decided[i], batch),
                      std::back_inserter(drafts));
  }
  ASSIGN_OR_RETURN(const std::vector<uint64_t> indexes, batch.Append(drafts));
  std::vector<std::vector<uint64_t>> by_notice;
  auto next = indexes.begin();
  for (const Told& one : told) {
    by_notice.emplace_back(next, next + one.notice().subjects_size());
    next += one.notice().subjects_size();
  }
  return by_notice;
}

absl::Status Tell(const Told& told, std::vector<uint64_t> entries, Batch& batch) {
  const v1::RightsNotice& notice = told.notice();
  const std::string octets = told.checked->envelope->SerializeAsString();
  RETURN_IF_ERROR(batch.write().PutRightsNotice(
      {.key = {.event_id = notice.event_id(), .share_id = notice.share_id(), .recipient_agency = notice.to_agency()},
       .sender_agency = notice.from_agency(),
       .notice = octets,
       .answer = "",
       .create_time = batch.now(),
       .chase_time = batch.now() + kAnswerRightsWithin,
       .chased = 0}));
  return batch.Deliver({.mailbox_agency = notice.to_agency(),
                        .share_id = notice.share_id(),
                        .kind = kMessageDelivery,
                        .payload = octets,
                        .entry_indexes = std::move(entries),
                        .create_time = batch.now()});
}

}  // namespace

absl::Status NotifyRights(const Caller& caller, const v1::NotifyRightsRequest& request, const CheckedNotices& checked,
                          v1::NotifyRightsResponse& response, Batch& batch) {
  ASSIGN_OR_RETURN(const bool before, Answered(caller, kMethod, request.request_id(), checked.digest, response, batch));
  if (before) return absl::OkStatus();
  RETURN_IF_ERROR(CheckOfficer(caller, request, batch));
  for (const CheckedRights<v1::RightsNotice>& notice : checked.notices)
    RETURN_IF_ERROR(CheckKeyCounts(batch.world(), caller.agency(), *notice.envelope, batch.now()));
  ASSIGN_OR_RETURN(const std::vector<Told> told, FindTold(checked, batch));
  RETURN_IF_ERROR(RequireEveryRecipient(request, told, batch));
  DecidedNotices decided;
  for (const Told& one : told)
    decided.push_back(DecideNotice(one.notice(), one.part, request.acting_role(), batch.world(), batch.now()));
  const std::vector<std::string> denied = WhyDenied(decided);
  ASSIGN_OR_RETURN(std::vector<std::vector<uint64_t>> entries, Enter(request, told, decided, denied, batch));
  for (const std::vector<uint64_t>& of_notice : entries) {
    for (const uint64_t index : of_notice) response.add_receipts()->set_index(index);
  }
  response.set_outcome(denied.empty() ? v1::SUBMIT_OUTCOME_STORED : v1::SUBMIT_OUTCOME_REFUSED);
  if (!denied.empty()) {
    response.set_reason(denied.front());
    return absl::OkStatus();  // Only what took effect is remembered.
  }
  for (size_t i = 0; i < told.size(); ++i) RETURN_IF_ERROR(Tell(told[i], std::move(entries[i]), batch));
  return Remember(caller, kMethod, request.request_id(), checked.digest, response, batch.now() + kRemembered, batch);
}

}  // namespace derwent::exchange
