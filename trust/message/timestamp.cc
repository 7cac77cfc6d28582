#include "trust/message/timestamp.h"

namespace derwent::trust {
namespace {

constexpr int64_t kFirstSecond = -62135596800;  // 0001-01-01, the least a Timestamp holds.
constexpr int64_t kLastSecond = 253402300799;   // 9999-12-31.

}  // namespace

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return timestamp;
}

absl::Time FromTimestamp(const google::protobuf::Timestamp& timestamp) {
  const bool in_range = timestamp.seconds() >= kFirstSecond && timestamp.seconds() <= kLastSecond &&
                        timestamp.nanos() >= 0 && timestamp.nanos() < 1'000'000'000;
  if (!in_range) return absl::InfinitePast();
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

}  // namespace derwent::trust
