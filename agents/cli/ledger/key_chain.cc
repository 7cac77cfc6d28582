#include "agents/cli/ledger/key_chain.h"

#include "absl/strings/str_cat.h"

#include "agents/sdk/keys.h"
#include "derwent/v1/key_service.grpc.pb.h"
#include "trust/base/status_macros.h"
#include "trust/identity/authority.h"
#include "trust/identity/certificate.h"
#include "trust/identity/revocation.h"
#include "trust/message/key_event_message.h"
#include "trust/signature/key_file.h"

namespace derwent::cli {
namespace {

absl::Status BrokenAt(const v1::AgencyKeys& keys, int event, const absl::Status& why) {
  return absl::DataLossError(
      absl::StrCat("BROKEN: key event ", event + 1, " of `", keys.agency(), "`: ", why.message()));
}

absl::StatusOr<trust::RevocationSet> ReadRevoked(const std::string& crl, const trust::Authority& authority,
                                                 absl::Time now) {
  if (crl.empty()) return trust::RevocationSet();
  ASSIGN_OR_RETURN(const std::string pem, trust::ReadFile(crl));
  return trust::RevocationSet::FromPem(pem, authority, now);
}

}  // namespace

absl::StatusOr<v1::AgencyKeys> FetchKeys(Client& client, const std::string& agency) {
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::KeyService::NewStub(broker->grpc());
  v1::GetAgencyKeysRequest request;
  request.set_agency(agency);
  return broker->Call(*stub, &v1::KeyService::Stub::GetAgencyKeys, request, client.options());
}

absl::StatusOr<trust::KeyHistory> FollowKeys(const v1::AgencyKeys& keys, const KeyRoots& roots, const KeyLog& log,
                                             absl::Time now) {
  if (keys.events_size() != keys.receipts_size())
    return absl::DataLossError(absl::StrCat("BROKEN: key events of `", keys.agency(), "`: receipts differ in number"));
  if (keys.events().empty()) return trust::KeyHistory(keys.agency(), roots.first_key);
  const absl::StatusOr<trust::KeyEvent> first = trust::ParseKeyEvent(keys.events(0));
  if (!first.ok()) return BrokenAt(keys, 0, first.status());
  const absl::StatusOr<trust::Certificate> named = trust::Certificate::FromDer(first->certificate_der);
  if (!named.ok()) return BrokenAt(keys, 0, named.status());
  ASSIGN_OR_RETURN(const std::string pem, trust::ReadFile(roots.ca));
  ASSIGN_OR_RETURN(const trust::Authority authority, trust::Authority::FromPem(pem, named->id().trust_domain));
  ASSIGN_OR_RETURN(const trust::RevocationSet revoked, ReadRevoked(roots.crl, authority, now));
  trust::KeyHistory history(keys.agency(), roots.first_key.empty() ? first->key_id : roots.first_key);
  for (int i = 0; i < keys.events_size(); ++i) {
    const absl::StatusOr<trust::KeyEvent> event = trust::ParseKeyEvent(keys.events(i));
    if (!event.ok()) return BrokenAt(keys, i, event.status());
    const auto entered = agents::CheckEntered(keys.events(i), keys.receipts(i), log.keys, log.origin);
    if (!entered.ok()) return BrokenAt(keys, i, entered.status());
    const absl::Status next = history.Add(*event, authority, revoked, now);
    if (!next.ok()) return BrokenAt(keys, i, next);
  }
  return history;
}

}  // namespace derwent::cli
