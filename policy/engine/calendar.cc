#include "policy/engine/calendar.h"

#include <algorithm>

#include "trust/base/london.h"

namespace derwent::policy {

bool IsWorkingDay(const Policy& policy, absl::CivilDay day) {
  const absl::Weekday weekday = absl::GetWeekday(day);
  return weekday != absl::Weekday::saturday && weekday != absl::Weekday::sunday && !policy.bank_holidays.contains(day);
}

absl::CivilDay AddWorkingDays(const Policy& policy, absl::CivilDay day, int count) {
  while (count > 0) count -= IsWorkingDay(policy, ++day) ? 1 : 0;
  return day;
}

absl::Time AnswerTime(const Policy& policy, const AnswerSlot& slot, absl::Time asked) {
  const absl::CivilDay day = LondonDay(asked);
  return LondonStartOf(AddWorkingDays(policy, day, slot.working_days)) + (asked - LondonStartOf(day)) + slot.time;
}

absl::Time LatestEnd(const Policy& policy, const Profile& profile, absl::Time asked) {
  const absl::Time end = asked + absl::Hours(profile.request_hours);
  return profile.existence_sensitive ? std::max(end, AnswerTime(policy, profile.answer_slot, asked) + kAfterSlot) : end;
}

}  // namespace derwent::policy
