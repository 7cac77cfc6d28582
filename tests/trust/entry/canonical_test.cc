#include "trust/entry/canonical.h"

#include "tests/support/matchers.h"
#include "trust/base/encoding.h"

namespace derwent::trust {
namespace {

TEST(CanonicalTest, WritesTheBytesOfTheFormatPage) {
  CanonicalWriter writer("d/v1");
  writer.Text(1, "ab");
  writer.Number(2, 258);
  writer.Bool(3, true);
  writer.List(4, {"x", ""});
  EXPECT_EQ(HexEncode(writer.octets()),
            "00000004642f7631"
            "0001000000026162"
            "0002000000080000000000000102"
            "00030000000101"
            "00040000000d00000002000000017800000000");
}

TEST(CanonicalTest, SeparatesValuesThatJoinAlike) {
  CanonicalWriter one("d");
  one.Text(1, "ab");
  one.Text(2, "c");
  CanonicalWriter other("d");
  other.Text(1, "a");
  other.Text(2, "bc");
  EXPECT_NE(one.octets(), other.octets());
  CanonicalWriter list("d");
  list.List(1, {"ab", "c"});
  CanonicalWriter regrouped("d");
  regrouped.List(1, {"a", "bc"});
  EXPECT_NE(list.octets(), regrouped.octets());
  CanonicalWriter empty("d");
  empty.List(1, {});
  CanonicalWriter blank("d");
  blank.List(1, {""});
  EXPECT_NE(empty.octets(), blank.octets());
}

TEST(CanonicalTest, ReadsBackWhatItWrote) {
  CanonicalWriter writer("d/v1");
  writer.Text(1, "ab");
  writer.Number(2, 258);
  writer.Bool(3, true);
  writer.List(4, {"x", ""});
  const auto reader = CanonicalReader::Parse("d/v1", writer.octets());
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(reader->Text(1), "ab");
  EXPECT_EQ(reader->Number(2), 258u);
  EXPECT_EQ(reader->Bool(3), true);
  EXPECT_EQ(reader->List(4), (std::vector<std::string>{"x", ""}));
  EXPECT_EQ(reader->Number(1), std::nullopt) << "another type";
  EXPECT_EQ(reader->Text(5), std::nullopt);
}

TEST(CanonicalTest, ReadsNothingElse) {
  CanonicalWriter writer("d/v1");
  writer.Text(2, "ab");
  const std::string octets = writer.octets();
  EXPECT_FALSE(CanonicalReader::Parse("d/v2", octets).ok());
  for (size_t size = 0; size < octets.size(); ++size) {
    EXPECT_EQ(CanonicalReader::Parse("d/v1", octets.substr(0, size)).ok(), size == 8)
        << size;  // 8: the domain, no field.
  }
  writer.Text(2, "twice");
  EXPECT_FALSE(CanonicalReader::Parse("d/v1", writer.octets()).ok());
}

}  // namespace
}  // namespace derwent::trust
