#include "broker/rpc/trace.h"

#include <algorithm>

#include "absl/strings/ascii.h"

#include "trust/base/uuid.h"

namespace derwent::rpc {
namespace {

// Of the version, the trace, its parent and the flags, with dashes between them.
constexpr absl::string_view kShape = "00-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";

bool Fits(char c, char shape) { return shape == 'x' ? absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f') : c == shape; }

}  // namespace

std::string CorrelationId(absl::string_view told, trust::Random& random) {
  return Uuid::Parse(told).ok() ? std::string(told) : random.NewUuid().text();
}

std::string TraceParent(absl::string_view told) {
  const bool fits = told.size() == kShape.size() && std::equal(told.begin(), told.end(), kShape.begin(), Fits);
  return fits ? std::string(told) : "";
}

}  // namespace derwent::rpc
