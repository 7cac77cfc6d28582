#include "trust/base/london.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/time/civil_time.h"

namespace derwent {
namespace {

// Great Britain's rule since 1996: summer time from 01:00 UTC on the last Sunday of March to that of October.
// Kept here so that dates do not depend on a machine's time-zone files being present.
absl::CivilHour LastSundayAtOne(int64_t year, int month) {
  const absl::CivilDay last = absl::CivilDay(year, month, 31);
  const absl::CivilDay sunday =
      absl::GetWeekday(last) == absl::Weekday::sunday ? last : absl::PrevWeekday(last, absl::Weekday::sunday);
  return absl::CivilHour(sunday) + 1;
}

// Hours that London is ahead.
int Ahead(absl::CivilHour utc) {
  if (utc.month() != 3 && utc.month() != 10) return utc.month() > 3 && utc.month() < 10 ? 1 : 0;
  const bool changed = utc >= LastSundayAtOne(utc.year(), utc.month());
  return changed == (utc.month() == 3) ? 1 : 0;
}

absl::CivilHour UtcHour(absl::Time time) { return absl::ToCivilHour(time, absl::UTCTimeZone()); }

}  // namespace

absl::CivilDay LondonDay(absl::Time time) {
  const absl::CivilHour utc = UtcHour(time);
  return absl::CivilDay(utc + Ahead(utc));
}

absl::Time LondonStartOf(absl::CivilDay day) {
  const absl::Time utc = absl::FromCivil(day, absl::UTCTimeZone());
  // The clock changes at 01:00 or 02:00, never at midnight: the offset at the day's start is that of the instant
  // before.
  return utc - absl::Hours(Ahead(UtcHour(utc - absl::Hours(1))));
}

absl::StatusOr<absl::CivilDay> ParseDay(absl::string_view text) {
  absl::CivilDay day;
  if (text.size() != 10 || !absl::ascii_isdigit(text[0]) || !absl::ParseCivilTime(text, &day) ||
      FormatDay(day) != text) {
    return absl::InvalidArgumentError("not a date in the form YYYY-MM-DD");
  }
  return day;
}

std::string FormatDay(absl::CivilDay day) { return absl::FormatCivilTime(day); }

}  // namespace derwent
