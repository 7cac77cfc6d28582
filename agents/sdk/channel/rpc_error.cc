#include "agents/sdk/channel/rpc_error.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace derwent::agents {
namespace {

constexpr absl::string_view kDetailsPayload = "type.googleapis.com/google.rpc.Status";
constexpr absl::string_view kCorrelationPayload = "derwent.example/x-correlation-id";

void Add(const google::rpc::BadRequest& bad, RpcError& error) {
  for (const auto& violation : bad.field_violations()) {
    error.fields.push_back({violation.field(), violation.description()});
  }
}

void Add(const google::rpc::PreconditionFailure& failure, RpcError& error) {
  for (const auto& violation : failure.violations()) {
    error.preconditions.push_back({violation.subject(), violation.description()});
  }
}

void Add(const google::protobuf::Any& detail, RpcError& error) {
  google::rpc::ErrorInfo reason;
  google::rpc::BadRequest bad;
  google::rpc::PreconditionFailure failure;
  google::rpc::RetryInfo retry;
  google::rpc::Help help;
  if (detail.UnpackTo(&reason)) {
    error.reason = reason.reason();
    error.metadata.insert(reason.metadata().begin(), reason.metadata().end());
  } else if (detail.UnpackTo(&bad)) {
    Add(bad, error);
  } else if (detail.UnpackTo(&failure)) {
    Add(failure, error);
  } else if (detail.UnpackTo(&retry)) {
    error.retry_after = absl::Seconds(retry.retry_delay().seconds()) + absl::Nanoseconds(retry.retry_delay().nanos());
  } else if (detail.UnpackTo(&help)) {
    for (const auto& link : help.links()) error.links.push_back(absl::StrCat(link.description(), ": ", link.url()));
  }
}

}  // namespace

absl::Status MakeRpcStatus(absl::StatusCode code, absl::string_view message, absl::string_view details,
                           absl::string_view correlation_id) {
  absl::Status status(code, message);
  google::rpc::Status parsed;
  if (!details.empty() && parsed.ParseFromArray(details.data(), static_cast<int>(details.size()))) {
    status.SetPayload(kDetailsPayload, absl::Cord(details));
  }
  status.SetPayload(kCorrelationPayload, absl::Cord(correlation_id));
  return status;
}

RpcError DescribeRpcError(const absl::Status& status) {
  RpcError error;
  if (const auto id = status.GetPayload(kCorrelationPayload); id.has_value()) error.correlation_id = std::string(*id);
  const auto payload = status.GetPayload(kDetailsPayload);
  google::rpc::Status details;
  if (payload.has_value() && details.ParseFromString(std::string(*payload))) {
    for (const auto& detail : details.details()) Add(detail, error);
  }
  return error;
}

std::string ReasonOf(const absl::Status& status) { return DescribeRpcError(status).reason; }

}  // namespace derwent::agents
