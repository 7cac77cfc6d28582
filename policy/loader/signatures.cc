#include "policy/loader/signatures.h"

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"

#include "trust/base/status_macros.h"
#include "trust/identity/certificate.h"
#include "trust/message/envelope.h"
#include "trust/signature/dsse.h"

namespace derwent::policy {
namespace {

absl::StatusOr<trust::Envelope> ReadEnvelope(absl::string_view json) {
  v1::DsseEnvelope message;
  if (!google::protobuf::util::JsonStringToMessage({json.data(), json.size()}, &message).ok()) {
    return absl::InvalidArgumentError("not a DSSE envelope in JSON");
  }
  return trust::FromProto(message);
}

absl::StatusOr<trust::Certificate> Signatory(const std::string& pem, const TrustRoots& roots, absl::Time now) {
  ASSIGN_OR_RETURN(trust::Certificate certificate, trust::Certificate::FromPem(pem));
  RETURN_IF_ERROR(roots.revoked.Verify(certificate, roots.authority, now).status());
  const auto allowed = roots.signatories.find(certificate.id().agency);
  if (certificate.id().kind != trust::CallerKind::kPerson || allowed == roots.signatories.end() ||
      !allowed->second.contains(certificate.id().name)) {
    return absl::UnauthenticatedError("the signer is not a signatory of an agency");
  }
  return certificate;
}

absl::StatusOr<trust::Envelope> OneSignature(const std::string& json) {
  ASSIGN_OR_RETURN(trust::Envelope envelope, ReadEnvelope(json));
  if (envelope.signatures.size() != 1) return absl::InvalidArgumentError("a signature file holds one signature");
  return envelope;
}

}  // namespace

absl::StatusOr<std::string> PrintEnvelope(const v1::DsseEnvelope& envelope) {
  std::string json;
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  if (!google::protobuf::util::MessageToJsonString(envelope, &json, options).ok())
    return absl::InternalError("cannot print an envelope");
  return json;
}

absl::StatusOr<Signed> VerifySignedBySignatory(const SignedText& text, absl::string_view type, const TrustRoots& roots,
                                               absl::Time now) {
  ASSIGN_OR_RETURN(trust::Envelope envelope, OneSignature(text.json));
  ASSIGN_OR_RETURN(const trust::Certificate signer, Signatory(text.certificate_pem, roots, now));
  RETURN_IF_ERROR(trust::VerifyEnvelope(envelope, type, signer.public_key()));
  return Signed{.payload = std::move(envelope.payload), .agency = signer.id().agency};
}

absl::StatusOr<Signed> VerifySignatureFile(const Files& files, absl::string_view path, absl::string_view type,
                                           const TrustRoots& roots, absl::Time now) {
  const auto file = files.find(std::string(path));
  if (file == files.end()) return absl::NotFoundError(absl::StrCat("`", path, "` is missing"));
  ASSIGN_OR_RETURN(const trust::Envelope envelope, OneSignature(file->second));
  const auto pem = files.find(absl::StrCat("signatures/certificates/", envelope.signatures.front().keyid, ".pem"));
  if (pem == files.end()) return absl::UnauthenticatedError("the signer's certificate is not in the bundle");
  return VerifySignedBySignatory({.json = file->second, .certificate_pem = pem->second}, type, roots, now);
}

}  // namespace derwent::policy
