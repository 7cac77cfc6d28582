// The register over an agency's own database, SQLite and PostgreSQL.
#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"

#include "agents/register/person_register.h"
#include "tests/support/matchers.h"
#include "tests/support/test_postgres.h"

namespace derwent::agents {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::IsOkAndHolds;
using ::testing::Not;
using testing::StatusIs;
using testing::TestPostgres;

constexpr char kMapping[] =
    R"({"from": {"record_ref": "ref"}, "provenance": {"originSystem": "x", "nature": "FACT_NATURE_FACT", "sourcePointer": "person"},
  "fields": [{"from": "surname", "to": "identity.facts.surname", "needed": true}, {"from": "dob", "to": "date_of_birth", "rule": "date"},
             {"from": "held", "to": "subject_flags", "needed": true, "values": {"Y": "lao_restricted", "N": ""}}]})";
constexpr char kCsv[] = "ref,surname,dob,held\na,Oakshott,1992-06-14,N\nb,Renshaw,,Y\n";
constexpr char kRows[] = "INSERT INTO person VALUES ('a', 'Oakshott', '1992-06-14', 'N'), ('b', 'Renshaw', NULL, 'Y');";
constexpr char kAll[] = "SELECT * FROM person ORDER BY ref";

class SqlRegisterTest : public ::testing::Test {
 protected:
  SqlRegisterTest() : folder_(::testing::TempDir() + "sql-register-" + std::to_string(getpid()) + "/") {
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ + "person.mapping.json") << kMapping;
    std::ofstream(folder_ + "person.csv") << kCsv;
  }
  ~SqlRegisterTest() override { std::filesystem::remove_all(folder_); }

  std::string mapping() const { return folder_ + "person.mapping.json"; }
  std::string sqlite() const { return folder_ + "own.db"; }
  void Sqlite(const std::string& statements) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(sqlite().c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, statements.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
  }
  static void Postgres(const std::string& statements) {
    ASSERT_NE(TestPostgres::Get(), nullptr);
    TestPostgres::Get()->Execute(statements);
  }
  PersonRegister OpenSqlite() const {
    return PersonRegister({{.mapping = mapping(), .view = {.sqlite = sqlite(), .query = kAll}}}, clock_);
  }
  PersonRegister OpenPostgres(const std::string& version = "") const {
    const std::string connection = TestPostgres::Get() == nullptr ? "host=/nowhere" : TestPostgres::Get()->connection();
    return PersonRegister({{.mapping = mapping(), .view = {.postgres = connection, .query = kAll, .version = version}}},
                          clock_);
  }
  static std::vector<std::string> Texts(const PersonRegister& system) {
    std::vector<std::string> texts;
    for (const v1::CaseRecord& record : system.people()->records) texts.push_back(record.DebugString());
    return texts;
  }

  const std::string folder_;
  const SystemClock clock_;
};

constexpr char kTable[] = "CREATE TABLE person (ref text, surname text, dob text, held text);";
constexpr char kServerTable[] =
    "DROP TABLE IF EXISTS person; CREATE TABLE person (ref text, surname text, dob text, held text);"
    "GRANT SELECT ON person TO reader;";

TEST_F(SqlRegisterTest, TheSameRowsMakeTheSamePeopleWhereverTheyStand) {
  PersonRegister files({{.file = folder_ + "person.csv", .mapping = mapping()}}, clock_);
  ASSERT_OK(files.Refresh());
  ASSERT_EQ(files.people()->records.size(), 2u);
  Sqlite(absl::StrCat(kTable, kRows));
  Postgres(absl::StrCat(kServerTable, kRows));
  PersonRegister lite = OpenSqlite();
  PersonRegister server = OpenPostgres();
  EXPECT_THAT(lite.Refresh(), IsOkAndHolds(true));
  EXPECT_THAT(server.Refresh(), IsOkAndHolds(true));
  EXPECT_EQ(Texts(lite), Texts(files));
  EXPECT_EQ(Texts(server), Texts(files));
}

