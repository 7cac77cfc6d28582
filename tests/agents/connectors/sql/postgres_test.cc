// A real PostgreSQL, read as an agency's agent reads it.
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"

#include "agents/connectors/csv/csv.h"
#include "agents/connectors/sql/database.h"
#include "tests/support/matchers.h"
#include "tests/support/test_postgres.h"

namespace derwent::connectors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::IsOkAndHolds;
using ::testing::Not;
using testing::StatusIs;
using testing::TestPostgres;

constexpr char kPeople[] = R"(
  DROP SCHEMA IF EXISTS agency CASCADE;
  CREATE SCHEMA agency;
  CREATE TABLE agency.person (ref text, surname text, dob date, held boolean, seen timestamptz);
  INSERT INTO agency.person VALUES ('a', 'Oakshott', '1992-06-14', true, '2026-06-30 23:30:00+00'), ('b', 'Renshaw', NULL, false, NULL);
  CREATE VIEW agency.shared AS SELECT ref, surname, dob, held FROM agency.person;
  CREATE FUNCTION agency.forget(text) RETURNS text LANGUAGE sql SECURITY DEFINER AS $$ DELETE FROM agency.person WHERE ref = $1 RETURNING ref $$;
  CREATE FUNCTION agency.shout(word text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'seen %', word; RAISE EXCEPTION 'not %', word; END $$;
  GRANT USAGE ON SCHEMA agency TO reader;
  GRANT SELECT, INSERT, UPDATE, DELETE ON agency.person, agency.shared TO reader;)";
constexpr char kAll[] = "SELECT ref, surname, dob, held FROM agency.shared ORDER BY ref";

class PostgresTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_ = TestPostgres::Get();
    ASSERT_NE(server_, nullptr);
    server_->Execute(kPeople);
  }
  std::unique_ptr<Database> Open(const std::string& query, const std::string& version = "") {
    return *OpenDatabase({.postgres = server_->connection(), .query = query, .version = version});
  }
  absl::StatusOr<Table> Read(const std::string& query) { return Open(query)->Read(); }

  TestPostgres* server_ = nullptr;
};

TEST_F(PostgresTest, GivesColumnsAndRowsAndNothingForNull) {
  const auto table = Read("SELECT ref, surname AS family, dob, held, seen FROM agency.person ORDER BY ref;");
  ASSERT_OK(table);
  EXPECT_THAT(table->header, ElementsAre("ref", "family", "dob", "held", "seen"));
  EXPECT_THAT(table->rows, ElementsAre(ElementsAre("a", "Oakshott", "1992-06-14", "true", "2026-07-01 00:30:00+01"),
                                       ElementsAre("b", "Renshaw", "", "false", "")));
}

TEST_F(PostgresTest, AnEmptyViewHasItsColumns) {
  const auto table = Read("SELECT * FROM agency.shared WHERE false");
  ASSERT_OK(table);
  EXPECT_THAT(table->header, ElementsAre("ref", "surname", "dob", "held"));
  EXPECT_TRUE(table->rows.empty());
}

TEST_F(PostgresTest, WhateverWritesIsRefusedByTheServerAndNothingIsWritten) {
  for (const char* query : {"INSERT INTO agency.person VALUES ('c', 'x', NULL, true) RETURNING ref",
                            "DELETE FROM agency.person RETURNING ref",
                            "WITH gone AS (DELETE FROM agency.person RETURNING ref) SELECT ref FROM gone",
                            "SELECT * INTO agency.copied FROM agency.person", "DROP TABLE agency.person",
                            "COPY agency.person TO STDOUT", "CALL agency.nothing()", "COMMIT"}) {
    EXPECT_THAT(Read(query), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("SQLSTATE"))) << query;
  }
  EXPECT_THAT(Read("SELECT agency.forget('a')"), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("25006")));
  EXPECT_THAT(Read("SELECT ref FROM agency.person FOR UPDATE"),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("tries to write")));
  EXPECT_EQ(Read(kAll)->rows.size(), 2u);
}

