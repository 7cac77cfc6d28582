#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "broker/exchange/command/batch.h"
#include "broker/exchange/command/refusal.h"
#include "trust/base/digest.h"
#include "trust/base/status_macros.h"
#include "trust/base/uuid.h"

namespace derwent::exchange {

// How long an answered call is remembered.
inline constexpr absl::Duration kRemembered = absl::Hours(24 * 30);

inline absl::Status CheckRequestId(const std::string& id) {
  Violations violations;
  violations.Require(Uuid::Parse(id).ok(), "request_id", "is a UUID in lowercase");
  return violations.ToStatus();
}

// True with the first answer filled in when this request was answered before. Error: kAborted `REQUEST_ID_REUSED`.
template <typename Response>
absl::StatusOr<bool> Answered(const Caller& caller, const char* method, const std::string& id,
                              const Sha256Digest& digest, Response& response, Batch& batch) {
  ASSIGN_OR_RETURN(const auto row, batch.read().FindIdempotency(
                                       {.caller_agency = caller.agency(), .method = method, .request_id = id}));
  if (!row.has_value()) return false;
  if (row->request_digest != digest)
    return Refuse(absl::StatusCode::kAborted, "REQUEST_ID_REUSED", "the request id was used for another request");
  if (!response.ParseFromString(row->response)) return absl::DataLossError("a stored answer does not parse");
  return true;
}

template <typename Response>
absl::Status Remember(const Caller& caller, const char* method, const std::string& id, const Sha256Digest& digest,
                      const Response& response, absl::Time until, Batch& batch) {
  return batch.write().InsertIdempotency({.key = {.caller_agency = caller.agency(), .method = method, .request_id = id},
                                          .request_digest = digest,
                                          .response = response.SerializeAsString(),
                                          .expire_time = until});
}

}  // namespace derwent::exchange
