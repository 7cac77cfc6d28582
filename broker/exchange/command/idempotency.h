#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

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

// Where an answer says that it was entered; nullopt: it does not.
template <typename Response>
std::optional<uint64_t> EntryOf(const Response& response) {
  if constexpr (requires { response.receipts(0); }) {
    if (!response.receipts().empty()) return response.receipts(0).index();
  } else if constexpr (requires { response.has_receipt(); }) {
    if (response.has_receipt()) return response.receipt().index();
  }
  return std::nullopt;
}

// kAborted `REQUEST_ID_REUSED`, with the entry of the first request where there is one.
absl::Status Reused(std::optional<uint64_t> first_entry);

// True with the first answer filled in when this request was answered before. Error: kAborted `REQUEST_ID_REUSED`.
template <typename Response>
absl::StatusOr<bool> Answered(const Caller& caller, const char* method, const std::string& id,
                              const Sha256Digest& digest, Response& response, Batch& batch) {
  ASSIGN_OR_RETURN(const auto row, batch.read().FindIdempotency(
                                       {.caller_agency = caller.agency(), .method = method, .request_id = id}));
  if (!row.has_value()) return false;
  Response first;
  if (!first.ParseFromString(row->response)) return absl::DataLossError("a stored answer does not parse");
  if (row->request_digest != digest) return Reused(EntryOf(first));
  response = std::move(first);
  return true;
}

// Of a call that decides anew whenever it is made: takes its id for this request alone. Error: kAborted
// `REQUEST_ID_REUSED`.
absl::Status TakeRequestId(const Caller& caller, const char* method, const std::string& id, const Sha256Digest& digest,
                           Batch& batch);

template <typename Response>
absl::Status Remember(const Caller& caller, const char* method, const std::string& id, const Sha256Digest& digest,
                      const Response& response, absl::Time until, Batch& batch) {
  return batch.write().InsertIdempotency({.key = {.caller_agency = caller.agency(), .method = method, .request_id = id},
                                          .request_digest = digest,
                                          .response = response.SerializeAsString(),
                                          .expire_time = until});
}

}  // namespace derwent::exchange
