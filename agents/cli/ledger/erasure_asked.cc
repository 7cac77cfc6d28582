#include "agents/cli/ledger/erasure_asked.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "trust/identity/certificate.h"
#include "trust/message/person_signature.h"
#include "trust/message/timestamp.h"
#include "trust/signature/dsse.h"
#include "trust/signature/payload_types.h"

namespace derwent::cli {
namespace {

absl::Status Broken(absl::string_view why) {
  return absl::DataLossError(absl::StrCat("BROKEN: what the broker shows as asked for ", why));
}

absl::Status CheckSigned(const v1::SignedCommand& signed_command, const v1::ErasureCommand& command,
                         const trust::Authority& authority, absl::Time now) {
  const absl::StatusOr<trust::Certificate> certificate =
      trust::VerifySignedByPerson(signed_command.command(), signed_command.certificate(), trust::kErasureType,
                                  {.agency = command.signer_agency(), .person = command.signer_person()});
  if (!certificate.ok()) return Broken(absl::StrCat("is not signed: ", certificate.status().message()));
  const absl::Time signed_at = std::min(trust::FromTimestamp(command.create_time()), now);
  if (!authority.Verify(*certificate, signed_at).ok())
    return Broken("is signed under a certificate that does not count");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::ErasureCommand> AskedErasure(const v1::Erasure& erasure, const TypedErasure& typed,
                                                const trust::Authority& authority, absl::Time now) {
  v1::ErasureCommand asked;
  if (!asked.ParseFromString(erasure.request().command().payload())) return Broken("is no command");
  if (const absl::Status verified = CheckSigned(erasure.request(), asked, authority, now); !verified.ok())
    return verified;
  if (asked.erasure_id() != erasure.erasure_id()) return Broken("is another erasure");
  const std::set<uint64_t> wanted(asked.entries().begin(), asked.entries().end());
  if (!typed.entries.empty() && wanted != std::set<uint64_t>(typed.entries.begin(), typed.entries.end()))
    return absl::InvalidArgumentError(
        absl::StrCat("--entry is not what was asked for: entries ", absl::StrJoin(asked.entries(), " ")));
  if (!typed.reason.empty() && typed.reason != asked.reason())
    return absl::InvalidArgumentError(absl::StrCat("--reason is not what was asked for: ", asked.reason()));
  return asked;
}

}  // namespace derwent::cli
