#include "broker/exchange/rights/rights_check.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

#include "broker/exchange/command/agency_signature.h"
#include "broker/exchange/command/refusal.h"
#include "broker/ledger/attributes.h"
#include "trust/base/status_macros.h"
#include "trust/base/uuid.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::exchange {
namespace {

constexpr int kMostNotices = 200;
constexpr int kMostReferences = 8;
constexpr size_t kReferenceOctets = 32;
constexpr int kMostCategories = 64;
constexpr absl::Duration kOldestMessage = absl::Hours(24 * 7);
constexpr absl::string_view kDeclined[] = {"EVIDENCE_KEPT", "LEGAL_CLAIMS",      "PUBLIC_TASK",     "PUBLIC_HEALTH",
                                           "ARCHIVING",     "RIGHTS_OF_ANOTHER", "PUBLIC_INTEREST", "FOUND_ACCURATE"};

bool IsId(const std::string& text) { return Uuid::Parse(text).ok(); }

// Each once, in order.
template <typename Values>
bool Ascend(const Values& values) {
  return std::adjacent_find(values.begin(), values.end(), [](const auto& a, const auto& b) { return a >= b; }) ==
         values.end();
}

bool AreCategories(const google::protobuf::RepeatedPtrField<std::string>& categories) {
  return categories.size() <= kMostCategories && Ascend(categories) &&
         std::all_of(categories.begin(), categories.end(), [](const std::string& one) { return ledger::IsCode(one); });
}

bool IsRecent(const google::protobuf::Timestamp& made, const World& world, absl::Time now) {
  const absl::Time time = trust::FromTimestamp(made);
  return time > now - kOldestMessage && time < now + world.limits.clock_skew;
}

// Returns whether the notices are as many as they may be.
bool CheckCall(const v1::NotifyRightsRequest& request, Violations& violations) {
  violations.Require(IsId(request.request_id()), "request_id", "is the event's UUID in lowercase");
  violations.Require(ledger::IsCode(request.acting_person()), "acting_person", "is an opaque id");
  violations.Require(ledger::IsCode(request.acting_role()), "acting_role", "is a role");
  const auto& references = request.references();
  violations.Require(references.size() <= kMostReferences &&
                         std::all_of(references.begin(), references.end(),
                                     [](const std::string& one) { return one.size() == kReferenceOctets; }),
                     "references", "are 8 at most, of 32 octets");
  violations.Require(AreCategories(request.categories()), "categories", "are codes, sorted, 64 at most");
  violations.Require(request.because_event_id().empty() || IsId(request.because_event_id()), "because_event_id",
                     "is a UUID in lowercase, or empty");
  return violations.Require(request.notices_size() >= 1 && request.notices_size() <= kMostNotices, "notices",
                            "are 1 to 200");
}

void CheckForm(const Caller& caller, const v1::NotifyRightsRequest& request, const v1::RightsNotice& notice,
               const World& world, absl::Time now, Violations& violations) {
  violations.Require(notice.event_id() == request.request_id(), "notices.event_id", "is the call's id");
  violations.Require(notice.type() != v1::RIGHTS_EVENT_TYPE_UNSPECIFIED && v1::RightsEventType_IsValid(notice.type()),
                     "notices.type", "is a type");
  violations.Require(notice.from_agency() == caller.agency(), "notices.from_agency", "is the caller's agency");
  violations.Require(!notice.to_agency().empty() && notice.to_agency() != caller.agency(), "notices.to_agency",
                     "is the other party");
  violations.Require(IsId(notice.share_id()), "notices.share_id", "is a UUID in lowercase");
  violations.Require(notice.request_id().empty() || IsId(notice.request_id()), "notices.request_id",
                     "is a UUID in lowercase, or empty");
  violations.Require(
      !notice.subjects().empty() && notice.subjects_size() <= world.limits.subjects && Ascend(notice.subjects()),
      "notices.subjects", "are 1 to 30, ascending");
  violations.Require(!notice.categories().empty() && AreCategories(notice.categories()), "notices.categories",
                     "are 1 to 64 codes, sorted");
  violations.Require(IsRecent(notice.create_time(), world, now), "notices.create_time",
                     "is within the last week and not in the future");
}

}  // namespace

