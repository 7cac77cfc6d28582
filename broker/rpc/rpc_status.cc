#include "broker/rpc/rpc_status.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

#include "broker/exchange/command/refusal.h"
#include "broker/exchange/command/witnessed.h"

namespace derwent::rpc {

std::string ReasonFor(const absl::Status& status) {
  std::string reason = exchange::ReasonOf(status);
  if (!reason.empty()) return reason;
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return "PAYLOAD_REJECTED";
    case absl::StatusCode::kUnauthenticated:
      return "CALLER_UNKNOWN";
    case absl::StatusCode::kPermissionDenied:
      return "ROLE_NOT_ENTITLED";
    case absl::StatusCode::kNotFound:
      return "NOT_FOUND";
    case absl::StatusCode::kFailedPrecondition:
      return "STATE_NOT_ALLOWED";
    case absl::StatusCode::kResourceExhausted:
      return "QUEUE_FULL";
    case absl::StatusCode::kUnavailable:
      return "LEDGER_UNAVAILABLE";
    default:
      return "INTERNAL";
  }
}

bool IsRefusal(const absl::Status& why) {
  const std::string reason = exchange::ReasonOf(why);
  if (reason == exchange::kLedgerNotWitnessed) return true;
  if (absl::IsUnavailable(why) || absl::IsCancelled(why)) return false;
  return !reason.empty() || absl::IsInvalidArgument(why) || absl::IsNotFound(why) || absl::IsFailedPrecondition(why);
}

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  google::rpc::Status details;
  details.set_code(static_cast<int>(status.code()));
  // What is our own fault is told without its inside.
  const bool inside = status.code() == absl::StatusCode::kInternal || status.code() == absl::StatusCode::kDataLoss ||
                      status.code() == absl::StatusCode::kUnknown;
  details.set_message(inside && exchange::ReasonOf(status).empty()
                          ? "an internal error; the operator's log has it under the correlation id"
                          : std::string(status.message()));
  google::rpc::ErrorInfo reason;
  reason.set_domain("derwent");
  reason.set_reason(ReasonFor(status));
  if (const std::optional<uint64_t> entry = exchange::EntryOf(status); entry.has_value())
    (*reason.mutable_metadata())["ledger_index"] = absl::StrCat(*entry);
  details.add_details()->PackFrom(reason);
  google::rpc::BadRequest bad;
  for (const auto& [field, rule] : exchange::Violations::Of(status)) {
    google::rpc::BadRequest::FieldViolation& next = *bad.add_field_violations();
    next.set_field(field);
    next.set_description(rule);
  }
  if (bad.field_violations_size() > 0) details.add_details()->PackFrom(bad);
  const bool full = status.code() == absl::StatusCode::kResourceExhausted && ReasonFor(status) != "QUOTA_EXCEEDED";
  if (full || status.code() == absl::StatusCode::kUnavailable) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_nanos(200'000'000);
    details.add_details()->PackFrom(retry);
  }
  return {static_cast<grpc::StatusCode>(status.code()), details.message(), details.SerializeAsString()};
}

}  // namespace derwent::rpc
