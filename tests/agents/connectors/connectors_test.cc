#include <fstream>
#include <iterator>

#include "agents/connectors/csv/csv.h"
#include "agents/connectors/json/json.h"
#include "agents/connectors/json/json_fault.h"
#include "agents/connectors/mapping.h"
#include "tests/support/matchers.h"

namespace derwent::connectors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::StatusIs;

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
  const auto rows = ParseCsv(
      "\xEF\xBB\xBF"
      "a,b\r\n\"x \"\"y\"\"\",\"1\n2\"\n");
  ASSERT_OK(rows);
  EXPECT_THAT(*rows, ElementsAre(ElementsAre("a", "b"), ElementsAre("x \"y\"", "1\n2")));
  EXPECT_EQ(ParseCsv(FormatCsvRow((*rows)[1]))->front(), (*rows)[1]);
}

TEST(CsvTest, RefusesWhatIsNotUtf8) {
  EXPECT_THAT(ParseCsv("surname\nZo\xEB\n"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("UTF-8")));
  EXPECT_THAT(ParseCsv("a\n\xC0\xAF"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_OK(ParseCsv("surname\nZoë Łukasz\n"));
}

constexpr char kWindowsMapping[] =
    R"({"encoding": "windows-1252", "referral": {"profile": "mash", "purpose": "x", "recipients": [{"agency": "a"}]},
        "subject_role": "child", "from": {"referral_ref": "id"}, "fields": [{"from": "name", "to": "identity.facts.surname"}]})";

std::string OneSurname(const Mapping& mapping, const std::string& octets) {
  const auto batch = ReadCsv(mapping, "id,name\n1," + octets + "\n");
  EXPECT_OK(batch);
  return batch.ok() && batch->referrals.size() == 1
             ? batch->referrals[0].request.subjects(0).record().identity().facts(0).surname()
             : "";
}

TEST(CsvTest, AFileThatIsNotUtf8IsOfTheEncodingThatItsMappingNames) {
  const auto mapping = Mapping::Parse(kWindowsMapping);
  ASSERT_OK(mapping);
  EXPECT_EQ(OneSurname(*mapping, "Zo\xEB \x96 \x8Aim\x80"), "Zoë – Šim€");
  EXPECT_EQ(OneSurname(*mapping, "Zoë"), "Zoë") << "what is UTF-8 is taken as that";
  EXPECT_THAT(ReadCsv(*mapping, "id,name\n1,\x81\n"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("neither UTF-8 nor Windows-1252")));
  EXPECT_THAT(ReadCsv(*mapping, "\xEF\xBB\xBFid,name\n1,\xEB\n"), StatusIs(absl::StatusCode::kInvalidArgument))
      << "it says itself that it is UTF-8";
  std::string other = kWindowsMapping;
  other.replace(other.find("windows-1252"), 12, "latin-1");
  EXPECT_THAT(Mapping::Parse(other), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("`encoding`")));
}