TEST_F(PostgresTest, TheQueryCannotMakeItsTransactionWrite) {
  EXPECT_FALSE(Read("SELECT set_config('transaction_read_only', 'off', true), agency.forget('a')").ok());
  EXPECT_FALSE(Read("SELECT set_config('default_transaction_read_only', 'off', false), agency.forget('a')").ok());
  EXPECT_EQ(Read(kAll)->rows.size(), 2u);
}

TEST_F(PostgresTest, SeveralStatementsAreRefused) {
  EXPECT_THAT(Read("SELECT 1; DELETE FROM agency.person"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("one SELECT")));
  EXPECT_THAT(Read("SELECT 1; SELECT 2"), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("one SELECT")));
}

TEST_F(PostgresTest, OnlyWhatIsGrantedIsRead) {
  server_->Execute("REVOKE ALL ON agency.person FROM reader");
  EXPECT_OK(Read(kAll));
  EXPECT_THAT(Read("SELECT * FROM agency.person"), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("42501")));
  EXPECT_THAT(Read("SELECT * FROM agency.people"), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("42P01")));
}

TEST_F(PostgresTest, WhatTheServerSaysOfARowIsNotRepeated) {
  ::testing::internal::CaptureStderr();
  for (const char* query :
       {"SELECT surname::int FROM agency.person", "SELECT agency.shout(surname) FROM agency.person"}) {
    const auto refused = Read(query);
    EXPECT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("SQLSTATE")));
    EXPECT_THAT(std::string(refused.status().message()), Not(HasSubstr("Oakshott")));
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");  // A notice of the server is written nowhere.
}

TEST_F(PostgresTest, IsBoundedInRowsColumnsAndOctets) {
  EXPECT_EQ(Read("SELECT generate_series(1, 100000)")->rows.size(), 100'000u);
  EXPECT_THAT(Read("SELECT generate_series(1, 100001)"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("100000 rows")));
  std::string wide = "SELECT 1 AS c0";
  for (int i = 1; i <= 500; ++i) absl::StrAppend(&wide, ", 1 AS c", i);
  EXPECT_THAT(Read(wide), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("500 columns")));
  EXPECT_THAT(Read("SELECT repeat('x', 400000) FROM generate_series(1, 1000)"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("32 MiB")));
}

TEST_F(PostgresTest, TheServerEndsAQueryThatTakesTooLong) {
  const auto slow = OpenDatabase(
      {.postgres = server_->connection(), .query = "SELECT pg_sleep(600)", .timeout = absl::Milliseconds(50)});
  EXPECT_THAT((*slow)->Read(), StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("57014")));
}

TEST_F(PostgresTest, AServerThatIsDownIsUnavailable) {
  const auto down = OpenDatabase(
      {.postgres = absl::StrCat("host=", server_->folder(), "/nowhere user=reader dbname=postgres"), .query = kAll});
  EXPECT_THAT((*down)->Version(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("cannot be reached")));
  EXPECT_THAT((*down)->Read(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(PostgresTest, NoPasswordInTheConnectionStringAndNoneInAnyError) {
  for (const std::string text : {"host=db user=reader password=hunter-two", "postgresql://reader:hunter-two@db/rms",
                                 "host=db hunter-two", "host=db sslpassword=hunter-two"}) {
    const auto refused = OpenDatabase({.postgres = text, .query = kAll});
    EXPECT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("`postgres` must"))) << text;
    EXPECT_THAT(std::string(refused.status().message()), Not(HasSubstr("hunter-two")));
  }
  const std::string passfile = server_->folder() + "/wrong";
  std::ofstream(passfile) << "*:*:*:reader:hunter-two\n";
  ASSERT_EQ(chmod(passfile.c_str(), 0600), 0);
  const auto wrong =
      OpenDatabase({.postgres = absl::StrCat(server_->connection(), " passfile=", passfile), .query = kAll});
  const auto refused = (*wrong)->Read();
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("authentication failed")));
  EXPECT_THAT(std::string(refused.status().message()), Not(HasSubstr("hunter-two")));
}

