#include "agents/matching/identifier.h"

#include <fstream>
#include <iterator>
#include <map>

#include "agents/connectors/csv/csv.h"
#include "tests/support/matchers.h"

namespace derwent::matching {
namespace {

using ::testing::Optional;

constexpr int kYear = 2026;

TEST(IdentifierTest, IsCanonicalWhateverItsForm) {
  EXPECT_THAT(CanonicalIdentifier(v1::IDENTIFIER_TYPE_NHS, "999 000-0026", kYear), Optional(std::string("9990000026")));
  EXPECT_THAT(CanonicalIdentifier(v1::IDENTIFIER_TYPE_PNC, "2092/345z", kYear), Optional(std::string("2092/0000345Z")));
  EXPECT_THAT(CanonicalIdentifier(v1::IDENTIFIER_TYPE_PNC, "81/34U", kYear), Optional(std::string("1981/0000034U")));
  EXPECT_THAT(CanonicalIdentifier(v1::IDENTIFIER_TYPE_UPN, "h801200001001", kYear),
              Optional(std::string("H801200001001")));
  EXPECT_THAT(CanonicalIdentifier(v1::IDENTIFIER_TYPE_CRN, "x123456", kYear), Optional(std::string("X123456")));
  EXPECT_THAT(CanonicalContact("+44 7700 900123"), Optional(std::string("07700900123")));
  EXPECT_THAT(CanonicalContact("Ada@Example.org"), Optional(std::string("ada@example.org")));
}

TEST(IdentifierTest, AWrongCheckCharacterCountsAsMissing) {
  EXPECT_EQ(CanonicalIdentifier(v1::IDENTIFIER_TYPE_NHS, "9990000027", kYear), std::nullopt);
  EXPECT_EQ(CanonicalIdentifier(v1::IDENTIFIER_TYPE_PNC, "2092/0000345A", kYear), std::nullopt);
  EXPECT_EQ(CanonicalIdentifier(v1::IDENTIFIER_TYPE_CRO, "123456/24A", kYear), std::nullopt);
  EXPECT_EQ(CanonicalIdentifier(v1::IDENTIFIER_TYPE_LOCAL, "7", kYear), std::nullopt);
}

TEST(IdentifierTest, PlaceholdersCountAsMissing) {
  EXPECT_EQ(CanonicalPostcode("NF1 1NF"), std::nullopt);
  EXPECT_EQ(CanonicalPostcode("ZZ99 3VZ"), std::nullopt);
  EXPECT_EQ(CanonicalBirthDate("1900-01-01"), std::nullopt);
  EXPECT_EQ(CanonicalBirthDate("1951-04"), std::nullopt);
  EXPECT_EQ(CanonicalIdentifier(v1::IDENTIFIER_TYPE_CRO, "000000/00Z", kYear), std::nullopt);
}

// Every public vector: valid ones give their canonical form, invalid ones nothing. Placeholders of the right form count
// as missing here.
TEST(IdentifierTest, AgreesWithThePublicVectors) {
  std::ifstream file("../shared/data/identifier-vectors/vectors.csv");
  if (!file) GTEST_SKIP() << "the public vectors are not at hand";
  const auto rows =
      connectors::ParseCsv(std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>()));
  ASSERT_OK(rows);
  static const auto& types = *new std::map<std::string, v1::IdentifierType>{
      {"nhs_number", v1::IDENTIFIER_TYPE_NHS}, {"pnc", v1::IDENTIFIER_TYPE_PNC},   {"cro", v1::IDENTIFIER_TYPE_CRO},
      {"crn", v1::IDENTIFIER_TYPE_CRN},        {"noms", v1::IDENTIFIER_TYPE_NOMS}, {"nino", v1::IDENTIFIER_TYPE_NINO}};
  int checked = 0;
  for (size_t i = 1; i < rows->size(); ++i) {
    const connectors::CsvRow& row = (*rows)[i];
    const bool placeholder = row[1] == "NF1 1NF" || row[1] == "ZZ99 3WZ";
    const std::optional<std::string> want = row[2] == "true" && !placeholder ? std::optional(row[3]) : std::nullopt;
    if (row[0] == "uprn") {
      EXPECT_EQ(CanonicalUprn(row[1]), want) << row[1];
    } else if (row[0] == "postcode") {
      EXPECT_EQ(CanonicalPostcode(row[1]), want) << row[1];
    } else if (const auto type = types.find(row[0]); type != types.end()) {
      EXPECT_EQ(CanonicalIdentifier(type->second, row[1], kYear), want) << row[0] << " " << row[1];
    } else {
      continue;
    }
    ++checked;
  }
  EXPECT_GT(checked, 60);
}

}  // namespace
}  // namespace derwent::matching
