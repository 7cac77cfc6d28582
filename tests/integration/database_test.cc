// A holder whose own system is a PostgreSQL database answers from it, and answers nothing while it was never read.
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/util/json_util.h"

#include "agents/connectors/csv/csv.h"
#include "derwent/v1/case.grpc.pb.h"
#include "tests/integration/consortium.h"
#include "tests/support/matchers.h"
#include "tests/support/test_postgres.h"

namespace derwent::agents {
namespace {

using testing::Consortium;
using ::testing::Contains;
using ::testing::HasSubstr;
using testing::StatusIs;
using testing::TestAgent;
using testing::TestPostgres;

constexpr char kConvenor[] = "p-7be041";
constexpr char kOfficer[] = "p-23f9a8";

LocalCaller Person(const std::string& id) { return {.kind = trust::CallerKind::kPerson, .name = id}; }

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string Literal(const std::string& text) {
  return text.empty() ? "NULL" : absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "''"}}), "'");
}

// Loads an export into a table and gives the view of it that takes the export's place.
SystemFile InDatabase(TestPostgres& server, const SystemFile& exported, int number) {
  const auto rows = connectors::ParseCsv(ReadAll(exported.file));
  EXPECT_OK(rows);
  const std::string table = absl::StrCat("export_", number);
  std::string sql = absl::StrCat("DROP TABLE IF EXISTS ", table, " CASCADE; CREATE TABLE ", table, " (",
                                 absl::StrJoin(rows->front(), " text, "), " text);");
  for (size_t i = 1; i < rows->size(); ++i) {
    absl::StrAppend(&sql, "INSERT INTO ", table, " VALUES (",
                    absl::StrJoin((*rows)[i], ", ",
                                  [](std::string* out, const std::string& value) { out->append(Literal(value)); }),
                    ");");
  }
  server.Execute(absl::StrCat(sql, "CREATE VIEW shared_", number, " AS SELECT * FROM ", table,
                              "; GRANT SELECT ON shared_", number, " TO reader;"));
  return {.mapping = exported.mapping,
          .view = {.postgres = server.connection(), .query = absl::StrCat("SELECT * FROM shared_", number)}};
}

class DatabaseTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_ = TestPostgres::Get();
    ASSERT_NE(server_, nullptr);
    agents_ = consortium_.Agents({"dfrs", "dcc.adults"});
    int number = 0;
    for (const SystemFile& exported : adults().config.system)
      views_.push_back(InDatabase(*server_, exported, ++number));
  }
  TestAgent& fire() { return *agents_[0]; }
  TestAgent& adults() { return *agents_[1]; }

  // The holder's agent, started again over these files and views.
  void Hold(const std::vector<SystemFile>& system) {
    adults().config.system = system;
    adults().Restart();
    ASSERT_OK(adults().daemon->upkeep().RunAll());
  }

  std::string Ask() {
    const std::string stem = absl::StrCat(consortium_.folder(), "/pki/agencies/dfrs/people/", kConvenor);
    const auto channel = Channel::Open({.target = consortium_.target(),
                                        .peer = "spiffe://derwent.example/broker/one",
                                        .ca_file = consortium_.folder() + "/pki/trust/ca.pem",
                                        .certificate_file = stem + ".pem",
                                        .key_file = stem + ".key"});
    EXPECT_OK(channel);
    const auto stub = v1::CaseService::NewStub((*channel)->grpc());
    v1::SendCaseRequestRequest question;
    EXPECT_TRUE(
        google::protobuf::util::JsonStringToMessage(ReadAll("samples/dfrs/home-visit-request.json"), &question).ok());
    v1::OpenCaseRequest open;
    open.set_request_id(trust::SystemRandom().NewUuid().text());
    open.set_profile("fire_safety");
    open.set_area(question.area());
    const auto opened = (*channel)->Call(*stub, &v1::CaseService::Stub::OpenCase, open);
    EXPECT_OK(opened);
    question.set_case_id(opened->case_id());
    const auto sent = fire().daemon->requests().Send(Person(kOfficer), question);
    EXPECT_OK(sent);
    return sent.ok() ? sent->request_id() : "";
  }

  v1::ShowCaseRequestResponse Answered(const std::string& request) {
    EXPECT_OK(adults().daemon->holder().Work());
    EXPECT_OK(adults().daemon->holder().Drain());
    EXPECT_OK(adults().daemon->postman().Drain());
    fire().CollectAll();
    return Shown(request);
  }
  v1::ShowCaseRequestResponse Shown(const std::string& request) {
    v1::ShowCaseRequestRequest show;
    show.set_request_id(request);
    const auto shown = fire().daemon->requests().Show(Person(kOfficer), show);
    EXPECT_OK(shown);
    return shown.value_or(v1::ShowCaseRequestResponse());
  }

  Consortium consortium_;
  TestPostgres* server_ = nullptr;
  std::vector<std::unique_ptr<TestAgent>> agents_;
  std::vector<SystemFile> views_;
};

TEST_F(DatabaseTest, AHolderAnswersFromAViewOfItsPostgreSql) {
  Hold(views_);
  const std::string request = Ask();
  adults().CollectAll();
  const v1::ShowCaseRequestResponse shown = Answered(request);
  ASSERT_EQ(shown.answers_size(), 1) << shown.DebugString();
  ASSERT_EQ(shown.answers(0).units_size(), 2);
  EXPECT_EQ(shown.answers(0).units(0).content().household().facts(0).composition().lives_alone(), v1::YES_NO_YES);
  EXPECT_THAT(shown.answers(0).units(1).content().vulnerability_flag().ShortDebugString(),
              HasSubstr("VULNERABILITY_KIND_OXYGEN"));
}

TEST_F(DatabaseTest, ARequestWaitsWhileTheDatabaseWasNeverRead) {
  const std::string connection = server_->connection();
  for (SystemFile& view : views_) view.view.postgres = "host=/nowhere user=reader dbname=postgres";
  Hold(views_);
  EXPECT_THAT(adults().Alarms(), Contains("SYSTEM_NOT_READ"));
  const std::string request = Ask();
  adults().CollectAll();
  EXPECT_THAT(adults().daemon->holder().Work(), StatusIs(absl::StatusCode::kUnavailable));
  fire().CollectAll();
  EXPECT_EQ(Shown(request).answers_size(), 0);
  for (SystemFile& view : views_) view.view.postgres = connection;
  Hold(views_);
  adults().CollectAll();
  EXPECT_EQ(Answered(request).answers_size(), 1);
}

TEST_F(DatabaseTest, WhatCannotBeReadAtAllIsNoSystemThatHoldsNobody) {
  std::vector<SystemFile> broken = views_;
  broken[0].view.query = "SELECT 1 AS case_ref, 2 AS case_ref";
  Hold(broken);
  const std::string request = Ask();
  adults().CollectAll();
  EXPECT_THAT(adults().daemon->holder().Work(), StatusIs(absl::StatusCode::kUnavailable));
  fire().CollectAll();
  EXPECT_EQ(Shown(request).answers_size(), 0);
  Hold(views_);
  adults().CollectAll();
  EXPECT_EQ(Answered(request).answers_size(), 1);
}

}  // namespace
}  // namespace derwent::agents
