#include "broker/ledger/fsck_signatures.h"

#include <algorithm>

#include "derwent/v1/erasure.pb.h"
#include "trust/base/status_macros.h"
#include "trust/identity/certificate.h"
#include "trust/message/person_signature.h"
#include "trust/message/timestamp.h"
#include "trust/signature/dsse.h"
#include "trust/signature/payload_types.h"

namespace derwent::ledger {
namespace {

// The command in it, by the person whom it names.
absl::StatusOr<v1::ErasureCommand> Open(absl::string_view octets, const trust::Authority* authority) {
  v1::SignedCommand stored;
  v1::ErasureCommand command;
  if (!stored.ParseFromArray(octets.data(), static_cast<int>(octets.size())) ||
      !command.ParseFromString(stored.command().payload()))
    return absl::DataLossError("a command does not parse");
  const absl::StatusOr<trust::Certificate> certificate =
      trust::VerifySignedByPerson(stored.command(), stored.certificate(), trust::kErasureType,
                                  {.agency = command.signer_agency(), .person = command.signer_person()});
  if (!certificate.ok()) return absl::DataLossError(certificate.status().message());
  const absl::Time signed_at = trust::FromTimestamp(command.create_time());
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