TEST(CsvTest, BlankLinesCountAsRows) {
  const std::string sample = Sample();
  const size_t header = sample.find('\n') + 1;
  const auto batch = ReadCsv(Fire(), "\n" + sample.substr(0, header) + "\r\n\n" + sample.substr(header) + "\n");
  ASSERT_OK(batch);
  ASSERT_EQ(batch->referrals.size(), 1u);
  EXPECT_EQ(batch->referrals[0].row, 5);
  ASSERT_EQ(batch->problems.size(), 3u) << "a blank line is no problem";
  EXPECT_EQ(batch->problems[0].row, 6);
  EXPECT_THAT(RejectedRows(batch->source, batch->problems), HasSubstr(",6,dob; nhs_number; lives_alone,"));
  EXPECT_THAT(ReadCsv(Fire(), "\n\n\"open"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("row 3")));
  EXPECT_THAT(ReadCsv(Fire(), "\n\n"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no header")));
}

TEST(CsvTest, AByteOrderMarkWithinAFileStaysInItsValue) {
  const CsvRow row = {
      "\xEF\xBB\xBF"
      "A1",
      "b"};
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
  const v1::PushReferralRequest& referral = batch->referrals.front().request;
  EXPECT_EQ(referral.profile(), "fire_safety");
  const v1::CaseRecord& record = referral.subjects(0).record();
  EXPECT_EQ(record.identity().facts(0).surname(), "Hadfield");
  EXPECT_EQ(record.identifier().facts(0).value(), "9990010072");
  EXPECT_EQ(record.location_current().facts(0).place().postcode(), "DE56 1XX");
  EXPECT_EQ(record.household().facts(0).composition().lives_alone(), v1::YES_NO_YES);
}

TEST(CsvTest, BadRowsAreNamedAndTheRestGoOn) {
  const auto batch = ReadCsv(Fire(), Sample());
  ASSERT_OK(batch);
  EXPECT_EQ(batch->referrals.size(), 1u);
  ASSERT_EQ(batch->problems.size(), 3u);
  EXPECT_EQ(batch->problems[0].row, 3);
  const std::string rejected = RejectedRows(batch->source, batch->problems);
  EXPECT_THAT(rejected, HasSubstr("_row,_column,_rule"));
  EXPECT_THAT(rejected, HasSubstr(",3,dob; nhs_number; lives_alone,"));
  for (const Problem& problem : batch->problems) EXPECT_THAT(problem.rule, Not(HasSubstr("Winterbourne")));
}

TEST(CsvTest, ARowSaysTheSameWhereverItStands) {
  const std::string sample = Sample();
  const size_t header = sample.find('\n') + 1;
  const std::string row = sample.substr(header, sample.find('\n', header) + 1 - header);
  const auto first = ReadCsv(Fire(), sample.substr(0, header) + row);
  const auto later = ReadCsv(Fire(), sample.substr(0, header) + std::string(14, ',') + "\n" + row);
  ASSERT_EQ(first->referrals.size(), 1u);
  ASSERT_EQ(later->referrals.size(), 1u);
  EXPECT_EQ(later->referrals[0].row, 3);
  EXPECT_THAT(later->referrals[0].request, testing::EqualsProto(first->referrals[0].request.ShortDebugString()));
}

TEST(CsvTest, AColumnThatIsNotThereIsNamedUnlessItIsOptional) {
  std::string renamed = Sample();
  renamed.replace(renamed.find("forename"), 8, "given").replace(renamed.find("uprn"), 4, "upr");
  EXPECT_THAT(ReadCsv(Fire(), renamed), StatusIs(absl::StatusCode::kInvalidArgument,
                                                 HasSubstr("lacks columns of the mapping: `forename`, `uprn`")));
  const std::string mapping =
      R"({"referral": {"profile": "mash", "purpose": "x", "recipients": [{"agency": "a"}]}, "subject_role": "child",
          "from": {"referral_ref": "id"}, "fields": [{"from": "name", "to": "identity.facts.surname"},
          {"from": "known_as", "to": "identity.facts.given_names", "optional": true}]})";
  const auto optional = Mapping::Parse(mapping);
  ASSERT_OK(optional);
  EXPECT_EQ(ReadCsv(*optional, "id,name\n1,x\n")->referrals.size(), 1u);
}

TEST(JsonTest, AFaultSaysItsLine) {
  EXPECT_EQ(LineOfJsonFault("{\n\"a\": 1,\n\"b\" 2}\n"), 3);
  EXPECT_EQ(LineOfJsonFault("{\"a\": [1,\n2"), 2);
  EXPECT_EQ(LineOfJsonFault(""), 1);
  EXPECT_EQ(LineOfJsonFault("[{}]\n"), 0);
  EXPECT_EQ(LineOfJsonFault(std::string(100'000, '[') + std::string(100'000, ']')), 0);
}

TEST(RulesTest, ATimeOfDayIsCutOffADate) {
  for (const char* text : {"1992-06-14", "1992-06-14T08:00:00Z", "1992-06-14 08:00:00+01"})
    EXPECT_EQ(ReadValue(Rule::kDate, text).value_or(""), "1992-06-14") << text;
  for (const char* text : {"1992-06-14x", "1992 in June", "14 June 1992"})
    EXPECT_THAT(ReadValue(Rule::kDate, text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
}

TEST(MappingTest, NamesEverythingThatIsWrong) {
  const auto refused = Mapping::Parse(R"({"subject_role": "resident", "colour": 1, "from": {"referral_ref": "id"},
      "fields": [{"from": "x", "to": "identity.facts.shoe_size"}, {"from": "y", "to": "identity.facts", "rule": "magic"}]})");
  ASSERT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("colour"));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("shoe_size"));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("rule"));
}

constexpr char kProvenance[] =
    R"("provenance": {"originSystem": "rms", "originOrganisationType": "police", "nature": "FACT_NATURE_FACT", "sourcePointer": "x"})";

Mapping Register(const std::string& members) {
  auto mapping = Mapping::Parse("{" + std::string(kProvenance) + ", " + members + "}");
  EXPECT_OK(mapping);
  return *std::move(mapping);
}

