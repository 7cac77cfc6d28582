#include "agents/cli/ledger/consistency.h"

#include <string>

#include "derwent/v1/ledger.grpc.pb.h"
#include "trust/base/status_macros.h"

namespace derwent::cli {

absl::StatusOr<std::vector<Sha256Digest>> FetchConsistency(Client& client, uint64_t old_size, uint64_t size) {
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::LedgerService::NewStub(broker->grpc());
  v1::GetConsistencyProofRequest request;
  request.set_old_size(old_size);
  request.set_new_size(size);
  ASSIGN_OR_RETURN(const v1::GetConsistencyProofResponse proof,
                   broker->Call(*stub, &v1::LedgerService::Stub::GetConsistencyProof, request, client.options()));
  std::vector<Sha256Digest> path;
  for (const std::string& hash : proof.hashes()) {
    ASSIGN_OR_RETURN(const Sha256Digest digest, Sha256Digest::FromBytes(hash));
    path.push_back(digest);
  }
  return path;
}

}  // namespace derwent::cli
