#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"

#include "agents/connectors/csv/csv.h"
#include "agents/connectors/sql/database.h"
#include "tests/support/matchers.h"

namespace derwent::connectors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::StatusIs;

constexpr char kPeople[] =
    "CREATE TABLE person (ref TEXT, surname TEXT, dob TEXT, age INTEGER);"
    "INSERT INTO person VALUES ('a', 'Oakshott', '1992-06-14', 34), ('b', 'Renshaw', NULL, NULL);";
constexpr char kAll[] = "SELECT ref, surname, dob FROM person ORDER BY ref";

class SqliteTest : public ::testing::Test {
 protected:
  SqliteTest() : folder_(::testing::TempDir() + "sqlite-" + std::to_string(getpid()) + "/"), path_(folder_ + "own.db") {
    std::filesystem::create_directories(folder_);
    Execute(path_, kPeople);
  }
  ~SqliteTest() override { std::filesystem::remove_all(folder_); }

  // As the agency's own system does, on a connection of its own.
  static void Execute(const std::string& path, const std::string& statements) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, statements.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
  }
  std::unique_ptr<Database> Open(const std::string& query) { return *OpenDatabase({.sqlite = path_, .query = query}); }
  absl::StatusOr<Table> Read(const std::string& query) { return Open(query)->Read(); }
  std::string Octets() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  const std::string folder_;
  const std::string path_;
};

TEST_F(SqliteTest, GivesColumnsAndRowsAndNothingForNull) {
  const auto table = Read("SELECT ref, surname AS family, dob, age, age * 1.5 AS half FROM person ORDER BY ref");
  ASSERT_OK(table);
  EXPECT_THAT(table->header, ElementsAre("ref", "family", "dob", "age", "half"));
  EXPECT_THAT(table->rows, ElementsAre(ElementsAre("a", "Oakshott", "1992-06-14", "34", "51.0"),
                                       ElementsAre("b", "Renshaw", "", "", "")));
}

TEST_F(SqliteTest, ReadsAView) {
  Execute(path_, "CREATE VIEW shared AS SELECT ref FROM person WHERE dob IS NOT NULL");
  const auto table = Read("SELECT * FROM shared");
  ASSERT_OK(table);
  EXPECT_THAT(table->rows, ElementsAre(ElementsAre("a")));
}

TEST_F(SqliteTest, WhateverWritesIsRefusedAndNothingIsWritten) {
  const std::string before = Octets();
  for (const char* query :
       {"INSERT INTO person VALUES ('c', 'x', NULL, 1) RETURNING ref", "DELETE FROM person RETURNING ref",
        "UPDATE person SET age = 1", "DROP TABLE person", "ATTACH 'more.db' AS more", "PRAGMA query_only=OFF",
        "PRAGMA user_version=7", "BEGIN IMMEDIATE"}) {
    EXPECT_THAT(Read(query), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("does more than read"))) << query;
  }
  for (const char* query : {"CREATE TABLE more (x)", "SELECT load_extension('x')", "VACUUM INTO 'more.db'"})
    EXPECT_FALSE(Read(query).ok()) << query;
  EXPECT_EQ(Octets(), before);
  EXPECT_EQ(Read(kAll)->rows.size(), 2u);
}

TEST_F(SqliteTest, SeveralStatementsAreRefused) {
  EXPECT_THAT(Read("SELECT ref FROM person; DELETE FROM person"), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Read("SELECT ref FROM person; SELECT 1"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("one SELECT")));
  EXPECT_THAT(Read("-- nothing"), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("one SELECT")));
  EXPECT_OK(Read("SELECT ref FROM person; -- the end"));
}

TEST_F(SqliteTest, AQueryThatDoesNotFitIsNamed) {
  EXPECT_THAT(Read("SELECT surnme FROM person"), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("surnme")));
  EXPECT_THAT(Read("SELECT * FROM people"), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("people")));
}

TEST_F(SqliteTest, AFailureOnARowDoesNotRepeatTheValue) {
  const auto refused = Read("SELECT json_extract('{}', surname) FROM person");
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("fails on a row")));
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition, Not(HasSubstr("Oakshott"))));
}

std::string Counting(int64_t rows) {
  return absl::StrCat("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ", rows, ") ");
}