TEST(RegisterTest, ARowIsAboutAPersonAndEveryFactSaysWhereItComesFrom) {
  const Mapping mapping = Register(
      R"("from": {"record_ref": "ref", "as_at": "seen"}, "fields": [{"from": "name", "to": "identity.facts[1].surname"}])");
  const auto batch = ReadCsv(mapping, "ref,name,seen\n7,Oakshott,2026-11-20T08:00:00Z\n");
  ASSERT_OK(batch);
  ASSERT_EQ(batch->rows.size(), 1u);
  EXPECT_THAT(batch->referrals, IsEmpty());
  EXPECT_THAT(batch->rows[0].record, testing::EqualsProto(R"pb(
                record_ref: "7"
                identity {
                  facts {
                    surname: "Oakshott"
                    provenance {
                      origin_system: "rms"
                      origin_category: "identity"
                      origin_organisation_type: "police"
                      nature: FACT_NATURE_FACT
                      as_at: "2026-11-20"
                      source_pointer: "x#2"
                    }
                  }
                })pb"));
}

TEST(RegisterTest, ABadRowStillSaysWhomItIsAbout) {
  const Mapping mapping =
      Register(R"("from": {"record_ref": "ref"}, "fields": [{"from": "dob", "to": "date_of_birth", "rule": "date"}])");
  const auto batch = ReadCsv(mapping, "ref,dob\n7,yesterday\n8,2001-02-03\n");
  ASSERT_OK(batch);
  ASSERT_EQ(batch->rows.size(), 2u);
  EXPECT_FALSE(batch->rows[0].sound);
  EXPECT_THAT(batch->rows[0].record, testing::EqualsProto(R"pb(record_ref: "7")pb"));
  EXPECT_TRUE(batch->rows[1].sound);
  EXPECT_THAT(RejectedRows(batch->source, batch->problems), HasSubstr("7,yesterday,2,dob,must be an ISO date"));
}

TEST(RegisterTest, OnlyTheItemsThatCountAreRead) {
  const Mapping words = Register(
      R"("from": {"record_ref": "ref"}, "only": {"kind": ["A", "B"]}, "fields": [{"from": "name", "to": "identity.facts.surname"}])");
  const Mapping given = Register(
      R"("from": {"record_ref": "ref"}, "only": {"kind": false}, "fields": [{"from": "name", "to": "identity.facts.surname"}])");
  const char* file = "ref,name,kind\n1,x,A\n2,x,C\n3,x,\n";
  ASSERT_EQ(ReadCsv(words, file)->rows.size(), 1u);
  EXPECT_EQ(ReadCsv(words, file)->rows[0].record.record_ref(), "1");
  ASSERT_EQ(ReadCsv(given, file)->rows.size(), 1u);
  EXPECT_EQ(ReadCsv(given, file)->rows[0].record.record_ref(), "3");
}

constexpr char kLink[] =
    R"("from": {"record_ref": "person"}, "fields": [{"from": "title", "to": "incident.facts.type.display"}], "join": {"on": "event")";

TEST(JoinTest, ARowGoesOnWithTheColumnsOfEachPartner) {
  const Mapping mapping = Register(std::string(kLink) + "}");
  const auto batch = ReadCsv(mapping, "person,event\n1,e\n2,e\n", "event,title\ne,Fire\ne,Flood\nf,Theft\n");
  ASSERT_OK(batch);
  ASSERT_EQ(batch->rows.size(), 4u);
  EXPECT_EQ(batch->rows[3].record.record_ref(), "2");
  EXPECT_EQ(batch->rows[3].record.incident().facts(0).type().display(), "Flood");
}

TEST(JoinTest, ARowWithoutAPartnerIsAProblemUnlessItMayBe) {
  const char* links = "person,event\n1,e\n2,gone\n";
  const char* events = "event,title\ne,Fire\n";
  const auto strict = ReadCsv(Register(std::string(kLink) + "}"), links, events);
  ASSERT_OK(strict);
  ASSERT_EQ(strict->problems.size(), 1u);
  EXPECT_EQ(strict->problems[0].row, 3);
  EXPECT_EQ(strict->problems[0].column, "event");
  ASSERT_EQ(strict->rows.size(), 2u);
  EXPECT_FALSE(strict->rows[1].sound);
  const auto optional = ReadCsv(Register(std::string(kLink) + R"(, "optional": true})"), links, events);
  ASSERT_OK(optional);
  EXPECT_THAT(optional->problems, IsEmpty());
  EXPECT_EQ(optional->rows.size(), 1u);
}

TEST(JoinTest, IsBoundedAndNeedsItsColumn) {
  const Mapping mapping = Register(std::string(kLink) + "}");
  std::string links = "person,event\n";
  std::string events = "event,title\n";
  for (int i = 0; i < 400; ++i) links += "1,e\n", events += "e,x\n";
  EXPECT_THAT(ReadCsv(mapping, links, events), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("100000")));
  EXPECT_THAT(ReadCsv(mapping, links, "title\nx\n"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("joining column")));
  EXPECT_THAT(ReadCsv(mapping, links, "event,person\ne,x\n"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("one name")));
}

