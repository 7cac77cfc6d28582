// P01 at the holder: each condition of a release, removed alone, withholds it for that reason. What rests on the person
// the broker leaves open: the asker's side alone says nothing of it.
#include <functional>

#include "agents/sdk/inquiry.h"
#include "tests/policy/derbyshire.h"
#include "tests/support/matchers.h"

namespace derwent::agents {
namespace {

using ::testing::Each;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Not;

constexpr char kAsker[] = "p-c85e1f";

// A council's practitioner asks children's services where a child goes to school: for a case against exploitation.
struct World {
  World() {
    v1::Manifest& selector = inquiry.selector;
    selector.set_share_id("7c0f1e2d-3b4a-4c5d-8e6f-708192a3b4c5");
    selector.set_kind(v1::PACKAGE_KIND_SELECTOR);
    selector.set_sender_agency("dcc.community_safety");
    selector.set_recipient_agency("dcc.childrens");
    selector.set_profile("tb.soce");
    selector.set_purpose("case.exploitation");
    selector.set_board("tb.soce");
    selector.set_area("E07000034");
    selector.set_case_id("0b1f9f0e-6f7a-4a52-9d7e-0a3f5f1c2d3e");
    selector.set_existence_sensitive(true);
    v1::ManifestSubject& subject = *selector.add_subjects();
    subject.set_number(1);
    subject.set_role("child");
    subject.add_grounds("tb.soce.education");
    subject.set_justification_digest(std::string(32, 'j'));
    selector.mutable_question()->set_acting_person(kAsker);
    selector.mutable_question()->set_role("practitioner");
    selector.mutable_question()->add_categories("education");
    record.set_record_ref("CYP-17");
    record.set_date_of_birth("2014-03-09");
    record.mutable_education()->add_facts()->set_setting_name("Sample Junior School");
    directories["dcc.community_safety"].people = {
        {.id = kAsker,
         .roles = {{.role = "practitioner", .boards = {"tb.soce"}, .areas = {"E07000034"}}},
         .training_until = absl::CivilDay(2030, 1, 1)}};
  }

  v1::Manifest& selector() { return inquiry.selector; }
  policy::Profile& profile() { return policy.profiles.at("tb.soce"); }

