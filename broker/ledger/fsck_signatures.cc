#include "broker/ledger/fsck_signatures.h"

#include <algorithm>

#include "derwent/v1/erasure.pb.h"
#include "trust/base/status_macros.h"
#include "trust/identity/certificate.h"
#include "trust/signature/dsse.h"

namespace derwent::ledger {
namespace {

constexpr char kErasureType[] = "application/vnd.derwent.erasure.v1+protobuf";

// The command in it, by the person whom it names.
absl::StatusOr<v1::ErasureCommand> Open(absl::string_view octets, const trust::Authority* authority) {
  v1::SignedCommand stored;
  v1::ErasureCommand command;
  if (!stored.ParseFromArray(octets.data(), static_cast<int>(octets.size())) ||
      !command.ParseFromString(stored.command().payload()))
    return absl::DataLossError("a command does not parse");
  const auto certificate = trust::Certificate::FromDer(stored.certificate());
  if (!certificate.ok()) return absl::DataLossError("a signer's certificate does not parse");
  trust::Envelope envelope{
      .payload_type = stored.command().payload_type(), .payload = stored.command().payload(), .signatures = {}};
  for (const v1::DsseSignature& one : stored.command().signatures())
    envelope.signatures.push_back({.keyid = one.keyid(), .sig = one.sig()});
  if (!trust::VerifyEnvelope(envelope, kErasureType, certificate->public_key()).ok())
    return absl::DataLossError("a signature does not verify");
  const trust::SpiffeId& id = certificate->id();
  if (id.kind != trust::CallerKind::kPerson || id.agency != command.signer_agency() ||
      id.name != command.signer_person())
    return absl::DataLossError("a certificate is not that of who is said to have signed");
  const absl::Time signed_at =
      absl::FromUnixSeconds(command.create_time().seconds()) + absl::Nanoseconds(command.create_time().nanos());
  if (authority != nullptr && !authority->Verify(*certificate, signed_at).ok())
    return absl::DataLossError("a signer's certificate is not the consortium's");
  return command;
}

}  // namespace

std::string SignaturesMisfit(absl::string_view request, absl::string_view approval,
                             const std::vector<uint64_t>& targets, const trust::Authority* authority) {
  const absl::StatusOr<v1::ErasureCommand> asked = Open(request, authority);
  const absl::StatusOr<v1::ErasureCommand> agreed = Open(approval, authority);
  for (const absl::StatusOr<v1::ErasureCommand>* const command : {&asked, &agreed}) {
    if (!command->ok()) return std::string(command->status().message());
    if (!std::ranges::equal((*command)->entries(), targets)) return "a command is of other entries";
  }
  if (asked->erasure_id() != agreed->erasure_id()) return "the commands are of two erasures";
  if (asked->signer_agency() == agreed->signer_agency() && asked->signer_person() == agreed->signer_person())
    return "one person signed both commands";
  return "";
}

}  // namespace derwent::ledger
