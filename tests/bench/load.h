#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "grpcpp/channel.h"

namespace derwent::bench {

// One run of a load. Times are of the client, from the start of a call to its end.
struct LoadResult {
  double calls_a_second = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  int failed = 0;  // Calls that ended with an error or an answer that `good` does not accept.
};

// Sends each of `requests` once as the unary `method` (`/package.Service/Method`), always `outstanding` at a time, from
// one thread, without parsing. `good` looks at each answer's octets after the clock has stopped.
LoadResult Drive(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                 absl::Span<const std::string> requests, int outstanding,
                 const std::function<bool(const std::string&)>& good);

// In milliseconds; 0 of nothing. `share` is 0 to 1.
double Percentile(const std::vector<absl::Duration>& sorted, double share);

}  // namespace derwent::bench
