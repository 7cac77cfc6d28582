#include "broker/exchange/erasure/erasure_check.h"

#include <algorithm>

#include "absl/strings/string_view.h"

#include "broker/exchange/command/person_signature.h"
#include "broker/exchange/command/refusal.h"
#include "trust/base/status_macros.h"
#include "trust/base/uuid.h"
#include "trust/message/timestamp.h"
#include "trust/signature/payload_types.h"

namespace derwent::exchange {
namespace {

constexpr int kMostEntries = 64;
constexpr absl::Duration kLongestErasure = absl::Hours(24 * 30);
constexpr absl::Duration kOldestHold = absl::Hours(24);
constexpr absl::string_view kHoldReasons[] = {"LEGAL", "COMPLAINT", "REVIEW"};
constexpr absl::string_view kErasureReasons[] = {"RIGHT_TO_ERASURE", "UNLAWFUL", "COURT_ORDER", "ERROR"};

template <typename List>
bool OneOf(const List& list, const std::string& value) {
  return std::find(std::begin(list), std::end(list), value) != std::end(list);
}

template <typename Entries>
bool Ascend(const Entries& entries) {
  return std::adjacent_find(entries.begin(), entries.end(), [](uint64_t a, uint64_t b) { return a >= b; }) ==
         entries.end();
}

// What both commands have in common.
template <typename Command>
void CheckSigner(const Command& command, Violations& violations) {
  violations.Require(!command.signer_agency().empty(), "command.signer_agency", "is an agency");
  violations.Require(!command.signer_person().empty(), "command.signer_person", "is a person");
  violations.Require(!command.signer_role().empty(), "command.signer_role", "is a role");
}

absl::Status CheckForm(const v1::HoldCommand& command, absl::Time now, absl::Duration skew) {
  Violations violations;
  const bool places = command.action() == v1::HOLD_ACTION_PLACE;
  violations.Require(Uuid::Parse(command.hold_id()).ok(), "command.hold_id", "is a UUID in lowercase");
  violations.Require(places || command.action() == v1::HOLD_ACTION_LIFT, "command.action", "is an action");
  violations.Require(OneOf(kHoldReasons, command.reason()), "command.reason", "is LEGAL, COMPLAINT or REVIEW");
  violations.Require(places ? command.entries_size() >= 1 : command.entries().empty(), "command.entries",
                     "are those to be held; none when a hold is lifted");
  violations.Require(command.entries_size() <= kMostEntries && Ascend(command.entries()), "command.entries",
                     "ascend, 64 at most");
  const absl::Time made = trust::FromTimestamp(command.create_time());
  violations.Require(made < now + skew && made > now - kOldestHold, "command.create_time",
                     "is within the last 24 hours");
  CheckSigner(command, violations);
  return violations.ToStatus();
}

absl::Status CheckForm(const v1::ErasureCommand& command, absl::Time now, absl::Duration skew) {
  Violations violations;
  violations.Require(Uuid::Parse(command.erasure_id()).ok(), "command.erasure_id", "is a UUID in lowercase");
  violations.Require(command.entries_size() >= 1 && command.entries_size() <= kMostEntries && Ascend(command.entries()),
                     "command.entries", "ascend, 1 to 64");
  violations.Require(OneOf(kErasureReasons, command.reason()), "command.reason",
                     "is RIGHT_TO_ERASURE, UNLAWFUL, COURT_ORDER or ERROR");
  const absl::Time made = trust::FromTimestamp(command.create_time());
  const absl::Time ends = trust::FromTimestamp(command.expire_time());
  violations.Require(made < now + skew, "command.create_time", "is not in the future");
  violations.Require(ends > made && ends <= made + kLongestErasure, "command.expire_time",
                     "is after it was signed, by 30 days at most");
  CheckSigner(command, violations);
  return violations.ToStatus();
}

template <typename Checked>
absl::StatusOr<Checked> Check(const v1::SignedCommand& signed_command, absl::string_view type, const World& world,
                              absl::Time now) {
  Checked checked;
  Violations malformed;
  malformed.Require(checked.command.ParseFromString(signed_command.command().payload()), "command",
                    "is a signed command of this kind");
  RETURN_IF_ERROR(malformed.ToStatus());
  RETURN_IF_ERROR(CheckForm(checked.command, now, world.limits.clock_skew));
  absl::StatusOr<trust::Chain> chain = VerifyPersonSigned(
      signed_command.command(), signed_command.certificate(), type,
      {.agency = checked.command.signer_agency(), .person = checked.command.signer_person()}, world, now);
  if (!chain.ok()) return Refuse(absl::StatusCode::kFailedPrecondition, "COMMAND_NOT_VALID", chain.status().message());
  checked.chain = *std::move(chain);
  checked.octets = signed_command.SerializeAsString();
  return checked;
}

}  // namespace

absl::StatusOr<CheckedHold> CheckHold(const v1::SignedCommand& signed_command, const World& world, absl::Time now) {
  return Check<CheckedHold>(signed_command, trust::kHoldType, world, now);
}

absl::StatusOr<CheckedErasure> CheckErasure(const v1::SignedCommand& signed_command, const World& world,
                                            absl::Time now) {
  return Check<CheckedErasure>(signed_command, trust::kErasureType, world, now);
}

}  // namespace derwent::exchange
