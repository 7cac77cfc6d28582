#include "policy/engine/calendar.h"

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

}  // namespace derwent::policy
