#include "agents/cli/exit_code.h"

#include <iostream>

#include "agents/sdk/channel/rpc_error.h"

namespace derwent::cli {

int ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk: return kExitDone;
    case absl::StatusCode::kInvalidArgument: return kExitBadInput;
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied: return kExitNotEntitled;
    case absl::StatusCode::kNotFound: return kExitNotFound;
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition: return kExitConflict;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted: return kExitUnavailable;
    case absl::StatusCode::kDataLoss: return kExitTampered;
    default: return kExitFailed;
  }
}

int ReportFailure(const absl::Status& status) {
  std::cerr << "derwent: " << status.message();
  const agents::RpcError error = agents::DescribeRpcError(status);
  if (!error.reason.empty()) std::cerr << " [" << error.reason << "]";
  std::cerr << "\n";
  for (const agents::Violation& field : error.fields) std::cerr << "  " << field.field << ": " << field.description << "\n";
  for (const agents::Violation& next : error.preconditions) std::cerr << "  " << next.field << ": " << next.description << "\n";
  if (error.retry_after.has_value()) std::cerr << "  try again in " << absl::FormatDuration(*error.retry_after) << "\n";
  if (!error.correlation_id.empty()) std::cerr << "  correlation id " << error.correlation_id << "\n";
  return ExitCodeOf(status);
}

}  // namespace derwent::cli
