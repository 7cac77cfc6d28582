#include "agents/sdk/agency_signature.h"

#include "absl/strings/str_cat.h"

#include "trust/message/envelope.h"

namespace derwent::agents {

absl::Status VerifySigned(const v1::DsseEnvelope& envelope, absl::string_view type, const trust::KeyHistory& history,
                          absl::Time made, absl::Time now) {
  if (envelope.signatures_size() > static_cast<int>(trust::kMaxDsseSignatures)) {
    return absl::UnauthenticatedError("an envelope has more than 16 signatures");
  }
  const trust::Envelope plain = trust::FromProto(envelope);
  bool pending = false;
  for (const trust::DsseSignature& signature : plain.signatures) {
    pending = pending || history.IsPending(trust::KeyUse::kSigning, signature.keyid, now);
    const trust::AgencyKey* key = history.Find(trust::KeyUse::kSigning, signature.keyid, made);
    if (key == nullptr || key->revoked_at <= now) continue;
    if (trust::VerifyEnvelope(plain, type, key->certificate.public_key()).ok()) return absl::OkStatus();
  }
  if (pending) {
    return absl::UnavailableError(
        absl::StrCat("the key of `", history.agency(), "` that signed this message waits for its witnesses"));
  }
  return absl::UnauthenticatedError(
      absl::StrCat("no signing key of `", history.agency(), "` that counts signed this message"));
}

}  // namespace derwent::agents
