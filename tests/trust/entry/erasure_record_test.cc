#include "trust/entry/erasure_record.h"

#include "absl/strings/str_replace.h"

#include "tests/support/matchers.h"
#include "trust/secret/sha256.h"

namespace derwent::trust {
namespace {

using ::derwent::testing::StatusIs;

ErasureRecord Requested() {
  return {.targets = {3, 7, 9, 10, 11},
          .fields = PersonFields(),
          .month = "2026-11",
          .approvals = ErasureRecord::Approvals{.owner = Sha256("owner"), .other = Sha256("other")},
          .policy = std::nullopt};
}

ErasureRecord Scheduled() {
  return {.targets = {0}, .fields = AllFields(), .month = "2033-12", .approvals = std::nullopt, .policy = Sha256("p")};
}

TEST(ErasureRecordTest, SaysWhatTheFormatPageSays) {
  EXPECT_EQ(Requested().ToBody(),
            "derwent.erasure/v1\ntargets 3 7 9-11\nfields 3 5-7 16\nbodies 17 19\nmonth 2026-11\n"
            "request " +
                Sha256("owner").hex() + " " + Sha256("other").hex() + "\n");
  EXPECT_EQ(Scheduled().ToBody(), "derwent.erasure/v1\ntargets 0\nfields 1-24\nbodies 17 19\nmonth 2033-12\nschedule " +
                                      Sha256("p").hex() + "\n");
}

TEST(ErasureRecordTest, ReadsWhatItWrote) {
  for (const ErasureRecord& record : {Requested(), Scheduled()}) {
    const ErasureRecord read = ErasureRecord::Parse(record.ToBody()).value();
    EXPECT_EQ(read.targets, record.targets);
    EXPECT_EQ(read.fields, record.fields);
    EXPECT_EQ(read.approvals, record.approvals);
    EXPECT_EQ(read.policy, record.policy);
  }
}

TEST(ErasureRecordTest, RefusesEveryOtherText) {
  const std::string good = Requested().ToBody();
  const std::pair<absl::string_view, absl::string_view> changes[] = {{"v1", "v2"},
                                                                     {"targets 3 7", "targets 7 3"},
                                                                     {"targets 3", "targets 3-3"},
                                                                     {"9-11", "9 10 11"},
                                                                     {"9-11", "9-999999"},
                                                                     {"9-11", "11-9"},
                                                                     {"9-11", "9-11 18446744073709551615"},
                                                                     {"9-11", "9223372036854775808"},
                                                                     {"9-11", "9-200 300-400"},
                                                                     {"targets 3", "targets 03"},
                                                                     {"fields 3 5-7 16", "fields 3"},
                                                                     {"fields 3 5-7 16", "fields 1-24"},
                                                                     {"bodies 17 19", "bodies 17"},
                                                                     {"2026-11", "2026-1x"},
                                                                     {"request ", "order "},
                                                                     {"request ", "schedule "},
                                                                     {"\nmonth", "\n\nmonth"}};
  for (const auto& [from, to] : changes) {
    const std::string bad = absl::StrReplaceAll(good, {{from, to}});
    ASSERT_NE(bad, good) << from;
    EXPECT_THAT(ErasureRecord::Parse(bad), StatusIs(absl::StatusCode::kInvalidArgument)) << bad;
  }
  EXPECT_THAT(ErasureRecord::Parse(good + "x"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ErasureRecord::Parse(""), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace derwent::trust
