#include "agents/register/person_register.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/matchers.h"

namespace derwent::agents {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::IsOkAndHolds;
using ::testing::Not;
using testing::StatusIs;

constexpr char kPeople[] = "ref,surname,dob,held\na,Oakshott,1992-06-14,N\nb,Renshaw,1989-01-23,Y\n";
constexpr char kMapping[] =
    R"({"from": {"record_ref": "ref"}, "provenance": {"originSystem": "x", "nature": "FACT_NATURE_FACT", "sourcePointer": "people.csv"},
  "fields": [{"from": "surname", "to": "identity.facts.surname", "needed": true}, {"from": "dob", "to": "date_of_birth", "rule": "date"},
             {"from": "held", "to": "subject_flags", "needed": true, "values": {"Y": "lao_restricted", "N": ""}}]})";
constexpr char kMarkers[] =
    R"({"from": {"record_ref": "ref"}, "provenance": {"originSystem": "x", "nature": "FACT_NATURE_FACT"},
  "fields": [{"from": "kind", "to": "vulnerability_flag.facts.kind", "needed": true, "values": {"DOG": "VULNERABILITY_KIND_DOG", "PAIRS": "VULNERABILITY_KIND_VISIT_IN_PAIRS"}},
             {"from": "dob", "to": "date_of_birth", "rule": "date"}]})";

class MovedClock final : public Clock {
 public:
  absl::Time Now() const override { return now_; }
  void Move(absl::Duration by) { now_ += by; }

 private:
  absl::Time now_ = absl::FromUnixSeconds(1'790'000'000);
};

class PersonRegisterTest : public ::testing::Test {
 protected:
  PersonRegisterTest() : folder_(::testing::TempDir() + "register-" + std::to_string(getpid()) + "/") {
    std::filesystem::create_directories(folder_);
    Write("people.csv", kPeople);
    Write("people.mapping.json", kMapping);
    Write("marker.mapping.json", kMarkers);
  }
  ~PersonRegisterTest() override { std::filesystem::remove_all(folder_); }

  // As an exporting system must: a whole file takes the other's place.
  void Write(const std::string& name, absl::string_view content) {
    std::ofstream(folder_ + name + ".part") << content;
    std::filesystem::rename(folder_ + name + ".part", folder_ + name);
  }
  PersonRegister Open() {
    return PersonRegister({{folder_ + "people.csv", folder_ + "people.mapping.json", ""}}, clock_);
  }
  PersonRegister OpenWithMarkers(absl::string_view markers) {
    Write("marker.csv", markers);
    return PersonRegister({{folder_ + "people.csv", folder_ + "people.mapping.json", ""},
                           {folder_ + "marker.csv", folder_ + "marker.mapping.json", ""}},
                          clock_);
  }
  static std::vector<std::string> Refs(const PersonRegister& system) {
    std::vector<std::string> refs;
    for (const v1::CaseRecord& record : system.people()->records) refs.push_back(record.record_ref());
    return refs;
  }

  const std::string folder_;
  MovedClock clock_;
};

TEST_F(PersonRegisterTest, HoldsWhomTheFileNames) {
  PersonRegister system = Open();
  EXPECT_THAT(system.Refresh(), IsOkAndHolds(true));
  EXPECT_THAT(Refs(system), ElementsAre("a", "b"));
  EXPECT_THAT(system.people()->records[1].subject_flags(), ElementsAre("lao_restricted"));
  EXPECT_EQ(system.people()->records[0].identity().facts(0).provenance().source_pointer(), "people.csv#2");
}

TEST_F(PersonRegisterTest, ReadsAgainOnlyWhenAFileChanged) {
  PersonRegister system = Open();
  ASSERT_OK(system.Refresh());
  EXPECT_THAT(system.Refresh(), IsOkAndHolds(false));
  const auto before = system.people();
  Write("people.csv", "ref,surname,dob,held\nc,Hadfield,1951-04-30,N\n");
  EXPECT_THAT(system.Refresh(), IsOkAndHolds(true));
  EXPECT_THAT(Refs(system), ElementsAre("c"));
  EXPECT_EQ(before->records.size(), 2u);  // Who reads keeps what was read.
}

TEST_F(PersonRegisterTest, ABrokenFileKeepsTheLastGoodReading) {
  PersonRegister system = Open();
  ASSERT_OK(system.Refresh());
  Write("people.csv", "ref,surname,dob,held\na,\"Oakshott,1992-06-14,N\n");
  const auto refused = system.Refresh();
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("people.csv")));
  EXPECT_THAT(std::string(refused.status().message()), Not(HasSubstr("Oakshott")));
  EXPECT_THAT(Refs(system), ElementsAre("a", "b"));
  Write("people.csv", kPeople);
  EXPECT_THAT(system.Refresh(), IsOkAndHolds(true));
}

