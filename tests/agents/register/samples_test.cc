// The samples of every agency's own system: each loads without a problem, and the traps of samples/README.md are there.
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "agents/register/person_register.h"
#include "nlohmann/json.hpp"
#include "tests/support/matchers.h"

namespace derwent::agents {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

constexpr const char* kAgencies[] = {"police.derbys", "dfrs",       "probation.em",         "icb.qj2",
                                     "dcc.childrens", "dcc.adults", "dcc.community_safety", "cbc",
                                     "rp.housing",    "nhs.dhcft",  "da.provider"};

// Databases of the samples, made from their dumps as `deploy/example/lay_out.sh` makes them; removed at the end.
class Databases {
 public:
  ~Databases() { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& dump) {
    std::filesystem::create_directories(folder_);
    std::string path = folder_ + std::filesystem::path(dump).stem().string() + ".db";
    if (std::filesystem::exists(path)) return path;
    std::ifstream file(dump);
    const std::string statements((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, statements.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
    return path;
  }

 private:
  const std::string folder_ = absl::StrCat(::testing::TempDir(), "samples-", getpid(), "/");
};

std::vector<SystemFile> FilesOf(const std::string& agency) {
  const std::string folder = absl::StrCat("samples/", agency, "/register/");
  const auto within = [&](const std::string& name) { return name.empty() ? "" : folder + name; };
  static Databases databases;
  std::ifstream file(folder + "system.json");
  std::vector<SystemFile> files;
  for (const auto& one : nlohmann::json::parse(file)) {
    const std::string database(absl::StripSuffix(one.value("sqlite", ""), ".db"));
    files.push_back({.file = within(one.value("file", "")),
                     .mapping = within(one["mapping"].get<std::string>()),
                     .join = within(one.value("join", "")),
                     .view = {.sqlite = database.empty() ? "" : databases.Path(folder + database + ".sql"),
                              .query = one.value("query", "")}});
  }
  return files;
}

std::shared_ptr<const People> Load(const std::string& agency) {
  const SystemClock clock;
  PersonRegister people(FilesOf(agency), clock);
  EXPECT_OK(people.Refresh());
  return people.people();
}

const v1::CaseRecord& Find(const People& people, absl::string_view ref) {
  for (const v1::CaseRecord& record : people.records) {
    if (record.record_ref() == ref) return record;
  }
  ADD_FAILURE() << "nobody is " << ref;
  return v1::CaseRecord::default_instance();
}

class SampleTest : public ::testing::TestWithParam<const char*> {};

TEST_P(SampleTest, LoadsWithoutAProblem) {
  const auto people = Load(GetParam());
  EXPECT_GE(people->records.size(), 8u);
  EXPECT_LE(people->records.size(), 20u);
  for (const SystemProblem& one : people->problems)
    ADD_FAILURE() << one.file << " row " << one.problem.row << " " << one.problem.column << ": " << one.problem.rule;
}

TEST_P(SampleTest, EveryMappingIsUsed) {
  std::set<std::string> used;
  for (const SystemFile& file : FilesOf(GetParam())) used.insert(std::filesystem::path(file.mapping).filename());
  for (const auto& entry : std::filesystem::directory_iterator(absl::StrCat("samples/", GetParam(), "/register"))) {
    const std::string name = entry.path().filename();
    if (absl::EndsWith(name, ".mapping.json")) {
      EXPECT_THAT(used, Contains(name));
    }
  }
}

TEST_P(SampleTest, EveryFactSaysWhereItComesFrom) {
  const auto people = Load(GetParam());
  for (const v1::CaseRecord& record : people->records) {
    for (const v1::IdentityFact& fact : record.identity().facts()) {
      EXPECT_EQ(fact.provenance().origin_category(), "identity");
      EXPECT_NE(fact.provenance().nature(), v1::FACT_NATURE_UNSPECIFIED);
      EXPECT_FALSE(fact.provenance().source_pointer().empty());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Agencies, SampleTest, ::testing::ValuesIn(kAgencies), [](const auto& info) {
  std::string name = info.param;
  std::ranges::replace(name, '.', '_');
  return name;
});

TEST(SampleTraps, PoliceFilesMakeOneRecordAPerson) {
  const auto people = Load("police.derbys");
  const v1::CaseRecord& maren = Find(*people, "nom-88101");
  ASSERT_EQ(maren.identity().facts_size(), 2);
  EXPECT_EQ(maren.identity().facts(1).surname(), "Oakshot");
  EXPECT_EQ(maren.identity().facts(1).kind(), v1::NAME_KIND_ALIAS);
  EXPECT_EQ(maren.incident().facts_size(), 2);
  EXPECT_EQ(maren.incident().facts(0).type().display(), "Assault occasioning actual bodily harm");
  EXPECT_THAT(maren.subject_flags(), Contains("address_protected"));
  EXPECT_THAT(maren.vulnerability_flag().facts(), IsEmpty());
  EXPECT_EQ(Find(*people, "nom-88103").offence_allegation().facts_size(), 2);
  EXPECT_THAT(Find(*people, "nom-88130").subject_flags(), Contains("live_investigation"));
}

TEST(SampleTraps, AProbationRestrictionIsAFlag) {
  const auto people = Load("probation.em");
  EXPECT_THAT(Find(*people, "M779050").subject_flags(), Contains("lao_restricted"));
  const v1::CaseRecord& hamish = Find(*people, "G908210");
  EXPECT_THAT(hamish.subject_flags(), IsEmpty());
  EXPECT_EQ(hamish.location_current().facts_size(), 2);
  EXPECT_EQ(hamish.risk_offender().facts_size(), 4);  // Two registrations, MAPPA, RoSH.
}

TEST(SampleTraps, HealthHoldsOxygenApartFromTheDiagnosisAndNoProtectedAddress) {
  const auto people = Load("icb.qj2");
  int oxygen = 0;
  for (const v1::CaseRecord& record : people->records) {
    for (const v1::VulnerabilityFlagFact& fact : record.vulnerability_flag().facts()) {
      if (fact.kind() != v1::VULNERABILITY_KIND_OXYGEN) continue;
      ++oxygen;
      EXPECT_EQ(record.identity().facts(0).surname(), "Hadfield");
      EXPECT_EQ(record.health_physical().facts_size(), 1);
    }
    if (record.identity().facts(0).surname() != "Oakshott") continue;
    EXPECT_THAT(record.subject_flags(), Contains("address_protected"));
    EXPECT_FALSE(record.has_location_current());
  }
  EXPECT_EQ(oxygen, 1);
}

TEST(SampleTraps, TheSupportServiceKeepsARefugeInADatabase) {
  const auto people = Load("da.provider");
  const v1::CaseRecord& maren = Find(*people, "DA-1501");
  EXPECT_THAT(maren.subject_flags(), Contains("address_protected"));
  EXPECT_EQ(maren.location_protected().facts(0).place().town(), "Chesterfield");
  EXPECT_EQ(maren.risk_victim().facts(0).score(), 15);
  EXPECT_EQ(maren.identity().facts(0).provenance().source_pointer(), "client#7");
}

TEST(SampleTraps, AVisitReachesBothWhoLiveThere) {
  const auto people = Load("dfrs");
  for (const char* ref : {"HFSV-2025-0912", "HFSV-2025-0913"}) {
    const v1::FireRiskFacts& facts = Find(*people, ref).fire_risk();
    ASSERT_EQ(facts.facts_size(), 2);
    EXPECT_TRUE(facts.facts(1).household_match());
  }
}

TEST(SampleTraps, APlacementIsConfidential) {
  const auto people = Load("dcc.childrens");
  const v1::CaseRecord& child = Find(*people, "830-17718");
  EXPECT_THAT(child.subject_flags(), Contains("child_placement_confidential"));
  EXPECT_EQ(child.location_protected().facts(0).kind(), v1::PROTECTION_KIND_PLACEMENT);
}

}  // namespace
}  // namespace derwent::agents
