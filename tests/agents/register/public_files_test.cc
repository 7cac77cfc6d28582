// Real public files of the agencies' own formats, read under mappings kept here. Skipped where they are not at hand.
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "agents/connectors/csv/csv.h"
#include "agents/connectors/json/json.h"
#include "tests/support/matchers.h"

namespace derwent::connectors {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

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

constexpr char kNdelius[] =
    R"({"from": {"record_ref": "/otherIds/crn"}, "provenance": {"nature": "FACT_NATURE_FACT"}, "fields": [
  {"from": "/firstName", "to": "identity.facts.given_names"}, {"from": "/surname", "to": "identity.facts.surname", "needed": true},
  {"from": "/dateOfBirth", "to": "identity.facts.date_of_birth", "rule": "date"},
  {"from": "/currentRestriction", "to": "subject_flags", "needed": true, "values": {"true": "lao_restricted", "false": ""}},
  {"from": "/currentExclusion", "to": "subject_flags", "needed": true, "values": {"true": "lao_excluded", "false": ""}}]})";

TEST(PublicFiles, AnNdeliusCaseAndALimitedOne) {
  const auto file = PublicFile("hmpps-integration-api/upstream-fixtures/ndelius/GetOffenderResponseLao.json");
  if (!file.has_value()) GTEST_SKIP() << "the public file is not at hand";
  const auto batch = ReadJson(ReadMapping(kNdelius), *file);
  ASSERT_OK(batch);
  ASSERT_EQ(batch->rows.size(), 2u);
  EXPECT_THAT(batch->rows[0].record.subject_flags(), IsEmpty());
  EXPECT_THAT(batch->rows[1].record.subject_flags(), ElementsAre("lao_restricted"));
}

constexpr char kPds[] = R"({"from": {"record_ref": "/id"}, "provenance": {"nature": "FACT_NATURE_FACT"}, "fields": [
  {"from": "/name/0/given/0", "to": "identity.facts.given_names"}, {"from": "/name/0/family", "to": "identity.facts.surname"},
  {"from": "/birthDate", "to": "identity.facts.date_of_birth", "rule": "date"},
  {"const": "IDENTIFIER_TYPE_NHS", "when": "/id", "to": "identifier.facts.type"}, {"from": "/id", "to": "identifier.facts.value", "rule": "nhs"},
  {"from": "/meta/security/0/code", "to": "subject_flags", "needed": true, "values": {"U": "", "R": "address_protected", "V": "address_protected"}}]})";

TEST(PublicFiles, PatientsOfTheDemographicsServiceOpenAndRestricted) {
  const auto open = PublicFile("nhs-pds/patientResponses/patient_9000000009.json");
  const auto restricted = PublicFile("nhs-pds/patientResponses/patient_9000000025.json");
  if (!open.has_value() || !restricted.has_value()) GTEST_SKIP() << "the public files are not at hand";
  const auto first = ReadJson(ReadMapping(kPds), *open);
  const auto second = ReadJson(ReadMapping(kPds), *restricted);
  ASSERT_OK(first);
  ASSERT_OK(second);
  ASSERT_EQ(first->rows.size(), 1u);
  EXPECT_TRUE(first->rows[0].sound);
  EXPECT_EQ(first->rows[0].record.identifier().facts(0).value(), "9000000009");
  ASSERT_EQ(second->rows.size(), 1u);
  EXPECT_THAT(second->rows[0].record.subject_flags(), ElementsAre("address_protected"));
}

constexpr char kLookedAfter[] =
    R"({"from": {"record_ref": "CHILD"}, "provenance": {"nature": "FACT_NATURE_FACT"}, "fields": [
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
