#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace derwent::exchange {

// A call that could not be decided: a Status that carries an UPPER_SNAKE reason of the published table.
absl::Status Refuse(absl::StatusCode code, absl::string_view reason, absl::string_view message);
// The same, because of what was entered at `entry`.
absl::Status RefuseFor(std::optional<uint64_t> entry, absl::StatusCode code, absl::string_view reason,
                       absl::string_view message);
// The entry a status tells of; nullopt: none.
std::optional<uint64_t> EntryOf(const absl::Status& status);
// The reason a status carries; empty when none.
std::string ReasonOf(const absl::Status& status);

// Fields of a request that break a rule, all at once. Never holds a value of the request. The first 512 are kept, the
// rest is counted.
class Violations {
 public:
  void Add(std::string field, std::string rule);
  // Adds unless `holds`, which it returns: what has more parts than it may is not looked into.
  bool Require(bool holds, absl::string_view field, absl::string_view rule);
  bool empty() const { return list_.empty(); }
  // OK, or kInvalidArgument `PAYLOAD_REJECTED` with every violation. A status travels as a header of 8 KiB at most:
  // what goes over that is counted in one last violation of the whole request.
  absl::Status ToStatus() const;
  // The violations a status carries.
  static std::vector<std::pair<std::string, std::string>> Of(const absl::Status& status);

 private:
  std::vector<std::pair<std::string, std::string>> list_;
  size_t not_kept_ = 0;
};

}  // namespace derwent::exchange
