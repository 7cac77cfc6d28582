#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "google/protobuf/timestamp.pb.h"

#include "derwent/v1/dsse.pb.h"
#include "trust/identity/key_event.h"
#include "trust/signature/dsse.h"

namespace derwent::agents {

// Payload types of what crosses agencies, or leaves them.
inline constexpr absl::string_view kManifestType = "application/vnd.derwent.manifest.v1+protobuf";
inline constexpr absl::string_view kAcknowledgementType = "application/vnd.derwent.acknowledgement.v1+protobuf";
inline constexpr absl::string_view kProgressType = "application/vnd.derwent.progress.v1+protobuf";
inline constexpr absl::string_view kWithdrawalType = "application/vnd.derwent.withdrawal.v1+protobuf";
inline constexpr absl::string_view kNoticeType = "application/vnd.derwent.notice.v1+protobuf";
inline constexpr absl::string_view kApprovalType = "application/vnd.derwent.approval.v1+protobuf";
inline constexpr absl::string_view kApprovalQuestionType = "application/vnd.derwent.approval-question.v1+protobuf";
inline constexpr absl::string_view kDirectoryType = "application/vnd.derwent.directory.v1+protobuf";
inline constexpr absl::string_view kRestrictionType = "application/vnd.derwent.restriction.v1+protobuf";
inline constexpr absl::string_view kErasureType = "application/vnd.derwent.erasure.v1+protobuf";
inline constexpr absl::string_view kErasureAttestationType = "application/vnd.derwent.erasure-attestation.v1+protobuf";
inline constexpr absl::string_view kRightsNoticeType = "application/vnd.derwent.rights-notice.v1+protobuf";
inline constexpr absl::string_view kRightsAnswerType = "application/vnd.derwent.rights-answer.v1+protobuf";
inline constexpr absl::string_view kAuditExportType = "application/vnd.derwent.audit-export.v1+protobuf";

trust::Envelope FromProto(const v1::DsseEnvelope& envelope);
v1::DsseEnvelope ToProto(const trust::Envelope& envelope);

// Serialises and signs. The octets signed are the octets sent.
absl::StatusOr<v1::DsseEnvelope> SignMessage(absl::string_view type, const google::protobuf::Message& message,
                                             const trust::SigningKey& key);

// The signature is by a signing key of `history` that counted when the message was made and is not revoked now.
// Error: kUnauthenticated.
absl::Status VerifySigned(const v1::DsseEnvelope& envelope, absl::string_view type, const trust::KeyHistory& history,
                          absl::Time made, absl::Time now);

google::protobuf::Timestamp ToTimestamp(absl::Time time);
// InfinitePast when out of range.
absl::Time FromTimestamp(const google::protobuf::Timestamp& timestamp);

}  // namespace derwent::agents
