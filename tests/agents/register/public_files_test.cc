// Real public files of the agencies' own formats, read under mappings kept here. Skipped where they are not at hand.
#include <fstream>
#include <iterator>

#include "agents/connectors/csv/csv.h"
#include "agents/connectors/json/json.h"
#include "tests/support/matchers.h"

namespace derwent::connectors {
namespace {

// Text of a file of the public data beside the project; nullopt: it is not there.
std::optional<std::string> PublicFile(const std::string& path) {
  std::ifstream file("../shared/data/" + path);
  if (!file) return std::nullopt;
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

Mapping ReadMapping(absl::string_view json) {
  auto mapping = Mapping::Parse(json);
  EXPECT_OK(mapping);
  return *std::move(mapping);
}

constexpr char kNdelius[] = R"({"from": {"record_ref": "/otherIds/crn"}, "provenance": {"nature": "FACT_NATURE_FACT"}, "fields": [
  {"from": "/firstName", "to": "identity.facts.given_names"}, {"from": "/surname", "to": "identity.facts.surname", "needed": true},
  {"from": "/dateOfBirth", "to": "identity.facts.date_of_birth", "rule": "date"},
  {"from": "/currentRestriction", "to": "subject_flags", "needed": true, "values": {"true": "lao_restricted", "false": ""}},
  {"from": "/currentExclusion", "to": "subject_flags", "needed": true, "values": {"true": "lao_excluded", "false": ""}}]})";

TEST(PublicFiles, AnNdeliusCaseAndALimitedOne) {
  const auto open = PublicFile("hmpps-integration-api/upstream-fixtures/ndelius/GetOffenderResponse.json");
  const auto limited = PublicFile("hmpps-integration-api/upstream-fixtures/ndelius/GetOffenderResponseLao.json");
  if (!open.has_value() || !limited.has_value()) GTEST_SKIP() << "the public files are not at hand";
  const auto case_open = ReadJson(ReadMapping(kNdelius), *open);
  const auto case_limited = ReadJson(ReadMapping(kNdelius), *limited);
  ASSERT_OK(case_open);
  ASSERT_OK(case_limited);
  ASSERT_EQ(case_open->rows.size(), 1u);
  ASSERT_EQ(case_limited->rows.size(), 1u);
  EXPECT_EQ(case_open->rows[0].record.subject_flags_size(), 0);
  EXPECT_GE(case_limited->rows[0].record.subject_flags_size(), 1);
}

constexpr char kPds[] = R"({"from": {"record_ref": "/id"}, "provenance": {"nature": "FACT_NATURE_FACT"}, "fields": [
  {"from": "/name/0/given/0", "to": "identity.facts.given_names"}, {"from": "/name/0/family", "to": "identity.facts.surname"},
  {"from": "/birthDate", "to": "identity.facts.date_of_birth", "rule": "date"},
  {"const": "IDENTIFIER_TYPE_NHS", "when": "/id", "to": "identifier.facts.type"}, {"from": "/id", "to": "identifier.facts.value", "rule": "nhs"},
  {"from": "/meta/security/0/code", "to": "subject_flags", "needed": true, "values": {"U": "", "R": "address_protected", "V": "address_protected"}}]})";

TEST(PublicFiles, APatientOfTheDemographicsService) {
  const auto file = PublicFile("nhs-pds/patientResponses/Patient.json");
  if (!file.has_value()) GTEST_SKIP() << "the public file is not at hand";
  const auto batch = ReadJson(ReadMapping(kPds), *file);
  ASSERT_OK(batch);
  ASSERT_EQ(batch->rows.size(), 1u);
  EXPECT_TRUE(batch->rows[0].sound);
  EXPECT_EQ(batch->rows[0].record.identifier().facts(0).value(), "9000000009");
}

constexpr char kLookedAfter[] = R"({"from": {"record_ref": "CHILD"}, "provenance": {"nature": "FACT_NATURE_FACT"}, "fields": [
  {"const": "CARE_PLAN_KIND_LOOKED_AFTER", "when": "DECOM", "to": "social_care.facts.kind"},
  {"const": "child_placement_confidential", "when": "DECOM", "to": "subject_flags"}]})";

TEST(PublicFiles, EpisodesOfChildrenLookedAfter) {
  const auto file = PublicFile("council-ssda903/episodes.csv");
  if (!file.has_value()) GTEST_SKIP() << "the public file is not at hand";
  const auto batch = ReadCsv(ReadMapping(kLookedAfter), *file);
  ASSERT_OK(batch);
  EXPECT_GT(batch->rows.size(), 100u);
  EXPECT_TRUE(batch->problems.empty());
}

}  // namespace
}  // namespace derwent::connectors
