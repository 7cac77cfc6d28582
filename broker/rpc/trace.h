#pragma once

#include <string>

#include "absl/strings/string_view.h"

#include "trust/secret/random.h"

namespace derwent::rpc {

// By what calls are found again in logs. A caller chooses them, and a log holds no words of a caller's: only what has
// no room for any is taken.

// The correlation id told (metadata `x-correlation-id`), if it is a UUID in lowercase; else a new one.
std::string CorrelationId(absl::string_view told, trust::Random& random);
// The `traceparent` told (W3C Trace Context, version 00), if it is one; else empty.
std::string TraceParent(absl::string_view told);

}  // namespace derwent::rpc
