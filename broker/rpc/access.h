#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "broker/exchange/command/batch.h"
#include "broker/exchange/command/world.h"

namespace derwent::rpc {

// Who may call what: one table for all services. A method that is not in it may be called by nobody.
// Errors: kPermissionDenied `ROLE_NOT_ENTITLED`.
absl::Status MayCall(const exchange::Caller& caller, absl::string_view method, const exchange::World& world,
                     absl::Time now);

// Whether a method is about the ledger's own evidence: it is served while nothing may be written.
bool AboutLedger(absl::string_view method);

}  // namespace derwent::rpc
