#include "agents/sdk/envelope.h"

#include <string>

#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

constexpr int64_t kFirstSecond = -62135596800;  // 0001-01-01, the least a Timestamp holds.
constexpr int64_t kLastSecond = 253402300799;   // 9999-12-31.

}  // namespace

trust::Envelope FromProto(const v1::DsseEnvelope& envelope) {
  trust::Envelope result{.payload_type = envelope.payload_type(), .payload = envelope.payload()};
  for (const v1::DsseSignature& signature : envelope.signatures())
    result.signatures.push_back({signature.keyid(), signature.sig()});
  return result;
}

v1::DsseEnvelope ToProto(const trust::Envelope& envelope) {
  v1::DsseEnvelope result;
  result.set_payload_type(envelope.payload_type);
  result.set_payload(envelope.payload);
  for (const trust::DsseSignature& signature : envelope.signatures) {
    v1::DsseSignature& added = *result.add_signatures();
    added.set_keyid(signature.keyid);
    added.set_sig(signature.sig);
  }
  return result;
}

absl::StatusOr<v1::DsseEnvelope> SignMessage(absl::string_view type, const google::protobuf::Message& message,
                                             const trust::SigningKey& key) {
  std::string payload;
  if (!message.SerializeToString(&payload)) return absl::InvalidArgumentError("a message does not serialise");
  ASSIGN_OR_RETURN(const trust::Envelope envelope, trust::SignEnvelope(type, std::move(payload), key));
  return ToProto(envelope);
}

absl::Status VerifySigned(const v1::DsseEnvelope& envelope, absl::string_view type, const trust::KeyHistory& history,
                          absl::Time made, absl::Time now) {
  if (envelope.signatures_size() > static_cast<int>(trust::kMaxDsseSignatures)) {
    return absl::UnauthenticatedError("an envelope has more than 16 signatures");
  }
  const trust::Envelope plain = FromProto(envelope);
  for (const trust::DsseSignature& signature : plain.signatures) {
    const trust::AgencyKey* key = history.Find(trust::KeyUse::kSigning, signature.keyid, made);
    if (key == nullptr || key->revoked_at <= now) continue;
    if (trust::VerifyEnvelope(plain, type, key->certificate.public_key()).ok()) return absl::OkStatus();
  }
  return absl::UnauthenticatedError(
      absl::StrCat("no signing key of `", history.agency(), "` that counts signed this message"));
}

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return timestamp;
}

absl::Time FromTimestamp(const google::protobuf::Timestamp& timestamp) {
  const bool in_range = timestamp.seconds() >= kFirstSecond && timestamp.seconds() <= kLastSecond &&
                        timestamp.nanos() >= 0 && timestamp.nanos() < 1'000'000'000;
  if (!in_range) return absl::InfinitePast();
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

}  // namespace derwent::agents
