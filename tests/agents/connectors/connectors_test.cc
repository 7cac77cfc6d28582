#include <fstream>
#include <iterator>

#include "agents/connectors/csv/csv.h"
#include "agents/connectors/json/json.h"
#include "agents/connectors/mapping.h"
#include "tests/support/matchers.h"

namespace derwent::connectors {
namespace {

using testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Mapping Fire() {
  std::ifstream file("samples/dcc.adults/hfsv-referral.mapping.json");
  auto mapping = Mapping::Parse(std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>()));
  EXPECT_OK(mapping);
  return *mapping;
}

std::string Sample() {
  std::ifstream file("samples/dcc.adults/hfsv-referral.csv");
  return {(std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>()};
}

TEST(CsvTest, ReadsQuotesLineEndsAndAByteOrderMark) {
  const auto rows = ParseCsv("\xEF\xBB\xBF" "a,b\r\n\"x \"\"y\"\"\",\"1\n2\"\n");
  ASSERT_OK(rows);
  EXPECT_THAT(*rows, ElementsAre(ElementsAre("a", "b"), ElementsAre("x \"y\"", "1\n2")));
  EXPECT_EQ(ParseCsv(FormatCsvRow((*rows)[1]))->front(), (*rows)[1]);
}

TEST(CsvTest, RefusesWhatIsNotUtf8) {
  EXPECT_THAT(ParseCsv("surname\nZo\xEB\n"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("UTF-8")));
  EXPECT_THAT(ParseCsv("a\n\xC0\xAF"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_OK(ParseCsv("surname\nZoë Łukasz\n"));
}

TEST(CsvTest, AByteOrderMarkWithinAFileStaysInItsValue) {
  const CsvRow row = {"\xEF\xBB\xBF" "A1", "b"};
  EXPECT_EQ(ParseCsv(FormatCsvRow(row))->front(), row);
}

TEST(CsvTest, RefusesBrokenQuotes) {
  EXPECT_THAT(ParseCsv("a\n\"open"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ParseCsv("a\nb\"c"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ParseCsv("a\n\"b\"c"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(CsvTest, ARowBecomesATypedRecord) {
  const auto batch = ReadCsv(Fire(), Sample());
  ASSERT_OK(batch);
  ASSERT_GE(batch->referrals.size(), 1u);
  const v1::PushReferralRequest& referral = batch->referrals.front();
  EXPECT_EQ(referral.profile(), "fire_safety");
  const v1::CaseRecord& record = referral.subjects(0).record();
  EXPECT_EQ(record.identity().facts(0).surname(), "Hadfield");
  EXPECT_EQ(record.identifier().facts(0).value(), "9990000026");
  EXPECT_EQ(record.location_current().facts(0).place().postcode(), "DE56 1XX");
  EXPECT_EQ(record.household().facts(0).composition().lives_alone(), v1::YES_NO_YES);
}

TEST(CsvTest, BadRowsAreNamedAndTheRestGoOn) {
  const auto batch = ReadCsv(Fire(), Sample());
  ASSERT_OK(batch);
  EXPECT_EQ(batch->referrals.size(), 1u);
  ASSERT_EQ(batch->problems.size(), 3u);
  EXPECT_EQ(batch->problems[0].row, 3);
  EXPECT_THAT(batch->rejected_rows, HasSubstr("_row,_column,_rule"));
  for (const Problem& problem : batch->problems) EXPECT_THAT(problem.rule, Not(HasSubstr("Winterbourne")));
}

TEST(MappingTest, NamesEverythingThatIsWrong) {
  const auto refused = Mapping::Parse(R"({"subject_role": "resident", "colour": 1, "from": {"referral_ref": "id"},
      "fields": [{"from": "x", "to": "identity.facts.shoe_size"}, {"from": "y", "to": "identity.facts", "rule": "magic"}]})");
  ASSERT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("colour"));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("shoe_size"));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("rule"));
}

constexpr char kJsonMapping[] = R"({"items": "/export/people", "referral": {"profile": "marac"}, "subject_role": "victim",
    "from": {"referral_ref": "/id"}, "fields": [
      {"from": "/name/last", "to": "identity.facts.surname"},
      {"from": "/born", "to": "identity.facts.date_of_birth", "rule": "date"}]})";

TEST(JsonTest, ReadsItemsByPointer) {
  const auto batch = ReadJson(*Mapping::Parse(kJsonMapping), R"({"export": {"people": [
      {"id": "1", "name": {"last": "Oakshott"}, "born": "1992-06-14"}, {"id": "2", "born": "14/06/1992"}]}})");
  ASSERT_OK(batch);
  ASSERT_EQ(batch->referrals.size(), 1u);
  EXPECT_EQ(batch->referrals[0].subjects(0).record().identity().facts(0).surname(), "Oakshott");
  ASSERT_EQ(batch->problems.size(), 1u);
  EXPECT_EQ(batch->problems[0].row, 2);
  EXPECT_EQ(batch->problems[0].column, "/born");
}

TEST(JsonTest, RefusesWhatIsTooDeepOrNoJson) {
  const std::string deep = std::string(100, '[') + std::string(100, ']');
  EXPECT_THAT(ReadJson(*Mapping::Parse(kJsonMapping), deep), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ReadJson(*Mapping::Parse(kJsonMapping), "{\"export\":"), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace derwent::connectors
