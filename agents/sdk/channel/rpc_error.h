#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace derwent::agents {

// One field of a request that breaks a rule, or one precondition that does not hold.
struct Violation {
  std::string field;
  std::string description;
  friend bool operator==(const Violation&, const Violation&) = default;
};

// What a server said of a failed call beyond code and message (google.rpc.Status, api.md section 2).
struct RpcError {
  std::string reason;                           // ErrorInfo.reason, UPPER_SNAKE; empty when the server gave none.
  std::map<std::string, std::string> metadata;  // ErrorInfo.metadata.
  std::vector<Violation> fields;                // BadRequest, all at once.
  std::vector<Violation> preconditions;         // PreconditionFailure: subject and what must change.
  std::optional<absl::Duration> retry_after;    // RetryInfo.
  std::vector<std::string> links;               // Help, `description: url`.
  std::string correlation_id;                   // Of the call; find it in the server's log.
};

// Builds the status of a failed call. `details` are the bytes of `grpc-status-details-bin`; details that do not parse
// are dropped, code and message stay. The details travel as a payload of the status.
absl::Status MakeRpcStatus(absl::StatusCode code, absl::string_view message, absl::string_view details,
                           absl::string_view correlation_id);

// Reads them back; empty for a status that did not come from a call. Pure.
RpcError DescribeRpcError(const absl::Status& status);

// ErrorInfo.reason alone; empty when there is none.
std::string ReasonOf(const absl::Status& status);

}  // namespace derwent::agents
