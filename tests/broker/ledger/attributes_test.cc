#include "broker/ledger/attributes.h"

#include "gtest/gtest.h"

namespace derwent::ledger {
namespace {

TEST(AttributesTest, WritesPairsInOrderAndLeavesEmptyOnesOut) {
  EXPECT_EQ(AttributeWriter().Add("b", "2").Add("a", "").Add("c", "x,y").Take(), "b=2 c=x,y");
  EXPECT_EQ(AttributeWriter().Add("a", "").Take(), "");
}

TEST(AttributesTest, FindsAValueByItsWholeKey) {
  EXPECT_EQ(Attribute("board=tb.dasv area=E07000034", "area"), "E07000034");
  EXPECT_EQ(Attribute("releasing.bases=lb.e", "bases"), "");
  EXPECT_EQ(Attribute("boards=x", "board"), "");
  EXPECT_EQ(Attribute("", "board"), "");
}

TEST(AttributesTest, TakesCodesOnly) {
  for (const char* code : {"police.derbys", "lb.ea.p6", "a/b:c@d+e-f_g", "c9.g(i)"}) EXPECT_TRUE(IsCode(code)) << code;
  for (const std::string& text :
       {std::string(), std::string("two words"), std::string("a,b"), std::string("a=b"), std::string("a`b"),
        std::string("a\nb"), std::string("\xc3\xa9"), std::string(257, 'a'), std::string("a\0b", 3)}) {
    EXPECT_FALSE(IsCode(text)) << text;
  }
}

}  // namespace
}  // namespace derwent::ledger
