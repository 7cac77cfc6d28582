// The table that a question may name.
#include "policy/loader/asked_table.h"

#include <functional>

#include "gtest/gtest.h"

namespace derwent::policy {
namespace {

v1::Question Counts(const std::function<void(v1::Question&)>& change = nullptr) {
  v1::Question question;
  question.add_categories("aggregate");
  question.mutable_table()->set_topic("modern_slavery");
  question.mutable_table()->set_geography("ward");
  question.mutable_table()->set_period("month");
  if (change) change(question);
  return question;
}

TEST(AskedTable, IsReadAsTheEngineTakesIt) {
  ASSERT_TRUE(IsTableInOrder(Counts()));
  const std::optional<Table> table = AskedTable(Counts());
  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(table->topic, "modern_slavery");
  EXPECT_EQ(table->geography, "ward");
  EXPECT_EQ(table->period, "month");
  EXPECT_FALSE(AskedTable({}).has_value());
  EXPECT_TRUE(IsTableInOrder({}));
}

TEST(AskedTable, IsWholeOfKnownWordsAndOfCountsOnly) {
  const std::function<void(v1::Question&)> harms[] = {
      [](v1::Question& q) { q.set_categories(0, "identity"); },
      [](v1::Question& q) { q.mutable_table()->set_topic(""); },
      [](v1::Question& q) { q.mutable_table()->set_topic("Abel Kestrel"); },
      [](v1::Question& q) { q.mutable_table()->set_topic(std::string(41, 'a')); },
      [](v1::Question& q) { q.mutable_table()->set_geography("street"); },
      [](v1::Question& q) { q.mutable_table()->clear_geography(); },
      [](v1::Question& q) { q.mutable_table()->set_period("day"); },
      [](v1::Question& q) { q.mutable_table()->clear_period(); }};
  for (const auto& harm : harms) EXPECT_FALSE(IsTableInOrder(Counts(harm))) << Counts(harm).ShortDebugString();
}

TEST(AskedTable, CountsAloneAreAboutNobody) {
  EXPECT_TRUE(AsksForCountsAlone(Counts()));
  EXPECT_FALSE(AsksForCountsAlone(Counts([](v1::Question& q) { q.add_categories("identity"); })));
  EXPECT_FALSE(AsksForCountsAlone({}));
}

}  // namespace
}  // namespace derwent::policy
