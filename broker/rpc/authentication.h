#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/server_context.h"

#include "broker/exchange/command/batch.h"
#include "broker/exchange/command/world.h"
#include "trust/base/digest.h"
#include "trust/base/mutex.h"
#include "trust/identity/certificate.h"

namespace derwent::rpc {

// Who calls, from the certificate of the mutual TLS connection. Checked on every call, connections in progress
// included: validity, trust domain, revocation. Thread-safe; parsed certificates are kept by digest, 10,000 at most.
class Authentication {
 public:
  // Errors: kUnauthenticated: no certificate, not the consortium's, out of date, revoked.
  absl::StatusOr<exchange::Caller> CallerOf(const grpc::ServerContextBase& context, const exchange::World& world,
                                            absl::Time now);
  // The part of the check that may change while a call waits.
  static absl::Status StillGood(const exchange::Caller& caller, const exchange::World& world, absl::Time now);

 private:
  struct Known {
    exchange::Caller caller;
    absl::Time not_before;
  };
  absl::StatusOr<Known> Parse(const std::string& pem, const exchange::World& world, absl::Time now);

  Mutex mutex_;
  absl::flat_hash_map<Sha256Digest, Known> known_ GUARDED_BY(mutex_);
};

}  // namespace derwent::rpc
