#include "broker/exchange/command/refusal.h"

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"

namespace derwent::exchange {
namespace {

constexpr char kReason[] = "derwent/reason";
constexpr char kEntry[] = "derwent/entry";
constexpr char kViolations[] = "derwent/violations";
constexpr size_t kMostOctets = 4096;  // Base64 in a header, beside the rest of the status.
constexpr size_t kMostKept = 512;     // More than those octets hold, at 9 and more each.

}  // namespace

absl::Status Refuse(absl::StatusCode code, absl::string_view reason, absl::string_view message) {
  absl::Status status(code, message);
  status.SetPayload(kReason, absl::Cord(reason));
  return status;
}

absl::Status RefuseFor(std::optional<uint64_t> entry, absl::StatusCode code, absl::string_view reason,
                       absl::string_view message) {
  absl::Status status = Refuse(code, reason, message);
  if (entry.has_value()) status.SetPayload(kEntry, absl::Cord(absl::StrCat(*entry)));
  return status;
}

std::optional<uint64_t> EntryOf(const absl::Status& status) {
  const auto entry = status.GetPayload(kEntry);
  uint64_t index = 0;
  if (!entry.has_value() || !absl::SimpleAtoi(std::string(*entry), &index)) return std::nullopt;
  return index;
}

std::string ReasonOf(const absl::Status& status) {
  const auto reason = status.GetPayload(kReason);
  return reason.has_value() ? std::string(*reason) : "";
}

void Violations::Add(std::string field, std::string rule) {
  if (list_.size() < kMostKept)
    list_.emplace_back(std::move(field), std::move(rule));
  else
    ++not_kept_;
}

bool Violations::Require(bool holds, absl::string_view field, absl::string_view rule) {
  if (!holds) Add(std::string(field), std::string(rule));
  return holds;
}

absl::Status Violations::ToStatus() const {
  if (list_.empty()) return absl::OkStatus();
  google::rpc::BadRequest message;
  const size_t all = list_.size() + not_kept_;
  size_t octets = 0;
  for (const auto& [field, rule] : list_) {
    octets += field.size() + rule.size() + 8;
    google::rpc::BadRequest::FieldViolation& next = *message.add_field_violations();
    if (octets <= kMostOctets) {
      next.set_field(field);
      next.set_description(rule);
      continue;
    }
    next.set_description(
        absl::StrCat("breaks ", all + 1 - static_cast<size_t>(message.field_violations_size()), " more rules"));
    break;
  }
  absl::Status status =
      Refuse(absl::StatusCode::kInvalidArgument, "PAYLOAD_REJECTED", "the request breaks rules: see the violations");
  status.SetPayload(kViolations, absl::Cord(message.SerializeAsString()));
  return status;
}

std::vector<std::pair<std::string, std::string>> Violations::Of(const absl::Status& status) {
  std::vector<std::pair<std::string, std::string>> list;
  const auto octets = status.GetPayload(kViolations);
  google::rpc::BadRequest message;
  if (!octets.has_value() || !message.ParseFromString(std::string(*octets))) return list;
  for (const auto& next : message.field_violations()) list.emplace_back(next.field(), next.description());
  return list;
}

}  // namespace derwent::exchange
