// What of a record another agency shared, and what follows for a question about it.
#include "agents/sdk/received.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "agents/sdk/project.h"

namespace derwent::agents {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kShare[] = "0b0f3c1e-6f0a-4c58-9d1e-2f7a54f3c001";

v1::CaseRecord Mixed() {
  v1::CaseRecord record;
  record.mutable_identity()->add_facts()->set_surname("Oakshott");
  record.mutable_incident()->add_facts()->set_place_kind("dwelling");
  record.mutable_incident()->add_facts()->mutable_provenance()->set_received_share_id(kShare);
  record.mutable_fire_risk()->add_facts()->mutable_provenance()->set_received_share_id(kShare);
  return record;
}

DraftSubject Subject() {
  return {.number = 1,
          .role = "child",
          .record = Mixed(),
          .received = Received{
              .share_id = kShare, .originator = "police.derbys", .categories = ReceivedCategories(Mixed(), kShare)}};
}

TEST(Received, OneFactMakesItsCategoryAnOnwardOne) {
  EXPECT_THAT(ReceivedBy(Mixed()), ElementsAre(kShare));
  EXPECT_THAT(ReceivedCategories(Mixed(), kShare), ElementsAre("fire_risk", "incident"));
  EXPECT_THAT(ReceivedBy(v1::CaseRecord()), IsEmpty());
}

TEST(Received, OnlyWhatIsConsideredGoesOnward) {
  const auto sources = OnwardOf(Subject(), {"identity", "incident"});
  ASSERT_EQ(sources.size(), 1u);
  EXPECT_EQ(sources[0].share_id(), kShare);
  EXPECT_THAT(sources[0].categories(), ElementsAre("incident"));
  EXPECT_THAT(OnwardOf(Subject(), {"identity"}), IsEmpty());
}

TEST(Received, AQuestionAsksTheOriginatorOfThoseCategoriesAlone) {
  const auto onward = policy::OnwardTo("dfrs", OnwardOf(Subject(), {"identity", "incident"}));
  ASSERT_TRUE(onward.has_value());
  EXPECT_EQ(onward->organisation, "dfrs");
  EXPECT_TRUE(onward->as_controller);
  EXPECT_EQ(onward->originator_approval, "pending");
  EXPECT_THAT(onward->categories, ElementsAre("incident"));
  EXPECT_FALSE(policy::OnwardTo("dfrs", {}).has_value());
}

TEST(Received, ByWhichShareItCameNeverLeaves) {
  const Pseudonymiser keyed(trust::SecretBytes(std::string(32, 'k')));
  const auto unit = ProjectUnit(Mixed(), "incident", "full", keyed, {});
  ASSERT_TRUE(unit.ok()) << unit.status();
  EXPECT_THAT(unit->SerializeAsString(), ::testing::Not(::testing::HasSubstr(kShare)));
}

}  // namespace
}  // namespace derwent::agents
