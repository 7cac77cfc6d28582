#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

#include "broker/exchange/command/world.h"
#include "derwent/v1/dsse.pb.h"
#include "derwent/v1/message.pb.h"
#include "trust/identity/key_event.h"
#include "trust/signature/dsse.h"

namespace derwent::exchange {

inline constexpr absl::string_view kManifestType = "application/vnd.derwent.manifest.v1+protobuf";
inline constexpr absl::string_view kAcknowledgementType = "application/vnd.derwent.acknowledgement.v1+protobuf";
inline constexpr absl::string_view kProgressType = "application/vnd.derwent.progress.v1+protobuf";
inline constexpr absl::string_view kWithdrawalType = "application/vnd.derwent.withdrawal.v1+protobuf";
inline constexpr absl::string_view kNoticeType = "application/vnd.derwent.notice.v1+protobuf";
inline constexpr absl::string_view kApprovalType = "application/vnd.derwent.approval.v1+protobuf";
inline constexpr absl::string_view kApprovalQuestionType = "application/vnd.derwent.approval-question.v1+protobuf";
inline constexpr absl::string_view kRestrictionType = "application/vnd.derwent.restriction.v1+protobuf";
inline constexpr absl::string_view kHoldType = "application/vnd.derwent.hold.v1+protobuf";
inline constexpr absl::string_view kErasureType = "application/vnd.derwent.erasure.v1+protobuf";
inline constexpr absl::string_view kErasureAttestationType = "application/vnd.derwent.erasure-attestation.v1+protobuf";
inline constexpr absl::string_view kRightsNoticeType = "application/vnd.derwent.rights-notice.v1+protobuf";
inline constexpr absl::string_view kRightsAnswerType = "application/vnd.derwent.rights-answer.v1+protobuf";

trust::Envelope FromProto(const v1::DsseEnvelope& message);
absl::StatusOr<trust::KeyEvent> ToKeyEvent(const v1::DsseEnvelope& envelope);
absl::Time FromTimestamp(const google::protobuf::Timestamp& timestamp);
google::protobuf::Timestamp ToTimestamp(absl::Time time);

// The envelope is signed by a signing key of `agency` that counts at `now`.
// Errors: kFailedPrecondition `KEY_NOT_CERTIFIED` when no such key is known; `SIGNATURE_INVALID`.
absl::Status CheckSigned(const World& world, const std::string& agency, const v1::DsseEnvelope& envelope,
                         absl::string_view type, absl::Time now);
// The key that signed it still counts: the cheap part of CheckSigned, repeated at each later step.
absl::Status CheckKeyCounts(const World& world, const std::string& agency, const v1::DsseEnvelope& envelope,
                            absl::Time now);

}  // namespace derwent::exchange
