#include "broker/rpc/authentication.h"

#include <utility>

#include "broker/exchange/command/refusal.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::rpc {
namespace {

constexpr size_t kMostKnown = 10000;

absl::Status Unknown(absl::string_view why) {
  return exchange::Refuse(absl::StatusCode::kUnauthenticated, "CALLER_UNKNOWN", why);
}

}  // namespace

absl::StatusOr<Authentication::Known> Authentication::Parse(const std::string& pem, const exchange::World& world,
                                                            absl::Time now) {
  absl::StatusOr<trust::Certificate> certificate = trust::Certificate::FromPem(pem);
  if (!certificate.ok()) return Unknown(certificate.status().message());
  absl::StatusOr<trust::Chain> chain = world.authority->ChainOf(*certificate, now);
  if (!chain.ok()) return Unknown(chain.status().message());
  if (certificate->id().kind == trust::CallerKind::kBroker) return Unknown("a broker does not call");
  return Known{.caller = {.id = certificate->id(),
                          .serial = certificate->serial(),
                          .chain = *std::move(chain),
                          .not_after = certificate->not_after()},
               .not_before = certificate->not_before()};
}

absl::Status Authentication::StillGood(const exchange::Caller& caller, const exchange::World& world, absl::Time now) {
  if (world.revoked->next_update() <= now) return Unknown("the revocation list is out of date: nobody is trusted");
  if (world.revoked->BreaksChain(caller.chain))
    return exchange::Refuse(absl::StatusCode::kUnauthenticated, "CERTIFICATE_REVOKED",
                            "the caller's certificate is revoked");
  if (now >= caller.not_after) return Unknown("the caller's certificate is out of date");
  return absl::OkStatus();
}

absl::StatusOr<exchange::Caller> Authentication::CallerOf(const grpc::ServerContextBase& context,
                                                          const exchange::World& world, absl::Time now) {
  const auto properties = context.auth_context()->FindPropertyValues("x509_pem_cert");
  if (properties.size() != 1) return Unknown("the caller shows no certificate");
  const std::string pem(properties[0].data(), properties[0].size());
  const Sha256Digest digest = trust::Sha256(pem);
  std::optional<Known> known;
  {
    const MutexLock lock(mutex_);
    const auto found = known_.find(digest);
    if (found != known_.end()) known = found->second;
  }
  if (!known.has_value()) {
    ASSIGN_OR_RETURN(known, Parse(pem, world, now));
    const MutexLock lock(mutex_);
    if (known_.size() >= kMostKnown) known_.clear();
    known_.emplace(digest, *known);
  }
  if (now < known->not_before) return Unknown("the caller's certificate does not count yet");
  RETURN_IF_ERROR(StillGood(known->caller, world, now));
  return known->caller;
}

}  // namespace derwent::rpc