TEST_F(PostgresTest, AServiceNamesEverything) {
  const std::string services = server_->folder() + "/services";
  std::ofstream(services) << "[rms]\nhost=" << server_->folder()
                          << "\nuser=reader\ndbname=postgres\npassfile=" << server_->folder() << "/passfile\n";
  setenv("PGSERVICEFILE", services.c_str(), 1);
  const auto database = OpenDatabase({.postgres = "service=rms", .query = kAll});
  EXPECT_OK((*database)->Read());
  unsetenv("PGSERVICEFILE");
}

// Takes one connection and says, as a server without TLS does, that it has none.
std::string WhatAServerWithoutTlsGets(const std::string& options) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(listen(listener, 1), 0);
  EXPECT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  std::string got(512, '\0');
  std::thread server([&] {
    const int peer = accept(listener, nullptr, nullptr);
    EXPECT_EQ(recv(peer, got.data(), 8, MSG_WAITALL), 8);
    EXPECT_EQ(send(peer, "N", 1, MSG_NOSIGNAL), 1);
    got.resize(static_cast<size_t>(std::max<ssize_t>(recv(peer, got.data(), got.size(), 0), 0)));
    close(peer);
  });
  const auto database = OpenDatabase(
      {.postgres = absl::StrCat(
           "host=127.0.0.1 gssencmode=disable dbname=rms user=reader port=", ntohs(address.sin_port), options),
       .query = kAll});
  EXPECT_THAT((*database)->Read(), StatusIs(absl::StatusCode::kUnavailable));
  server.join();
  close(listener);
  return got;
}

TEST(PostgresTlsTest, NothingIsSaidToAServerThatDoesNotProveWhoItIs) {
  EXPECT_EQ(WhatAServerWithoutTlsGets(""), "");
  EXPECT_THAT(WhatAServerWithoutTlsGets(" sslmode=prefer"), HasSubstr("reader"));
}

TEST_F(PostgresTest, TheVersionIsThatOfTheRowsOrOfItsOwnQuery) {
  const auto whole = Open(kAll);
  const auto counted = Open(kAll, "SELECT count(*) FROM agency.person");
  const auto first = whole->Version();
  const auto count = counted->Version();
  ASSERT_OK(first);
  ASSERT_OK(count);
  EXPECT_THAT(whole->Version(), IsOkAndHolds(*first));
  server_->Execute("UPDATE agency.person SET surname = 'Oakshot' WHERE ref = 'a'");
  EXPECT_THAT(whole->Version(), IsOkAndHolds(Not(*first)));
  EXPECT_THAT(counted->Version(), IsOkAndHolds(*count));
  server_->Execute("DELETE FROM agency.person WHERE ref = 'a'");
  EXPECT_THAT(counted->Version(), IsOkAndHolds(Not(*count)));
}

TEST_F(PostgresTest, ItsRowsMakeWhatTheSameRowsOfACsvMake) {
  const auto mapping = Mapping::Parse(
      R"({"from": {"record_ref": "ref"}, "provenance": {"originSystem": "x", "nature": "FACT_NATURE_FACT", "sourcePointer": "people"},
          "fields": [{"from": "surname", "to": "identity.facts.surname", "needed": true}, {"from": "dob", "to": "date_of_birth", "rule": "date"},
                     {"from": "held", "to": "subject_flags", "needed": true, "values": {"true": "lao_restricted", "false": ""}}]})");
  ASSERT_OK(mapping);
  const auto csv = ReadCsv(*mapping, "ref,surname,dob,held\na,Oakshott,1992-06-14,true\nb,Renshaw,,false\n");
  const auto sql = ReadTable(*mapping, *Read(kAll));
  ASSERT_OK(csv);
  ASSERT_OK(sql);
  ASSERT_EQ(sql->rows.size(), 2u);
  for (size_t i = 0; i < 2; ++i)
    EXPECT_EQ(sql->rows[i].record.SerializeAsString(), csv->rows[i].record.SerializeAsString());
}

}  // namespace
}  // namespace derwent::connectors
