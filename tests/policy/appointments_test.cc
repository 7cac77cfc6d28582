// Roles to which a board's owner appoints (architecture section 4): no agency makes its own person the chair.
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "policy/engine/agreements.h"
#include "policy/loader/directory.h"
#include "policy/loader/text.h"
#include "tests/policy/derbyshire.h"

namespace derwent::policy {
namespace {

const absl::CivilDay kDay(2026, 12, 1);

RoleHolding Holding(const std::string& role, const std::string& board, const std::string& area) {
  return {.role = role, .boards = {board}, .areas = {area}, .valid = {}};
}

class Appointments : public ::testing::Test {
 protected:
  Appointments() {
    Employs("dfrs", Holding("thematic_lead", "tb.soce", "E10000007"));
    Appoints("dcc.community_safety", "dfrs", Holding("thematic_lead", "tb.soce", "E07000034"));
  }
  void Employs(const std::string& agency, const RoleHolding& holding) {
    directories_[agency].people = {{.id = "p-1", .roles = {holding}, .training_until = kDay}};
  }
  void Appoints(const std::string& owner, const std::string& agency, const RoleHolding& holding) {
    directories_[owner].appointments = {{.agency = agency, .person = "p-1", .holding = holding}};
  }
  bool Held(const RoleSought& sought) const {
    return RoleHeld({.policy = &Derbyshire(), .directories = &directories_}, sought, kDay);
  }
  bool Leads() const {
    return Held({.agency = "dfrs", .person = "p-1", .role = "thematic_lead", .board = "tb.soce", .area = "E07000034"});
  }

  Directories directories_;
};

TEST_F(Appointments, OwnAgencyAndTheBoardsOwnerTogether) {
  EXPECT_TRUE(Leads());
  directories_["dcc.community_safety"].appointments.clear();
  EXPECT_FALSE(Leads()) << "its own agency alone";
  Appoints("dcc.community_safety", "dfrs", Holding("thematic_lead", "tb.soce", "E07000034"));
  directories_["dfrs"].people[0].roles.clear();
  EXPECT_FALSE(Leads()) << "the owner alone";
}

TEST_F(Appointments, CountForTheirOwnBoardAreaAndDays) {
  EXPECT_FALSE(Held({.agency = "dfrs", .role = "thematic_lead", .board = "tb.soce", .area = "E07000036"}))
      << "appointed for another district";
  EXPECT_FALSE(Held({.agency = "dfrs", .role = "thematic_lead", .board = "tb.ncasb", .area = "E07000034"}));
  EXPECT_TRUE(Held({.agency = "dfrs", .role = "thematic_lead"})) << "for some board";
  directories_["dcc.community_safety"].appointments[0].holding.valid.last = kDay - 1;
  EXPECT_FALSE(Leads()) << "the appointment ended yesterday";
  EXPECT_FALSE(Held({.agency = "dfrs", .role = "thematic_lead"}));
}

TEST_F(Appointments, AreTheOwnersAloneAndWithinItsAreas) {
  directories_["dcc.community_safety"].appointments.clear();
  Appoints("dfrs", "dfrs", Holding("thematic_lead", "tb.soce", "E07000034"));
  EXPECT_FALSE(Leads()) << "the agency does not own the board";
  Appoints("derby.council", "dfrs", Holding("thematic_lead", "tb.soce", "E07000034"));
  EXPECT_FALSE(Leads()) << "the city appoints for the city";
}

TEST_F(Appointments, APanelsRoleIsThePanelsUnderWhateverProfile) {
  Employs("dcc.childrens", Holding("mash_manager", "mash", "E10000007"));
  Appoints("dcc.childrens", "dcc.childrens", Holding("mash_manager", "mash", "E10000007"));
  EXPECT_TRUE(Held({.agency = "dcc.childrens", .role = "mash_manager", .board = "tb.soce", .area = "E07000034"}));
  Employs("dcc.childrens", Holding("mash_manager", "tb.soce", "E10000007"));
  EXPECT_FALSE(Held({.agency = "dcc.childrens", .role = "mash_manager", .board = "tb.soce", .area = "E07000034"}));
}

TEST_F(Appointments, RolesThatNoBoardAppointsToNeedNone) {
  Employs("dfrs", {.role = "spoc", .boards = {}, .areas = {"E10000007"}, .valid = {}});
  EXPECT_TRUE(Held({.agency = "dfrs", .role = "spoc", .board = "tb.soce", .area = "E07000034"}));
}

// What a directory's text says wrongly, all at once.
TEST(DirectoryText, AppointsToWhatItsAgencyOwnsAndToTheBoardsRoles) {
  const Files files = {{"d", R"(
    agency: "dfrs" version: 1
    entries { id: "p-1" roles { role: "marac_chair" areas: "E23000018" } }
    appointments { agency: "dfrs" person: "p-1" holding { role: "marac_chair" boards: "marac" areas: "E23000018" } }
    appointments { agency: "dfrz" holding { role: "spoc" boards: "maraca" areas: "E23000018" } }
    appointments { agency: "dfrs" person: "p-1" holding { role: "thematic_lead" } })"}};
  Problems problems(files);
  v1::Directory text;
  ASSERT_TRUE(ParseText(files, "d", text, problems));
  const absl::StatusOr<Directory> compiled = CheckDirectory(text, Derbyshire());
  ASSERT_EQ(compiled.status().code(), absl::StatusCode::kInvalidArgument);
  for (const char* said :
       {"role `marac_chair` is one that a board's owner appoints to: name the board",
        "`dfrs` does not own `marac`, and appoints nobody to its roles", "dfrz", "maraca",
        "an appointment names no person", "`spoc` is no role to which the owner of `maraca` appoints",
        "an appointment names no board"})
    EXPECT_THAT(compiled.status().message(), ::testing::HasSubstr(said));
}

// A board that the policy drops takes its own roles with it, and nobody else's.
TEST(DirectoryText, WhatItSaysOfABoardThatIsGoneCountsForNothingAndAllElseStands) {
  const Files files = {{"d", R"(
    agency: "police.derbys" version: 1
    entries {
      id: "p-1" training_until: "2027-12-31"
      roles { role: "marac_chair" boards: "marac" areas: "E23000018" }
      roles { role: "practitioner" areas: "E23000018" }
    }
    appointments { agency: "police.derbys" person: "p-1" holding { role: "marac_chair" boards: "marac" areas: "E23000018" } })"}};
  Problems problems(files);
  v1::Directory text;
  ASSERT_TRUE(ParseText(files, "d", text, problems));
  Policy policy = Derbyshire();
  Directories directories;
  const auto held = [&](const std::string& role) {
    directories["police.derbys"] = CompileDirectory(text, policy).value();
    return RoleHeld({.policy = &policy, .directories = &directories}, {.agency = "police.derbys", .role = role}, kDay);
  };
  EXPECT_TRUE(held("marac_chair"));
  policy.profiles.erase("marac");
  EXPECT_FALSE(held("marac_chair"));
  EXPECT_TRUE(held("practitioner"));
  EXPECT_FALSE(CheckDirectory(text, policy).ok()) << "none such is put in force";
}

}  // namespace
}  // namespace derwent::policy
