#include "agents/daemon/context/fault.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace derwent::agents {
namespace {

constexpr size_t kMostOctets = 4096;  // Base64 in a header of 8 KiB at most, beside the rest of the status.
constexpr absl::string_view kDetailsPayload = "type.googleapis.com/google.rpc.Status";

}  // namespace

absl::Status Fault(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                   const std::vector<FieldProblem>& problems) {
  google::rpc::Status details;
  details.set_code(static_cast<int>(code));
  details.set_message(std::string(message));
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason));
  info.set_domain("derwent");
  details.add_details()->PackFrom(info);
  if (!problems.empty()) {
    google::rpc::BadRequest bad;
    size_t octets = 0;
    for (const FieldProblem& problem : problems) {
      octets += problem.field.size() + problem.rule.size() + 8;
      auto& violation = *bad.add_field_violations();
      if (octets <= kMostOctets) {
        violation.set_field(problem.field);
        violation.set_description(problem.rule);
        continue;
      }
      violation.set_description(absl::StrCat(
          "breaks ", problems.size() + 1 - static_cast<size_t>(bad.field_violations_size()), " more rules"));
      break;
    }
    details.add_details()->PackFrom(bad);
  }
  absl::Status status(code, message);
  status.SetPayload(kDetailsPayload, absl::Cord(details.SerializeAsString()));
  return status;
}

std::string FaultDetails(const absl::Status& status) {
  const auto payload = status.GetPayload(kDetailsPayload);
  return payload.has_value() ? std::string(*payload) : "";
}

bool WorthRetrying(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) || absl::IsResourceExhausted(status) ||
         absl::IsCancelled(status);
}

}  // namespace derwent::agents
