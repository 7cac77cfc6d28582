#include "agents/sdk/record_check.h"

#include "google/protobuf/text_format.h"

#include "tests/support/matchers.h"

namespace derwent::agents {
namespace {

constexpr absl::CivilDay kToday(2026, 11, 27);

std::vector<std::string> Broken(const std::string& text) {
  v1::CaseRecord record;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &record)) << text;
  std::vector<std::string> fields;
  for (const FieldProblem& problem : CheckRecord(record, kToday)) {
    EXPECT_NE(problem.rule, "");
    fields.push_back(problem.field);
  }
  return fields;
}

TEST(RecordCheckTest, EveryBrokenFieldIsNamedAtOnce) {
  EXPECT_THAT(Broken(R"pb(
                date_of_birth: "31/12/1999"
                identity {
                  facts { date_of_birth: "2051-01-01" }
                  facts { date_of_death: "2026-12" }
                }
                identifier { facts { type: IDENTIFIER_TYPE_NHS value: "9990010073" check: IDENTIFIER_CHECK_VERIFIED } }
                household { facts { composition { occupants_total: -5 } } }
                education { facts { year_group: -2 } })pb"),
              ::testing::UnorderedElementsAre("date_of_birth", "identity.facts[0].date_of_birth",
                                              "identity.facts[1].date_of_death", "identifier.facts[0].value",
                                              "household.facts[0].composition.occupants_total",
                                              "education.facts[0].year_group"));
}

TEST(RecordCheckTest, WhatMayBeSaidIs) {
  EXPECT_THAT(Broken(R"pb(
                date_of_birth: "1999"
                identity {
                  facts {
                    date_of_birth: "2026-11-27"
                    expected_date_of_birth: "2027-03"
                    provenance { as_at: "2026-11-20" }
                  }
                }
                identifier {
                  facts { type: IDENTIFIER_TYPE_NHS value: "999 001 0072" check: IDENTIFIER_CHECK_PASSED }
                  facts { type: IDENTIFIER_TYPE_NHS value: "9990010073" check: IDENTIFIER_CHECK_FAILED }
                }
                incident { facts { occurred_at: "2026-11-20T21:15Z" } }
                education { facts { year_group: -1 } })pb"),
              ::testing::IsEmpty());
}

TEST(RecordCheckTest, ANameTooLongToBeComparedIsNamed) {
  v1::CaseRecord record;
  v1::IdentityFact& fits = *record.mutable_identity()->add_facts();
  fits.set_surname(std::string(kMaxNameOctets, 'a'));
  fits.add_given_names(std::string(kMaxNameOctets, 'a'));
  EXPECT_THAT(CheckNames(record), ::testing::IsEmpty());
  v1::IdentityFact& too_long = *record.mutable_identity()->add_facts();
  too_long.set_surname(std::string(kMaxNameOctets + 1, 'a'));
  for (int i = 0; i < 2; ++i) too_long.add_given_names(std::string(kMaxNameOctets / 2, 'a'));
  const std::vector<FieldProblem> broken = CheckNames(record);
  ASSERT_EQ(broken.size(), 2u);
  EXPECT_EQ(broken[0].field, "identity.facts[1].surname");
  EXPECT_EQ(broken[1].field, "identity.facts[1].given_names");
}

}  // namespace
}  // namespace derwent::agents