TEST_F(SqliteTest, IsBoundedInRowsColumnsAndOctets) {
  EXPECT_EQ(Read(Counting(100'000) + "SELECT i FROM n")->rows.size(), 100'000u);
  EXPECT_THAT(Read(Counting(100'001) + "SELECT i FROM n"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("100000 rows")));
  std::string wide = "SELECT 1 AS c0";
  for (int i = 1; i <= 500; ++i) absl::StrAppend(&wide, ", 1 AS c", i);
  EXPECT_THAT(Read(wide), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("500 columns")));
  EXPECT_THAT(Read(Counting(100) + "SELECT hex(zeroblob(200000)) FROM n"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("32 MiB")));
  EXPECT_THAT(Read("SELECT zeroblob(40000000)"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("32 MiB")));
}

TEST_F(SqliteTest, AQueryWithoutEndIsEnded) {
  const auto endless = OpenDatabase({.sqlite = path_,
                                     .query = Counting(1'000'000'000'000) + "SELECT count(*) FROM n",
                                     .timeout = absl::Milliseconds(50)});
  EXPECT_THAT((*endless)->Read(), StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("50ms")));
}

TEST_F(SqliteTest, TheVersionChangesWhenAnotherConnectionWrote) {
  const auto database = Open(kAll);
  const auto first = database->Version();
  ASSERT_OK(first);
  EXPECT_THAT(database->Version(), testing::IsOkAndHolds(*first));
  ASSERT_OK(database->Read());
  EXPECT_THAT(database->Version(), testing::IsOkAndHolds(*first));
  Execute(path_, "UPDATE person SET surname = 'Oakshot' WHERE ref = 'a'");
  EXPECT_THAT(database->Version(), testing::IsOkAndHolds(Not(*first)));
  EXPECT_EQ(database->Read()->rows[0][1], "Oakshot");
}

TEST_F(SqliteTest, AFileInWalModeIsReadWhileItsSystemWrites) {
  sqlite3* own = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &own), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(own, "PRAGMA journal_mode=WAL", nullptr, nullptr, nullptr), SQLITE_OK);
  const auto database = Open(kAll);
  const auto first = database->Version();
  ASSERT_OK(first);
  ASSERT_EQ(sqlite3_exec(own, "BEGIN IMMEDIATE; DELETE FROM person WHERE ref = 'a'", nullptr, nullptr, nullptr),
            SQLITE_OK);
  EXPECT_EQ(database->Read()->rows.size(), 2u);  // Not committed yet.
  ASSERT_EQ(sqlite3_exec(own, "COMMIT", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_THAT(database->Version(), testing::IsOkAndHolds(Not(*first)));
  EXPECT_EQ(database->Read()->rows.size(), 1u);
  sqlite3_close(own);
}

TEST_F(SqliteTest, AFileThatTookItsPlaceIsRead) {
  const auto database = Open(kAll);
  const auto first = database->Version();
  ASSERT_OK(first);
  Execute(folder_ + "new.db",
          "CREATE TABLE person (ref TEXT, surname TEXT, dob TEXT); INSERT INTO person VALUES ('z', 'Hadfield', "
          "'1951-04-30')");
  std::filesystem::rename(folder_ + "new.db", path_);
  EXPECT_THAT(database->Version(), testing::IsOkAndHolds(Not(*first)));
  EXPECT_EQ(database->Read()->rows[0][0], "z");
}

TEST_F(SqliteTest, WhatIsNoDatabaseIsRefusedAndMadeByNobody) {
  const auto absent = OpenDatabase({.sqlite = folder_ + "absent.db", .query = "SELECT 1"});
  EXPECT_THAT((*absent)->Version(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT((*absent)->Read(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "absent.db"));
  std::ofstream(folder_ + "text.db") << std::string(4096, 'x');
  const auto text = OpenDatabase({.sqlite = folder_ + "text.db", .query = "SELECT * FROM person"});
  EXPECT_THAT((*text)->Read(), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(SqliteTest, WhatIsNotUtf8IsNamedByRowAndColumn) {
  const auto refused = Read("SELECT 'x' AS ref UNION ALL SELECT CAST(X'5A6FEB' AS TEXT)");
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("row 3, column `ref` is not UTF-8")));
}

TEST_F(SqliteTest, ItsRowsMakeWhatTheSameRowsOfACsvMake) {
  const auto mapping = Mapping::Parse(
      R"({"from": {"record_ref": "ref"}, "provenance": {"originSystem": "x", "nature": "FACT_NATURE_FACT", "sourcePointer": "people"},
          "fields": [{"from": "surname", "to": "identity.facts.surname", "needed": true}, {"from": "dob", "to": "date_of_birth", "rule": "date", "needed": true}]})");
  ASSERT_OK(mapping);
  const auto csv = ReadCsv(*mapping, "ref,surname,dob\na,Oakshott,1992-06-14\nb,Renshaw,\n");
  const auto sql = ReadTable(*mapping, *Read(kAll));
  ASSERT_OK(csv);
  ASSERT_OK(sql);
  ASSERT_EQ(sql->rows.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(sql->rows[i].record.SerializeAsString(), csv->rows[i].record.SerializeAsString());
    EXPECT_EQ(sql->rows[i].sound, csv->rows[i].sound);
  }
  ASSERT_EQ(sql->problems.size(), 1u);
  EXPECT_EQ(sql->problems[0].row, csv->problems[0].row);
  EXPECT_EQ(sql->problems[0].column, "dob");
  EXPECT_EQ(sql->problems[0].rule, "must be given");
}

TEST(SqlViewTest, SaysWhatIsWrongWithIt) {
  const auto wrong = [](SqlView view) { return OpenDatabase(view).status(); };
  EXPECT_THAT(wrong({.query = "SELECT 1"}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("either")));
  EXPECT_THAT(wrong({.sqlite = "a", .postgres = "service=b", .query = "SELECT 1"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("either")));
  EXPECT_THAT(wrong({.sqlite = "a"}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("`query`")));
  EXPECT_THAT(wrong({.sqlite = "a", .query = "SELECT 1", .version = "SELECT 1"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("`version`")));
  EXPECT_THAT(wrong({.sqlite = "a", .query = std::string("SELECT 1\0DROP", 13)}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("NUL")));
  EXPECT_THAT(wrong({.sqlite = "a", .query = "SELECT 1", .timeout = absl::ZeroDuration()}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("timeout_millis")));
}

}  // namespace
}  // namespace derwent::connectors