absl::StatusOr<CheckedNotices> CheckNotices(const Caller& caller, const v1::NotifyRightsRequest& request,
                                            const World& world, absl::Time now) {
  Violations violations;
  if (!CheckCall(request, violations)) return violations.ToStatus();
  CheckedNotices checked;
  std::set<std::pair<std::string, std::string>> about;
  std::string digests;
  for (const v1::DsseEnvelope& envelope : request.notices()) {
    CheckedRights<v1::RightsNotice> next{
        .message = {}, .envelope = &envelope, .digest = trust::Sha256(envelope.payload())};
    violations.Require(next.message.ParseFromString(envelope.payload()), "notices", "are signed RightsNotices");
    CheckForm(caller, request, next.message, world, now, violations);
    violations.Require(about.emplace(next.message.share_id(), next.message.to_agency()).second, "notices",
                       "are one a recipient and share");
    absl::StrAppend(&digests, next.digest.view());
    checked.notices.push_back(std::move(next));
  }
  const bool of_one_type = std::all_of(checked.notices.begin(), checked.notices.end(), [&](const auto& notice) {
    return notice.message.type() == checked.notices.front().message.type();
  });
  violations.Require(of_one_type, "notices.type", "is the same in all");
  RETURN_IF_ERROR(violations.ToStatus());
  for (const CheckedRights<v1::RightsNotice>& notice : checked.notices)
    RETURN_IF_ERROR(CheckSigned(world, caller.agency(), *notice.envelope, trust::kRightsNoticeType, now));
  checked.digest = trust::Sha256(digests);
  return checked;
}

absl::StatusOr<CheckedRights<v1::RightsAnswer>> CheckRightsAnswer(const Caller& caller,
                                                                  const v1::AnswerRightsRequest& request,
                                                                  const World& world, absl::Time now) {
  CheckedRights<v1::RightsAnswer> checked{
      .message = {}, .envelope = &request.answer(), .digest = trust::Sha256(request.answer().payload())};
  v1::RightsAnswer& answer = checked.message;
  Violations violations;
  violations.Require(IsId(request.request_id()), "request_id", "is a UUID in lowercase");
  violations.Require(ledger::IsCode(request.acting_person()), "acting_person", "is an opaque id");
  violations.Require(answer.ParseFromString(request.answer().payload()), "answer", "is a signed RightsAnswer");
  violations.Require(IsId(answer.event_id()), "answer.event_id", "is a UUID in lowercase");
  violations.Require(IsId(answer.share_id()), "answer.share_id", "is a UUID in lowercase");
  violations.Require(answer.from_agency() == caller.agency(), "answer.from_agency", "is the caller's agency");
  violations.Require(!answer.to_agency().empty() && answer.to_agency() != caller.agency(), "answer.to_agency",
                     "is the other party");
  violations.Require(answer.outcome() != v1::RIGHTS_OUTCOME_UNSPECIFIED && v1::RightsOutcome_IsValid(answer.outcome()),
                     "answer.outcome", "is an outcome");
  const bool listed = std::find(std::begin(kDeclined), std::end(kDeclined), answer.reason()) != std::end(kDeclined);
  violations.Require(answer.outcome() == v1::RIGHTS_OUTCOME_DECLINED ? listed : answer.reason().empty(),
                     "answer.reason", "is a code of the closed list where it was declined, else empty");
  violations.Require(IsRecent(answer.create_time(), world, now), "answer.create_time",
                     "is within the last week and not in the future");
  RETURN_IF_ERROR(violations.ToStatus());
  RETURN_IF_ERROR(CheckSigned(world, caller.agency(), request.answer(), trust::kRightsAnswerType, now));
  return checked;
}

}  // namespace derwent::exchange
