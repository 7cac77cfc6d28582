// Which tables of counts answer a request for them.
#include "agents/sdk/counts.h"

#include "gtest/gtest.h"

#include "tests/policy/derbyshire.h"

namespace derwent::agents {
namespace {

v1::CountTable Table(const char* topic, const char* geography, const char* period, std::vector<int> counts) {
  v1::CountTable table;
  table.set_topic(topic);
  table.set_geography(geography);
  table.set_period(period);
  for (const int count : counts) table.add_cells()->set_count(count);
  v1::DisclosureControl& control = *table.mutable_control();
  control.set_primary_threshold(10);
  control.set_round_to(5);
  control.set_secondary_suppression(true);
  control.set_linkage_checked(true);
  control.set_approved_by("p-analyst");
  return table;
}

v1::AggregateFacts Held() {
  v1::AggregateFacts held;
  *held.add_facts() = Table("sexual_offence", "ward", "month", {10});
  *held.add_facts() = Table("sexual_offence", "district", "quarter", {40, 0});
  *held.add_facts() = Table("domestic_abuse", "ward", "month", {15});
  return held;
}

v1::AggregateFacts For(const v1::AggregateFacts& held, const std::optional<policy::Table>& asked) {
  return TablesFor(held, asked, policy::Derbyshire());
}

TEST(Counts, AskedFinerThanItsTopicAllowsComeAtTheLimit) {
  const auto tables = For(Held(), policy::Table{"sexual_offence", "ward", "month"});
  ASSERT_EQ(tables.facts_size(), 1);
  EXPECT_EQ(tables.facts(0).geography(), "district");
  EXPECT_EQ(tables.facts(0).period(), "quarter");
}

TEST(Counts, ComeAtTheGrainAskedOrNotAtAll) {
  EXPECT_EQ(For(Held(), policy::Table{"domestic_abuse", "ward", "month"}).facts_size(), 1);
  EXPECT_EQ(For(Held(), policy::Table{"domestic_abuse", "district", "month"}).facts_size(), 0);
  EXPECT_EQ(For(Held(), policy::Table{"hate_crime_strand", "district", "month"}).facts_size(), 0);
}

TEST(Counts, OfNoTableNamedThoseComeThatAreNotTooFine) {
  const auto tables = For(Held(), std::nullopt);
  ASSERT_EQ(tables.facts_size(), 2);
  EXPECT_EQ(tables.facts(0).geography(), "district") << "never the wards of sexual offences";
}

TEST(Counts, WithoutAWholeStatementOfControlNeverCome) {
  const std::pair<const char*, std::function<void(v1::DisclosureControl&)>> lacks[] = {
      {"threshold", [](v1::DisclosureControl& c) { c.clear_primary_threshold(); }},
      {"rounding", [](v1::DisclosureControl& c) { c.clear_round_to(); }},
      {"secondary suppression", [](v1::DisclosureControl& c) { c.clear_secondary_suppression(); }},
      {"comparison", [](v1::DisclosureControl& c) { c.clear_linkage_checked(); }},
      {"a person", [](v1::DisclosureControl& c) { c.clear_approved_by(); }}};
  for (const auto& [what, lack] : lacks) {
    v1::AggregateFacts held;
    *held.add_facts() = Table("domestic_abuse", "ward", "month", {15});
    lack(*held.mutable_facts(0)->mutable_control());
    EXPECT_EQ(For(held, std::nullopt).facts_size(), 0) << what;
  }
}

struct Least {
  const char* topic;
  const char* geography;
  const char* period;
  int threshold;
};

// Brief E.2: nobody states less than the policy's least, whatever the cells hold.
TEST(Counts, ControlledLessThanTheirTopicAsksNeverCome) {
  for (const Least& least :
       {Least{"domestic_abuse", "ward", "month", 5}, Least{"sexual_offence", "district", "quarter", 10},
        Least{"domestic_homicide", "county_city", "year", 10}, Least{"child_exploitation", "district", "month", 10},
        Least{"prevent_channel", "county_city", "year", 10}, Least{"modern_slavery", "county_city", "month", 10},
        Least{"resettlement_asylum", "district", "month", 10}, Least{"hate_crime_strand", "district", "month", 5},
        Least{"mental_health_a_e", "LSOA", "month", 8}}) {
    const auto come = [&](int threshold, int round_to) {
      v1::AggregateFacts held;
      *held.add_facts() = Table(least.topic, least.geography, least.period, {40});
      held.mutable_facts(0)->mutable_control()->set_primary_threshold(threshold);
      held.mutable_facts(0)->mutable_control()->set_round_to(round_to);
      return For(held, std::nullopt).facts_size();
    };
    EXPECT_EQ(come(least.threshold, 5), 1) << least.topic;
    EXPECT_EQ(come(least.threshold - 1, 5), 0) << least.topic;
    EXPECT_EQ(come(least.threshold, 4), 0) << least.topic;
    EXPECT_EQ(come(1, 1), 0) << least.topic;
  }
}

TEST(Counts, ThatAreNotAsStatedNeverCome) {
  for (const int count : {3, 17, -5}) {
    v1::AggregateFacts held;
    *held.add_facts() = Table("domestic_abuse", "ward", "month", {15, count});
    EXPECT_EQ(For(held, std::nullopt).facts_size(), 0) << count;
  }
  v1::AggregateFacts held;
  *held.add_facts() = Table("domestic_abuse", "ward", "month", {15});
  held.mutable_facts(0)->add_cells();
  EXPECT_EQ(For(held, std::nullopt).facts_size(), 1) << "a suppressed cell says nothing";
}

}  // namespace
}  // namespace derwent::agents
