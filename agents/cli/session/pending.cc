#include "agents/cli/session/pending.h"

#include "absl/strings/cord.h"

namespace derwent::cli {
namespace {

constexpr char kPending[] = "derwent.cli/pending";

}  // namespace

absl::Status Pending(absl::string_view why) {
  absl::Status status = absl::FailedPreconditionError(why);
  status.SetPayload(kPending, absl::Cord());
  return status;
}

bool IsPending(const absl::Status& status) { return status.GetPayload(kPending).has_value(); }

}  // namespace derwent::cli
