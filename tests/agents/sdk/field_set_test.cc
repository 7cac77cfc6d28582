// The duty to notify names nobody (Modern Slavery Act 2015 s52, SI 2015/1743): only its fields leave, each with a value
// of a closed list, whoever wrote them and wherever.
#include "agents/sdk/field_set.h"

#include <algorithm>

#include "gtest/gtest.h"

#include "agents/sdk/project.h"
#include "policy/engine/field_set.h"
#include "tests/policy/derbyshire.h"
#include "tests/support/matchers.h"

namespace derwent::agents {
namespace {

constexpr char kNotifier[] = "cbc";

std::set<std::string> Listed() { return FieldsListed(policy::Derbyshire(), "nrm", "dtn_adult_no_consent"); }

void Add(v1::StatutoryFieldsetFact& set, const char* name, const char* value) {
  v1::StatutoryField& field = *set.add_fields();
  field.set_name(name);
  field.set_value(value);
}

v1::StatutoryFieldsetFacts Notification() {
  v1::StatutoryFieldsetFacts sets;
  v1::StatutoryFieldsetFact& set = *sets.add_facts();
  set.set_fieldset(kDutyToNotify);
  Add(set, "authority", kNotifier);
  Add(set, "gender", "female");
  Add(set, "nationality", "VN");
  Add(set, "under18_at_start", "not_known");
  Add(set, "slavery", "yes");
  Add(set, "trafficking", "no");
  Add(set, "country", "GB");
  Add(set, "police_referred", "yes");
  Add(set, "police_area", "E23000018");
  Add(set, "indicators", "forced_labour");
  Add(set, "indicators", "residential_premises");
  return sets;
}

bool InOrder(const v1::StatutoryFieldsetFacts& sets) { return CheckFieldSets(sets, kNotifier, Listed()).empty(); }

TEST(FieldSet, OfTheDutyToNotifyIsInOrder) {
  EXPECT_TRUE(InOrder(Notification()));
  EXPECT_TRUE(InOrder(v1::StatutoryFieldsetFacts()));
}

TEST(FieldSet, HasNoFieldThatTheProductDoesNotList) {
  for (const char* name : {"victim_name", "name", "date_of_birth", "perpetrator_name", "co_victims", "", "Gender"}) {
    v1::StatutoryFieldsetFacts sets = Notification();
    Add(*sets.mutable_facts(0), name, "yes");
    EXPECT_FALSE(InOrder(sets)) << name;
  }
}

// Whatever somebody may put where a code belongs.
TEST(FieldSet, HasNoTextInAnyField) {
  for (const std::string& field : policy::DutyToNotifyFields()) {
    for (const char* text : {"Jane Doe", "jane.doe", "1999-04-30", "JD", "07700 900123", "DE1 2AB", "E10000007", "",
                             "yes, called Jane", "dcc.adults"}) {
      EXPECT_FALSE(policy::IsFieldValue(field, text, kNotifier)) << field << " " << text;
    }
  }
}

TEST(FieldSet, HasEachFieldOnceButItsIndicators) {
  v1::StatutoryFieldsetFacts sets = Notification();
  Add(*sets.mutable_facts(0), "country", "VN");
  EXPECT_FALSE(InOrder(sets));
}

TEST(FieldSet, IsTheOneThatTheEnactmentFixes) {
  v1::StatutoryFieldsetFacts sets = Notification();
  sets.mutable_facts(0)->set_fieldset("about Jane Doe");
  EXPECT_FALSE(InOrder(sets));
}

TEST(FieldSet, NamesEveryFieldThatIsWrongAndNoValue) {
  v1::StatutoryFieldsetFacts sets = Notification();
  Add(*sets.mutable_facts(0), "victim_name", "Jane Doe");
  const std::vector<FieldProblem> problems = CheckFieldSets(sets, kNotifier, Listed());
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[0].field, "statutory_fieldset.facts[0].fields[11].name");
  EXPECT_EQ(problems[1].field, "statutory_fieldset.facts[0].fields[11].value");
  for (const FieldProblem& problem : problems) EXPECT_EQ(problem.rule.find("Jane"), std::string::npos);
}

// Another profile has no field set, and none may go under it; no product named, any of the profile's counts.
TEST(FieldSet, IsOfTheProfileThatListsIt) {
  EXPECT_EQ(FieldsListed(policy::Derbyshire(), "nrm", ""), Listed());
  EXPECT_TRUE(FieldsListed(policy::Derbyshire(), "nrm", "nrm_child").empty());
  EXPECT_TRUE(FieldsListed(policy::Derbyshire(), "marac", "").empty());
  EXPECT_FALSE(CheckFieldSets(Notification(), kNotifier, {}).empty());
}

TEST(FieldSet, LeavesWithoutWhereAndWhenItWasFound) {
  v1::CaseRecord record;
  *record.mutable_statutory_fieldset() = Notification();
  v1::Provenance& provenance = *record.mutable_statutory_fieldset()->mutable_facts(0)->mutable_provenance();
  provenance.set_origin_system("rms");
  provenance.set_source_pointer("custody/2026/0117");
  provenance.set_as_at("2026-11-02");
  provenance.set_nature(v1::FACT_NATURE_FACT);
  v1::UnitContent unit = ProjectUnit(record, "statutory.fieldset", "full", Pseudonymiser(), {}).value();
  EXPECT_FALSE(FieldSetsHold(unit, kNotifier, Listed()));
  StripFieldSets(unit);
  EXPECT_TRUE(FieldSetsHold(unit, kNotifier, Listed()));
  EXPECT_EQ(unit.statutory_fieldset().facts(0).provenance().nature(), v1::FACT_NATURE_FACT);
}

TEST(FieldSet, HasNoGistInItsPlace) {
  v1::UnitContent unit;
  unit.set_category("statutory.fieldset");
  unit.set_form("summarise");
  unit.mutable_summary()->set_text("Jane Doe");
  EXPECT_FALSE(FieldSetsHold(unit, kNotifier, Listed()));
}

}  // namespace
}  // namespace derwent::agents
