#include "broker/exchange/command/idempotency.h"

namespace derwent::exchange {

absl::Status Reused(std::optional<uint64_t> first_entry) {
  return RefuseFor(first_entry, absl::StatusCode::kAborted, "REQUEST_ID_REUSED",
                   "the request id was used for another request");
}

absl::Status TakeRequestId(const Caller& caller, const char* method, const std::string& id, const Sha256Digest& digest,
                           Batch& batch) {
  const store::IdempotencyKey key{.caller_agency = caller.agency(), .method = method, .request_id = id};
  ASSIGN_OR_RETURN(const std::optional<store::IdempotencyRow> row, batch.read().FindIdempotency(key));
  if (row.has_value()) return row->request_digest == digest ? absl::OkStatus() : Reused(std::nullopt);
  return batch.write().InsertIdempotency(
      {.key = key, .request_digest = digest, .response = "", .expire_time = batch.now() + kRemembered});
}

}  // namespace derwent::exchange
