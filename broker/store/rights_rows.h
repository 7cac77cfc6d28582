#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"

// What the broker keeps of a person's rights beyond one agency.

namespace derwent::store {

// What one recipient of one share was told of a rights event.
struct RightsNoticeKey {
  std::string event_id;
  std::string share_id;
  std::string recipient_agency;
  friend auto operator<=>(const RightsNoticeKey&, const RightsNoticeKey&) = default;
};

struct RightsNoticeRow {
  RightsNoticeKey key;
  std::string sender_agency;
  std::string notice;  // bytes of the signed RightsNotice
  std::string answer;  // bytes of the signed RightsAnswer; empty until it is there
  absl::Time create_time;
  std::optional<absl::Time> chase_time;  // when it is asked again; nullopt: nothing is awaited
  uint32_t chased = 0;
  friend bool operator==(const RightsNoticeRow&, const RightsNoticeRow&) = default;
};

}  // namespace derwent::store
