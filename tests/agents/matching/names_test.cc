#include "agents/matching/names.h"

#include "tests/support/matchers.h"

namespace derwent::matching {
namespace {

TEST(NamesTest, FoldsWhatSystemsWriteDifferently) {
  EXPECT_EQ(FoldName("Żelazowska"), "ZELAZOWSKA");
  EXPECT_EQ(FoldName(" o'Brien-Łukasz  "), "OBRIEN LUKASZ");
  EXPECT_EQ(FoldName("Mc Donald"), "MCDONALD");
  EXPECT_EQ(FoldName("Zoë"), "ZOE");
  EXPECT_EQ(FoldName(""), "");
  EXPECT_EQ(FoldName("\xC3"), "\xC3");  // Half a letter stays.
}

TEST(NamesTest, LikenessIsJaroWinkler) {
  EXPECT_NEAR(Likeness("MARTHA", "MARHTA"), 0.9611, 0.0001);
  EXPECT_NEAR(Likeness("DIXON", "DICKSONX"), 0.8133, 0.0001);
  EXPECT_NEAR(Likeness("DWAYNE", "DUANE"), 0.84, 0.0001);
  EXPECT_EQ(Likeness("A", "B"), 0);
  EXPECT_EQ(Likeness("", "B"), 0);
}

TEST(NamesTest, TheSameNameIsNotATwins) {
  EXPECT_TRUE(SameName("MATTHEW", "MATHEW"));
  EXPECT_TRUE(SameName("BRAIN", "BRIAN"));
  EXPECT_TRUE(SameName("ROB", "ROBERT"));
  EXPECT_TRUE(SameName("THOMAS", "TOM"));
  for (const auto& [brother, sister] :
       {std::pair{"DANIEL", "DANIELLE"}, std::pair{"PAUL", "PAULA"}, std::pair{"GEORGE", "GEORGIA"},
        std::pair{"CHRISTIAN", "CHRISTINA"}, std::pair{"MICHAEL", "MICHAELA"}, std::pair{"SAM", "SAMANTHA"},
        std::pair{"SAM", "SAMUEL"}})
    EXPECT_FALSE(SameName(brother, sister)) << brother;
  EXPECT_FALSE(SameName("ROWAN", "ROBIN"));
  EXPECT_FALSE(SameName("MARIA", "MARIE"));
  EXPECT_FALSE(SameName("JO", "JOHN"));
  EXPECT_FALSE(SameName("", ""));
}

TEST(NamesTest, SoundexIsTheAmericanOne) {
  EXPECT_EQ(Soundex("ROBERT"), "R163");
  EXPECT_EQ(Soundex("RUPERT"), "R163");
  EXPECT_EQ(Soundex("TYMCZAK"), "T522");
  EXPECT_EQ(Soundex("PFISTER"), "P236");
  EXPECT_EQ(Soundex("ASHCRAFT"), "A261");
  EXPECT_EQ(Soundex("OAKSHOTT"), Soundex("OAKSHOT"));
  EXPECT_EQ(Soundex(""), "");
}

}  // namespace
}  // namespace derwent::matching
