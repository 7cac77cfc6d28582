#pragma once

#include "absl/strings/string_view.h"

namespace derwent::trust {

// The payload type of every message that is signed (DSSE): it is signed with the payload, so that what was said as one
// thing never passes as another.

// What agencies' agents say.
inline constexpr absl::string_view kManifestType = "application/vnd.derwent.manifest.v1+protobuf";
inline constexpr absl::string_view kAcknowledgementType = "application/vnd.derwent.acknowledgement.v1+protobuf";
inline constexpr absl::string_view kProgressType = "application/vnd.derwent.progress.v1+protobuf";
inline constexpr absl::string_view kWithdrawalType = "application/vnd.derwent.withdrawal.v1+protobuf";
inline constexpr absl::string_view kNoticeType = "application/vnd.derwent.notice.v1+protobuf";
inline constexpr absl::string_view kApprovalQuestionType = "application/vnd.derwent.approval-question.v1+protobuf";
inline constexpr absl::string_view kDirectoryType = "application/vnd.derwent.directory.v1+protobuf";
inline constexpr absl::string_view kKeyEventType = "application/vnd.derwent.key-event.v1+protobuf";
inline constexpr absl::string_view kErasureAttestationType = "application/vnd.derwent.erasure-attestation.v1+protobuf";
inline constexpr absl::string_view kRightsNoticeType = "application/vnd.derwent.rights-notice.v1+protobuf";
inline constexpr absl::string_view kRightsAnswerType = "application/vnd.derwent.rights-answer.v1+protobuf";
inline constexpr absl::string_view kAuditExportType = "application/vnd.derwent.audit-export.v1+protobuf";

// What a person says with their own key.
inline constexpr absl::string_view kApprovalType = "application/vnd.derwent.approval.v1+protobuf";
inline constexpr absl::string_view kRestrictionType = "application/vnd.derwent.restriction.v1+protobuf";
inline constexpr absl::string_view kHoldType = "application/vnd.derwent.hold.v1+protobuf";
inline constexpr absl::string_view kErasureType = "application/vnd.derwent.erasure.v1+protobuf";
inline constexpr absl::string_view kEmergencyType = "application/vnd.derwent.emergency.v1+protobuf";
inline constexpr absl::string_view kEmergencyReviewType = "application/vnd.derwent.emergency-review.v1+protobuf";

// What signatories say of the policy.
inline constexpr absl::string_view kPolicyManifestType = "application/vnd.derwent.policy-manifest.v1+text";
inline constexpr absl::string_view kAgreementType = "application/vnd.derwent.agreement.v1+text";
inline constexpr absl::string_view kAgreementNoticeType = "application/vnd.derwent.agreement-notice.v1+protobuf";
inline constexpr absl::string_view kActivationType = "application/vnd.derwent.policy-activation.v1+protobuf";

}  // namespace derwent::trust
