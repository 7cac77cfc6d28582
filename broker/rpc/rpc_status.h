#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "grpcpp/support/status.h"

namespace derwent::rpc {

// A status as a caller gets it: code one to one, message, and a google.rpc.Status with exactly one ErrorInfo (domain
// `derwent`), the violations and when to try again, where they apply. Never holds personal data.
grpc::Status ToGrpc(const absl::Status& status);

// The reason a caller is told: the status's own, else one for its code.
std::string ReasonFor(const absl::Status& status);

// Whether a failure is a refusal, which the ledger shows. Our own failures and lost races are none; that nothing is
// released for want of witnesses is one.
bool IsRefusal(const absl::Status& why);

}  // namespace derwent::rpc
