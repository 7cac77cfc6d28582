#include "broker/ledger/tagger.h"

#include "tests/support/matchers.h"
#include "trust/base/encoding.h"

namespace derwent::ledger {
namespace {

using ::derwent::testing::StatusIs;

Tagger WithKey(char octet) { return Tagger::Create(trust::SecretBytes(std::string(32, octet))).value(); }

TEST(TaggerTest, TagsAReferenceByHmacUnderTheIndexKey) {
  // python3: hmac.new(b"\x0b"*32, b"r"*32, "sha256").hexdigest()
  EXPECT_EQ(HexEncode(WithKey('\x0b').Tag(std::string(32, 'r')).value()),
            "03359450919d230604d3603c89135bbac6c183ce912f2abb134daab568c3225d");
}

TEST(TaggerTest, GivesAnotherTagUnderAnotherKey) {
  EXPECT_NE(WithKey('a').Tag(std::string(32, 'r')).value(), WithKey('b').Tag(std::string(32, 'r')).value());
}

TEST(TaggerTest, RefusesAShortKeyAndAReferenceOfAnotherLength) {
  EXPECT_THAT(Tagger::Create(trust::SecretBytes(std::string(31, 'k'))), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(WithKey('k').Tag("short"), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace derwent::ledger
