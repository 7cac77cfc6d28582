#pragma once

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

#include "policy/engine/model.h"

namespace derwent::policy {

// Whether `day` is neither a weekend day nor a bank holiday of the policy's calendar (domain decision 11).
bool IsWorkingDay(const Policy& policy, absl::CivilDay day);
// The `count`-th working day after `day`; `day` itself for 0.
absl::CivilDay AddWorkingDays(const Policy& policy, absl::CivilDay day, int count);
// When the answer to a question asked at `asked` goes out: the same London time of day on the slot's last working day.
absl::Time AnswerTime(const Policy& policy, const AnswerSlot& slot, absl::Time asked);
// How long a question stays open after its slot at the least, for what follows the answer.
inline constexpr absl::Duration kAfterSlot = absl::Hours(72);
// Until when a question asked at `asked` may wait for answers: the profile's `request_hours`, or longer where
// existence is secret and holidays put the slot off.
absl::Time LatestEnd(const Policy& policy, const Profile& profile, absl::Time asked);

}  // namespace derwent::policy
