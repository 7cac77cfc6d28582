#pragma once

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace derwent::trust {

google::protobuf::Timestamp ToTimestamp(absl::Time time);

// InfinitePast when it is outside of what a Timestamp may hold (google/protobuf/timestamp.proto: the years 1 to 9999,
// nanoseconds below 10^9), so that whatever expires has expired.
absl::Time FromTimestamp(const google::protobuf::Timestamp& timestamp);

}  // namespace derwent::trust