  Inquiry inquiry;
  v1::CaseRecord record;
  bool held = true;
  bool vetoed = false;
  bool signed_agreements = true;
  policy::Policy policy = policy::Derbyshire();
  policy::Directories directories;
};

AnswerDecision Decided(World& world) {
  trust::SystemRandom random;
  const policy::Snapshot snapshot{
      .policy = &world.policy, .directories = &world.directories, .take_agreements_as_signed = world.signed_agreements};
  auto decision =
      DecideAnswer(world.inquiry, world.held ? &world.record : nullptr, snapshot, policy::Midday(), {}, random);
  EXPECT_OK(decision);
  if (decision.ok() && world.vetoed) Veto(*decision);
  return decision.value_or(AnswerDecision());
}

TEST(HolderConditionsTest, WithAllOfThemItIsReleased) {
  World world;
  const AnswerDecision decision = Decided(world);
  ASSERT_EQ(decision.lines.size(), 1u);
  EXPECT_EQ(decision.lines[0].form, "full") << ::testing::PrintToString(decision.lines[0].reasons);
  EXPECT_TRUE(decision.lines[0].content.has_education());
}

struct Removed {
  const char* name;
  std::function<void(World&)> remove;
  const char* reason;
  bool asker_sees = false;  // It rests on the asker's side: the broker refuses it too.
};
class RemovedConditionOfReleaseTest : public ::testing::TestWithParam<Removed> {};

TEST_P(RemovedConditionOfReleaseTest, WithholdsItForThatReason) {
  World world;
  GetParam().remove(world);
  const AnswerDecision decision = Decided(world);
  ASSERT_EQ(decision.lines.size(), 1u);
  const AnswerLine& line = decision.lines[0];
  EXPECT_EQ(line.form, "");
  EXPECT_EQ(line.content.content_case(), v1::UnitContent::CONTENT_NOT_SET);
  EXPECT_THAT(line.reasons, Not(IsEmpty()));
  EXPECT_THAT(line.reasons, Each(GetParam().reason));
  EXPECT_EQ(line.asked_form.empty(), GetParam().asker_sees);
}

std::function<void(World&)> Flagged(const char* flag) {
  return [flag](World& w) { w.record.add_subject_flags(flag); };
}

INSTANTIATE_TEST_SUITE_P(
    OfThePerson, RemovedConditionOfReleaseTest,
    ::testing::Values(Removed{"record", [](World& w) { w.held = false; }, "NO_RECORD"},
                      Removed{"category", [](World& w) { w.record.clear_education(); }, "NOT_HELD"},
                      Removed{"age", [](World& w) { w.record.clear_date_of_birth(); }, "FACTS_UNKNOWN"},
                      Removed{"childhood", [](World& w) { w.record.set_date_of_birth("1988-03-09"); },
                              "CONDITION_NOT_MET"},
                      Removed{"known_flags", Flagged("of_no_policy"), "FACTS_UNKNOWN"},
                      Removed{"consent",
                              [](World& w) {
                                v1::Consent& consent = *w.record.add_consents();
                                consent.set_step("education");
                                consent.set_giver("subject");
                              },
                              "CONSENT_MISSING"},
                      Removed{"no_veto", [](World& w) { w.held = false, w.vetoed = true; }, "SUBJECT_RESTRICTED"},
                      Removed{"exclusion", [](World& w) { w.record.add_excluded_from(kAsker); }, "NO_RECORD"},
                      Removed{"list", [](World& w) { w.record.add_restricted_to("p-other"); }, "NO_RECORD"},
                      Removed{"lao_restricted", Flagged("lao_restricted"), "SUBJECT_FLAG"},
                      Removed{"lao_excluded", Flagged("lao_excluded"), "SUBJECT_FLAG"},
                      Removed{"objection", Flagged("objection_art21"), "SUBJECT_RESTRICTED"},
                      Removed{"erasure", Flagged("erasure_due"), "SUBJECT_FLAG"},
                      Removed{"witness", Flagged("witness_protection"), "SUBJECT_FLAG"},
                      Removed{"terrorism", Flagged("ct_sensitive"), "SUBJECT_FLAG"},
                      Removed{"privilege", Flagged("legal_privilege"), "SUBJECT_FLAG"},
                      Removed{"court_order", Flagged("court_order_reporting"), "SUBJECT_FLAG"}),
    [](const auto& param) { return std::string(param.param.name); });

INSTANTIATE_TEST_SUITE_P(
    OfTheAsker, RemovedConditionOfReleaseTest,
    ::testing::Values(
        Removed{"case", [](World& w) { w.selector().clear_case_id(); }, "CASE_LINK_REQUIRED", true},
        Removed{"ground", [](World& w) { w.selector().mutable_subjects(0)->clear_grounds(); }, "GROUND_NOT_ASSERTED",
                true},
        Removed{"justification", [](World& w) { w.selector().mutable_subjects(0)->clear_justification_digest(); },
                "JUSTIFICATION_REQUIRED", true},
        Removed{"line", [](World& w) { w.profile().conditional.erase("education"); }, "CATEGORY_NOT_PERMITTED", true},
        Removed{"gateway", [](World& w) { w.profile().gateways.clear(); }, "LEGAL_GATEWAY_MISSING", true},
        Removed{"agreement",
                [](World& w) {
                  for (policy::Agreement& agreement : w.policy.agreements)
                    agreement.notices.push_back({.from = absl::CivilDay(2026, 1, 1)});
                },
                "AGREEMENT_NOT_IN_FORCE", true},
        Removed{"signature", [](World& w) { w.signed_agreements = false; }, "AGREEMENT_NOT_SIGNED", true},
        Removed{"role", [](World& w) { w.directories["dcc.community_safety"].people[0].roles.clear(); },
                "ROLE_NOT_ENTITLED", true},
        Removed{"training",
                [](World& w) {
                  w.directories["dcc.community_safety"].people[0].training_until = absl::CivilDay(2026, 1, 1);
                },
                "ROLE_NOT_ENTITLED", true},
        // Somebody else of the agency holds the role: only the holder looks at who asks.
        Removed{"person", [](World& w) { w.selector().mutable_question()->set_acting_person("p-other"); },
                "ROLE_NOT_ENTITLED"}),
    [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace derwent::agents
