// Tables of counts in an agency's own system.
#include "agents/register/tables.h"

#include "gtest/gtest.h"

#include "agents/register/people.h"

namespace derwent::agents {
namespace {

v1::CaseRecord Row(const char* geography, int count) {
  v1::CaseRecord record;
  record.set_record_ref("TABLES");
  v1::CountTable& table = *record.mutable_aggregate()->add_facts();
  table.set_topic("domestic_abuse");
  table.set_geography(geography);
  table.set_period("month");
  table.add_cells()->set_count(count);
  return record;
}

People Built(std::vector<v1::CaseRecord> records) {
  connectors::Batch batch;
  for (v1::CaseRecord& record : records) batch.rows.push_back({.row = 2, .record = std::move(record)});
  PeopleBuilder builder;
  builder.Add("counts.csv", std::move(batch));
  return builder.Build();
}

TEST(Tables, RowsOfOneTableArePutTogether) {
  const People built = Built({Row("ward", 15), Row("ward", 20), Row("district", 35)});
  EXPECT_TRUE(built.records.empty()) << "they are of nobody";
  EXPECT_EQ(built.problem_count, 0u);
  ASSERT_EQ(built.counts.facts_size(), 2);
  EXPECT_EQ(built.counts.facts(0).cells_size(), 2);
}

TEST(Tables, APersonHoldsNone) {
  v1::CaseRecord person = Row("ward", 15);
  person.mutable_identity()->add_facts()->set_surname("Oakshott");
  const People built = Built({person});
  EXPECT_TRUE(built.records.empty());
  EXPECT_TRUE(built.counts.facts().empty());
  ASSERT_EQ(built.problems.size(), 1u);
  EXPECT_EQ(built.problems[0].problem.rule, "must hold counts alone, or none: they are of nobody");
}

TEST(Tables, WhatSaysAnythingOfAPersonIsOne) {
  EXPECT_TRUE(HoldsCountsAlone(Row("ward", 15)));
  v1::CaseRecord flagged = Row("ward", 15);
  flagged.add_subject_flags("lao_restricted");
  EXPECT_FALSE(HoldsCountsAlone(flagged));
  EXPECT_FALSE(HoldsCountsAlone({}));
}

}  // namespace
}  // namespace derwent::agents
