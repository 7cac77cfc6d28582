#include "agents/cli/session/exit_code.h"

#include <algorithm>
#include <array>
#include <iostream>

#include "agents/cli/session/pending.h"
#include "agents/cli/terminal/text.h"
#include "agents/sdk/channel/rpc_error.h"

namespace derwent::cli {
namespace {

// Reasons of the published table that say policy refused, whatever the status code.
constexpr std::array<absl::string_view, 15> kPolicyReasons = {
    "AGREEMENT_NOT_IN_FORCE", "AGREEMENT_NOT_SIGNED",    "PURPOSE_NOT_PERMITTED", "CATEGORY_NOT_PERMITTED",
    "LEGAL_GATEWAY_MISSING",  "RECIPIENT_NOT_PARTY",     "AREA_NOT_COVERED",      "SUBJECT_RESTRICTED",
    "CONSENT_MISSING",        "CASE_LINK_REQUIRED",      "APPROVAL_REQUIRED",     "GROUND_NOT_ASSERTED",
    "POLICY_CHANGED",         "SELF_APPROVAL_FORBIDDEN", "PAYLOAD_REJECTED"};
constexpr std::array<absl::string_view, 2> kProofReasons = {"SIGNATURE_INVALID", "KEY_NOT_CERTIFIED"};

template <size_t size>
bool Holds(const std::array<absl::string_view, size>& reasons, absl::string_view reason) {
  return std::find(reasons.begin(), reasons.end(), reason) != reasons.end();
}

// What to do next, where the code alone says it.
absl::string_view NextStep(int code) {
  switch (code) {
    case kExitNotEntitled:
      return "check the certificate in the client configuration and the roles in your agency's directory";
    case kExitUnavailable:
      return "is it running, is the target right, does the certificate verify? then try again; a repeated send takes "
             "effect once";
    case kExitTampered:
      return "keep the files and tell your data protection officer; do not use what was shown";
    default:
      return "";
  }
}

}  // namespace

int ExitCodeOf(const absl::Status& status) {
  if (status.code() == absl::StatusCode::kInvalidArgument)
    return kExitBadInput;  // Whatever its reason: the form is wrong.
  if (IsPending(status)) return kExitPartial;
  const std::string reason = agents::ReasonOf(status);
  if (Holds(kPolicyReasons, reason)) return kExitRefused;
  if (Holds(kProofReasons, reason)) return kExitTampered;
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kExitDone;
    case absl::StatusCode::kOutOfRange:
      return kExitBadInput;
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return kExitNotEntitled;
    case absl::StatusCode::kNotFound:
      return kExitNotFound;
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
      return kExitConflict;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
      return kExitUnavailable;
    case absl::StatusCode::kDataLoss:
      return kExitTampered;
    default:
      return kExitFailed;
  }
}

int ReportFailure(const absl::Status& status) {
  const int code = ExitCodeOf(status);
  const agents::RpcError error = agents::DescribeRpcError(status);
  std::cerr << "derwent: " << SafeText(status.message());
  if (!error.reason.empty()) std::cerr << " [" << SafeText(error.reason) << "]";
  std::cerr << "\n";
  for (const agents::Violation& field : error.fields)
    std::cerr << "  " << SafeText(field.field) << ": " << SafeText(field.description) << "\n";
  for (const agents::Violation& next : error.preconditions)
    std::cerr << "  " << SafeText(next.field) << ": " << SafeText(next.description) << "\n";
  if (error.retry_after.has_value()) std::cerr << "  try again in " << absl::FormatDuration(*error.retry_after) << "\n";
  for (const std::string& link : error.links) std::cerr << "  " << SafeText(link) << "\n";
  if (!NextStep(code).empty() && !error.retry_after.has_value()) std::cerr << "  next: " << NextStep(code) << "\n";
  if (!error.correlation_id.empty()) std::cerr << "  correlation id " << error.correlation_id << "\n";
  return code;
}

}  // namespace derwent::cli