TEST(RegisterTest, AFlagMustBeOneThatProtects) {
  const auto refused = Mapping::Parse("{" + std::string(kProvenance) + R"(, "from": {"record_ref": "ref"}, "fields": [
      {"from": "a", "to": "subject_flags", "values": {"Y": "lao_restrictd"}}, {"from": "b", "to": "subject_flags"}, {"const": "protected", "to": "subject_flags[0]"}]})");
  ASSERT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("a meaning that is no flag")));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("needs `values`"));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("a constant that is no flag"));
}

TEST(RegisterTest, TheFlagsAreThoseOfTheVocabulary) {
  std::ifstream file("policy/derbyshire/vocabulary.txtpb");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const std::string start = "flags {\n  id: \"";
  int flags = 0;
  for (size_t at = text.find(start); at != std::string::npos; at = text.find(start, at + 1), ++flags) {
    const size_t id = at + start.size();
    Register(R"("from": {"record_ref": "ref"}, "fields": [{"const": ")" + text.substr(id, text.find('"', id) - id) +
             R"(", "to": "subject_flags"}])");
  }
  EXPECT_EQ(flags, 19);
}

TEST(RegisterTest, NeedsANatureForEveryFact) {
  EXPECT_THAT(
      Mapping::Parse(R"({"from": {"record_ref": "ref"}, "fields": [{"from": "a", "to": "identity.facts.surname"}]})"),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("provenance")));
}

constexpr char kJsonMapping[] =
    R"({"items": "/export/people", "referral": {"profile": "marac"}, "subject_role": "victim",
    "from": {"referral_ref": "/id"}, "fields": [
      {"from": "/name/last", "to": "identity.facts.surname"},
      {"from": "/born", "to": "identity.facts.date_of_birth", "rule": "date"}]})";

TEST(JsonTest, ReadsItemsByPointer) {
  const auto batch = ReadJson(*Mapping::Parse(kJsonMapping), R"({"export": {"people": [
      {"id": "1", "name": {"last": "Oakshott"}, "born": "1992-06-14"}, {"id": "2", "born": "14/06/1992"}]}})");
  ASSERT_OK(batch);
  ASSERT_EQ(batch->referrals.size(), 1u);
  EXPECT_EQ(batch->referrals[0].request.subjects(0).record().identity().facts(0).surname(), "Oakshott");
  ASSERT_EQ(batch->problems.size(), 1u);
  EXPECT_EQ(batch->problems[0].row, 2);
  EXPECT_EQ(batch->problems[0].column, "/born");
}

TEST(JsonTest, ReadsEachElementOfAListWithinAnItem) {
  const Mapping mapping = Register(
      R"("from": {"record_ref": "../crn"}, "each": "/risks", "fields": [{"from": "/code", "to": "risk_offender.facts.register.code", "needed": true}])");
  const auto batch = ReadJson(
      mapping,
      R"([{"crn": "X1", "risks": [{"code": "A"}, {"code": "B"}]}, {"crn": "X2", "code": "C", "risks": [{}]}, {"crn": "X3"}])");
  ASSERT_OK(batch);
  ASSERT_EQ(batch->rows.size(), 3u);
  EXPECT_EQ(batch->rows[1].record.record_ref(), "X1");
  EXPECT_EQ(batch->rows[1].record.risk_offender().facts(0).register_().code(), "B");
  EXPECT_FALSE(batch->rows[2].sound);  // What the element lacks is not taken from around it.
  EXPECT_EQ(batch->problems[0].row, 2);
}

TEST(JsonTest, RefusesWhatIsTooDeepOrNoJson) {
  const std::string deep = std::string(100, '[') + std::string(100, ']');
  EXPECT_THAT(ReadJson(*Mapping::Parse(kJsonMapping), deep), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ReadJson(*Mapping::Parse(kJsonMapping), "{\"export\":"), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace derwent::connectors