TEST_F(PersonRegisterTest, AFaultIsToldAsLongAsItLasts) {
  PersonRegister system = Open();
  ASSERT_OK(system.Refresh());
  Write("people.csv", "ref,surname,dob,held\na,\"Oakshott,1992-06-14,N\n");
  for (int round = 0; round < 3; ++round)
    EXPECT_THAT(system.Refresh(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("people.csv"))) << round;
  Write("people.csv", kPeople);
  EXPECT_THAT(system.Refresh(), IsOkAndHolds(true));
  EXPECT_THAT(system.Refresh(), IsOkAndHolds(false));
}

TEST_F(PersonRegisterTest, AReadingThatCannotBeMadeSureOfCountsForSoLong) {
  PersonRegister system = Open();
  EXPECT_EQ(system.PeopleWithin(absl::Hours(24)), nullptr) << "never read";
  ASSERT_OK(system.Refresh());
  clock_.Move(absl::Hours(30));
  EXPECT_THAT(system.Refresh(), IsOkAndHolds(false));
  clock_.Move(absl::Hours(24));
  EXPECT_NE(system.PeopleWithin(absl::Hours(24)), nullptr) << "nothing had changed a day ago";
  for (const bool gone : {false, true}) {
    gone ? static_cast<void>(std::filesystem::remove(folder_ + "people.csv")) : Write("people.csv", "not the export\n");
    EXPECT_FALSE(system.Refresh().ok());
    EXPECT_NE(system.PeopleWithin(absl::Hours(24)), nullptr);
  }
  clock_.Move(absl::Seconds(1));
  EXPECT_FALSE(system.Refresh().ok());
  EXPECT_EQ(system.PeopleWithin(absl::Hours(24)), nullptr);
  EXPECT_THAT(Refs(system), ElementsAre("a", "b")) << "what it was stays to be looked at";
  Write("people.csv", kPeople);
  EXPECT_THAT(system.Refresh(), IsOkAndHolds(true));
  EXPECT_NE(system.PeopleWithin(absl::Hours(24)), nullptr);
}

TEST_F(PersonRegisterTest, AFileThatIsGoneKeepsTheLastGoodReading) {
  PersonRegister system = Open();
  ASSERT_OK(system.Refresh());
  std::filesystem::remove(folder_ + "people.csv");
  EXPECT_THAT(system.Refresh(), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Refs(system), ElementsAre("a", "b"));
}

TEST_F(PersonRegisterTest, RowsOfOnePersonMerge) {
  PersonRegister system = OpenWithMarkers("ref,kind,dob\na,DOG,\na,PAIRS,1992-06-14\n");
  ASSERT_OK(system.Refresh());
  EXPECT_EQ(system.people()->records[0].vulnerability_flag().facts_size(), 2);
  EXPECT_EQ(system.people()->records[0].identity().facts_size(), 1);
}

TEST_F(PersonRegisterTest, APersonOfWhomAnyRowIsBadIsLeftOut) {
  PersonRegister system = OpenWithMarkers("ref,kind,dob\na,CAT,\n");
  ASSERT_OK(system.Refresh());
  EXPECT_THAT(Refs(system), ElementsAre("b"));
  ASSERT_EQ(system.people()->problem_count, 1u);
  const SystemProblem& one = system.people()->problems[0];
  EXPECT_EQ(one.file, "marker.csv");
  EXPECT_EQ(one.problem.row, 2);
  EXPECT_EQ(one.problem.column, "kind");
  EXPECT_THAT(one.problem.rule, Not(HasSubstr("CAT")));
}

TEST_F(PersonRegisterTest, APersonWhoseFlagIsNotGivenIsLeftOut) {
  Write("people.csv", "ref,surname,dob,held\na,Oakshott,1992-06-14,\nb,Renshaw,1989-01-23,N\n");
  PersonRegister system = Open();
  ASSERT_OK(system.Refresh());
  EXPECT_THAT(Refs(system), ElementsAre("b"));
}

TEST_F(PersonRegisterTest, APersonWhoseRowsDisagreeAboutTheBirthDateIsLeftOut) {
  PersonRegister system = OpenWithMarkers("ref,kind,dob\na,DOG,1990-01-01\n");
  ASSERT_OK(system.Refresh());
  EXPECT_THAT(Refs(system), ElementsAre("b"));
}

TEST_F(PersonRegisterTest, FactsAboutNobodyAreAProblem) {
  PersonRegister system = OpenWithMarkers("ref,kind,dob\nz,DOG,\n");
  ASSERT_OK(system.Refresh());
  EXPECT_THAT(Refs(system), ElementsAre("a", "b"));
  EXPECT_EQ(system.people()->problem_count, 1u);
}

TEST_F(PersonRegisterTest, AMappingOfReferralsIsNoRegister) {
  Write(
      "people.mapping.json",
      R"({"subject_role": "victim", "from": {"referral_ref": "ref"}, "fields": [{"from": "surname", "to": "identity.facts.surname"}]})");
  PersonRegister system = Open();
  EXPECT_THAT(system.Refresh(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("record_ref")));
}

}  // namespace
}  // namespace derwent::agents
