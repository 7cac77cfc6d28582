#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace derwent::policy {

// Why: the published reason codes, one table for decisions and errors. Never reused.
enum class ReasonCode {
  // Rest on the asker, the agreement or the form of the request: told at once.
  kPurposeNotPermitted,
  kSenderNotPermitted,
  kRecipientNotParty,
  kRoleNotEntitled,
  kAreaNotCovered,
  kAgreementNotInForce,
  kAgreementNotSigned,
  kCaseLinkRequired,
  kLegalGatewayMissing,
  kLawfulBasisMissing,
  kJustificationRequired,
  kDocumentRequired,
  kCategoryNotPermitted,
  kGroundNotAsserted,
  kCeilingReached,
  kProductRequired,
  kFormsDoNotMeet,
  kDepersonalisedOnly,
  kTableTooFine,
  kOnwardNotPermitted,
  kOriginatorRefused,
  kPayloadRejected,
  kBreakGlassNotEntitled,
  kApprovalRequired,
  kNecessary,
  kConditionMet,
  kReducedForm,
  kUnknownName,
  kPolicyChanged,
  // Rest on the subject: silent in an existence-sensitive profile.
  kSubjectFlag,
  kSubjectRestricted,
  kConsentMissing,
  kProductNotApt,
  kConditionNotMet,
  kFactsUnknown,
  kEnginesDiffer,
};

struct ReasonEntry {
  ReasonCode code{};
  absl::string_view name;         // UPPER_SNAKE.
  bool rests_on_subject = false;  // Who may see it: the parties only, in an existence-sensitive profile.
  absl::string_view sentence;     // For a record of decision.
  absl::string_view next;         // What may be done; rests on no fact about the subject.
};
const ReasonEntry& Describe(ReasonCode code);
// By its name; null when the table has none of that name.
const ReasonEntry* FindReason(absl::string_view name);

// False for what only says why a category goes out, or how.
bool StandsAgainst(ReasonCode code);

// A deciding rule: code and where it stands in the bundle.
struct Reason {
  ReasonCode code;
  std::string rule;
  friend auto operator<=>(const Reason&, const Reason&) = default;
};

}  // namespace derwent::policy
