#include "broker/ledger/visibility.h"

#include <tuple>

#include "gtest/gtest.h"

namespace derwent::ledger {
namespace {

// The table of the ledger's design page, one row a field, one letter a viewer that may open it:
// r releasing, c receiving, s supplier, a auditor, h holder, p participant key.
constexpr const char* kTable[] = {
    "rca",   // 1 time
    "rcp",   // 2 releasing agency
    "r",     // 3 releasing person
    "rcp",   // 4 receiving agency
    "c",     // 5 receiving person
    "s",     // 6 subject tags
    "rc",    // 7 subject role
    "rcap",  // 8 categories
    "rca",   // 9 purpose, profile
    "rc",    // 10 bases, regimes
    "rc",    // 11 conditions
    "rc",    // 12 agreement
    "rcp",   // 13 ids
    "rca",   // 14 outcome
    "rcp",   // 15 manifest digest
    "rc",    // 16 grounds
    "rc",    // 17 request digest
    "rc",    // 18 engine
    "h",     // 19 holder's commitment
    "rcp",   // 20 step
    "",     "", "", "",
};
constexpr std::pair<char, Viewer> kViewers[] = {
    {'r', Viewer::kReleasing}, {'c', Viewer::kReceiving},   {'s', Viewer::kSupplier}, {'a', Viewer::kAuditor},
    {'h', Viewer::kHolder},    {'p', Viewer::kParticipant}, {'n', Viewer::kNone}};

class VisibilityTest : public ::testing::TestWithParam<std::tuple<int, std::pair<char, Viewer>>> {};

TEST_P(VisibilityTest, OpensACellOnlyWhereTheTableSaysSo) {
  const auto& [number, viewer] = GetParam();
  const bool want = std::string(kTable[number - 1]).find(viewer.first) != std::string::npos;
  EXPECT_EQ(Openable(viewer.second).test(static_cast<size_t>(number) - 1), want)
      << "field " << number << " viewer " << viewer.first;
}

INSTANTIATE_TEST_SUITE_P(EveryCell, VisibilityTest,
                         ::testing::Combine(::testing::Range(1, 25), ::testing::ValuesIn(kViewers)));

TEST(ViewerOfTest, MakesTheReleasingSideSupplierAndHolder) {
  const store::EntryColumns columns{.releasing_agency = "police.derbys",
                                    .receiving_agency = "dfrs",
                                    .actor_agency = "dfrs",
                                    .supplier_agency = "police.derbys"};
  EXPECT_EQ(ViewerOf(columns, "police.derbys"), Viewer::kReleasing | Viewer::kSupplier | Viewer::kHolder);
  EXPECT_EQ(ViewerOf(columns, "dfrs"), Viewer::kReceiving);
}

TEST(ViewerOfTest, MakesTheOnlySideOfAReadTheSupplier) {
  EXPECT_EQ(ViewerOf({.receiving_agency = "dfrs", .supplier_agency = "dfrs"}, "dfrs"),
            Viewer::kReceiving | Viewer::kSupplier);
}

TEST(ViewerOfTest, MakesTheAskerTheSupplierOfItsRequest) {
  const store::EntryColumns columns{.releasing_agency = "police.derbys",
                                    .receiving_agency = "dfrs",
                                    .actor_agency = "dfrs",
                                    .supplier_agency = "dfrs"};
  EXPECT_EQ(ViewerOf(columns, "police.derbys"), Viewer::kReleasing | Viewer::kHolder);
  EXPECT_EQ(ViewerOf(columns, "dfrs"), Viewer::kReceiving | Viewer::kSupplier);
}

TEST(ViewerOfTest, MakesNobodyElseAParty) {
  const store::EntryColumns columns{.releasing_agency = "police.derbys"};
  EXPECT_EQ(ViewerOf(columns, "cbc"), Viewer::kNone);
  EXPECT_EQ(ViewerOf(columns, ""), Viewer::kNone);
}

}  // namespace
}  // namespace derwent::ledger
