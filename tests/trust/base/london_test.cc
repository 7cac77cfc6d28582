#include "trust/base/london.h"

#include "tests/support/matchers.h"

namespace derwent {
namespace {

absl::Time Utc(int year, int month, int day, int hour, int minute = 0) {
  return absl::FromCivil(absl::CivilMinute(year, month, day, hour, minute), absl::UTCTimeZone());
}

TEST(LondonTest, MovesMidnightAnHourEarlierInSummer) {
  EXPECT_EQ(LondonDay(Utc(2026, 1, 10, 23, 59)), absl::CivilDay(2026, 1, 10));
  EXPECT_EQ(LondonDay(Utc(2026, 7, 10, 22, 59)), absl::CivilDay(2026, 7, 10));
  EXPECT_EQ(LondonDay(Utc(2026, 7, 10, 23, 0)), absl::CivilDay(2026, 7, 11));
}

TEST(LondonTest, StartsTheDaysOfClockChangeRightly) {
  EXPECT_EQ(LondonStartOf(absl::CivilDay(2026, 3, 29)), Utc(2026, 3, 29, 0));  // Spring change at 01:00 that day.
  EXPECT_EQ(LondonStartOf(absl::CivilDay(2026, 3, 30)), Utc(2026, 3, 29, 23));
  EXPECT_EQ(LondonStartOf(absl::CivilDay(2026, 10, 25)),
            Utc(2026, 10, 24, 23));  // Autumn change at 01:00 UTC that day.
  EXPECT_EQ(LondonStartOf(absl::CivilDay(2026, 10, 26)), Utc(2026, 10, 26, 0));
}

TEST(LondonTest, GivesEveryDayExactlyItsOwnInstants) {
  for (absl::CivilDay day(2024, 1, 1); day < absl::CivilDay(2030, 1, 1); ++day) {
    const absl::Time start = LondonStartOf(day);
    ASSERT_EQ(LondonDay(start), day);
    ASSERT_EQ(LondonDay(start - absl::Nanoseconds(1)), day - 1);
  }
}

TEST(LondonTest, AgreesWithTheTimeZoneDatabase) {
  absl::TimeZone london;
  if (!absl::LoadTimeZone("Europe/London", &london)) GTEST_SKIP() << "this machine has no time-zone files";
  for (absl::Time time = Utc(1996, 1, 1, 0); time < Utc(2037, 1, 1, 0); time += absl::Minutes(613)) {
    ASSERT_EQ(LondonDay(time), absl::ToCivilDay(time, london)) << time;
  }
}

TEST(LondonTest, ReadsOnlyDaysThatExist) {
  EXPECT_EQ(FormatDay(ParseDay("2028-02-29").value()), "2028-02-29");
  for (const char* text : {"2026-02-29", "2026-2-09", "26-02-09", "2026-02-09 ", "2026/02/09", "+026-02-09",
                           "2026-13-01", "2026-00-10", ""}) {
    EXPECT_FALSE(ParseDay(text).ok()) << text;
  }
}

}  // namespace
}  // namespace derwent
