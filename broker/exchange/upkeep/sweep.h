#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "broker/exchange/command/batch.h"

// What time does by itself.

namespace derwent::exchange {

// Expires what was not collected or answered and escalates what is overdue, at most 64 parts a call; also counts
// refusals down and chases reviews and erasures. Each second; writes only when something is due.
absl::Status Sweep(Batch& batch);
// Forgets what is remembered only for a time and erases what is due. Each minute, so that an idle broker commits
// nothing in between, and again at once while `more_due`.
absl::Status Tidy(Batch& batch);
// Enters a refused call: the first of a caller, method and reason at once, its repeats within the minute as one more
// with their count.
absl::Status EnterRefusedCall(const Caller& caller, absl::string_view method, absl::string_view reason, Batch& batch);

}  // namespace derwent::exchange
