#include "agents/cli/terminal/output.h"

#include <sstream>

#include "tests/support/matchers.h"

namespace derwent::cli {
namespace {

std::string Printed(const Rows& rows, Format format) {
  std::ostringstream out;
  rows.Print(format, out);
  return out.str();
}

TEST(OutputTest, TableIsAlignedByCodePointsWithoutTrailingBlanks) {
  Rows rows({"name", "n"});
  rows.Add({"Zoë", "1"});
  rows.Add({"x", ""});
  EXPECT_EQ(Printed(rows, Format::kTable), "name  n\nZoë   1\nx\n");
}

TEST(OutputTest, TableCellStaysOnItsLine) {
  Rows rows({"note"});
  rows.Add({"a\nb\x1b[2J"});
  EXPECT_EQ(Printed(rows, Format::kTable), "note\na?b?[2J\n");
}

TEST(OutputTest, JsonKeepsTheOrderOfTheHeader) {
  Rows rows({"z", "a"});
  rows.Add({"1", "two \"2\""});
  EXPECT_EQ(Printed(rows, Format::kJson), "[{\"z\":\"1\",\"a\":\"two \\\"2\\\"\"}]\n");
  EXPECT_EQ(Printed(rows, Format::kJsonLines), "{\"z\":\"1\",\"a\":\"two \\\"2\\\"\"}\n");
}

TEST(OutputTest, NoRowsIsAnEmptyListInJson) { EXPECT_EQ(Printed(Rows({"a"}), Format::kJson), "[]\n"); }

class FormulaTest : public ::testing::TestWithParam<const char*> {};

TEST_P(FormulaTest, ACsvCellNeverRunsInASpreadsheet) {
  Rows rows({"note"});
  rows.Add({GetParam()});
  EXPECT_EQ(Printed(rows, Format::kCsv), std::string("\"note\"\r\n\"'") + GetParam() + "\"\r\n");
}

INSTANTIATE_TEST_SUITE_P(Starts, FormulaTest,
                         ::testing::Values("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1"));

TEST(OutputTest, MoreRowsFollowWithoutAHeader) {
  Rows rows({"a"});
  rows.Add({"1"});
  std::ostringstream out;
  rows.PrintMore(Format::kCsv, out);
  rows.PrintMore(Format::kJsonLines, out);
  EXPECT_EQ(out.str(), "\"1\"\r\n{\"a\":\"1\"}\n");
}

TEST(OutputTest, CsvDoublesQuotes) {
  Rows rows({"a"});
  rows.Add({"say \"no\", now"});
  EXPECT_EQ(Printed(rows, Format::kCsv), "\"a\"\r\n\"say \"\"no\"\", now\"\r\n");
}

TEST(OutputTest, AFileThatCannotBeWrittenIsAnError) { EXPECT_FALSE(WriteOut("/nonexistent/file", "x").ok()); }

}  // namespace
}  // namespace derwent::cli