TEST_F(SqlRegisterTest, AChangedRowIsSeenAtTheNextRefresh) {
  Sqlite(absl::StrCat(kTable, kRows));
  Postgres(absl::StrCat(kServerTable, kRows));
  PersonRegister lite = OpenSqlite();
  PersonRegister server = OpenPostgres();
  for (PersonRegister* system : {&lite, &server}) {
    EXPECT_THAT(system->Refresh(), IsOkAndHolds(true));
    EXPECT_THAT(system->Refresh(), IsOkAndHolds(false));
  }
  Sqlite("UPDATE person SET held = 'Y' WHERE ref = 'a'");
  Postgres("UPDATE person SET held = 'Y' WHERE ref = 'a'");
  for (PersonRegister* system : {&lite, &server}) {
    EXPECT_THAT(system->Refresh(), IsOkAndHolds(true));
    EXPECT_THAT(system->people()->records[0].subject_flags(), ElementsAre("lao_restricted"));
    EXPECT_THAT(system->Refresh(), IsOkAndHolds(false));
  }
}

TEST_F(SqlRegisterTest, WithAVersionTheRowsAreReadOnlyWhenItChanges) {
  Postgres(absl::StrCat(kServerTable, kRows));
  PersonRegister server = OpenPostgres("SELECT count(*) FROM person");
  EXPECT_THAT(server.Refresh(), IsOkAndHolds(true));
  EXPECT_THAT(server.Refresh(), IsOkAndHolds(false));
  Postgres("INSERT INTO person VALUES ('c', 'Hadfield', '1951-04-30', 'N')");
  EXPECT_THAT(server.Refresh(), IsOkAndHolds(true));
  EXPECT_EQ(server.people()->records.size(), 3u);
}

TEST_F(SqlRegisterTest, ABadValueIsNamedByRowColumnAndRule) {
  Sqlite(absl::StrCat(kTable,
                      "INSERT INTO person VALUES ('a', 'Oakshott', '14 June', 'N'), ('b', 'Renshaw', NULL, 'N'), "
                      "(NULL, 'x', NULL, 'N')"));
  PersonRegister lite = OpenSqlite();
  ASSERT_OK(lite.Refresh());
  ASSERT_EQ(lite.people()->records.size(), 1u);
  EXPECT_EQ(lite.people()->records[0].record_ref(), "b");
  ASSERT_EQ(lite.people()->problems.size(), 2u);
  // NULL comes first in this order.
  EXPECT_EQ(lite.people()->problems[0].problem.column, "ref");
  EXPECT_EQ(lite.people()->problems[0].problem.row, 2);
  const SystemProblem& date = lite.people()->problems[1];
  EXPECT_EQ(date.file, "person.mapping.json");
  EXPECT_EQ(date.problem.row, 3);
  EXPECT_EQ(date.problem.column, "dob");
  EXPECT_EQ(date.problem.rule, "must be an ISO date");
}

TEST_F(SqlRegisterTest, ADatabaseThatIsAwayKeepsTheLastGoodReading) {
  Postgres(absl::StrCat(kServerTable, kRows));
  PersonRegister server = OpenPostgres();
  ASSERT_OK(server.Refresh());
  Postgres("DROP TABLE person");
  EXPECT_THAT(server.Refresh(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("person.mapping.json")));
  EXPECT_EQ(server.people()->records.size(), 2u);
  Postgres(absl::StrCat(kServerTable, kRows));
  EXPECT_OK(server.Refresh());
}

TEST_F(SqlRegisterTest, ADatabaseThatWasNeverThereIsNoReading) {
  PersonRegister lite = OpenSqlite();
  for (int round = 0; round < 2; ++round) EXPECT_THAT(lite.Refresh(), StatusIs(absl::StatusCode::kUnavailable));
  Sqlite(absl::StrCat(kTable, kRows));
  EXPECT_THAT(lite.Refresh(), IsOkAndHolds(true));
}

TEST_F(SqlRegisterTest, AQueryThatWritesIsRefusedAndTheRowsStay) {
  Sqlite(absl::StrCat(kTable, kRows));
  PersonRegister writing(
      {{.mapping = mapping(), .view = {.sqlite = sqlite(), .query = "DELETE FROM person RETURNING *"}}}, clock_);
  EXPECT_THAT(writing.Refresh(), StatusIs(absl::StatusCode::kPermissionDenied));
  PersonRegister lite = OpenSqlite();
  ASSERT_OK(lite.Refresh());
  EXPECT_EQ(lite.people()->records.size(), 2u);
}

TEST_F(SqlRegisterTest, AnErrorTellsNoConnection) {
  PersonRegister both({{.file = "a.csv", .mapping = mapping(), .view = {.postgres = "host=db password=hunter-two"}}},
                      clock_);
  const auto refused = both.Refresh();
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("stands without")));
  EXPECT_THAT(std::string(refused.status().message()), Not(HasSubstr("hunter-two")));
}

}  // namespace
}  // namespace derwent::agents
