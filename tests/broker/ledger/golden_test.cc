// The bytes of one entry, its row and its checkpoint. Released bytes are never rewritten: a new layout takes a new
// version.

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"

#include "broker/ledger/packed_entry.h"
#include "tests/broker/ledger/ledger_fixture.h"
#include "trust/base/encoding.h"

namespace derwent::ledger {
namespace {

constexpr char kGolden[] = "tests/golden/ledger_entry.txt";

TEST_F(LedgerTest, WritesTheGoldenBytes) {
  const auto batch =
      Commit({Referral(1), EntryDraft::Public(trust::EntryKind::kKeyEvent, "signed event", "key_event", "dfrs")});
  auto reader = store_->Read().value();
  const std::string packed = reader->FindEntry(0).value()->packed;
  const PackedEntry entry = PackedEntry::Decode(packed).value();
  std::string text;
  for (size_t i = 0; i < trust::kFieldCount; ++i) {
    absl::StrAppend(&text, "field ", i + 1, " ", trust::FieldName(static_cast<int>(i) + 1), " ",
                    HexEncode(entry.fields.values[i]), "\n");
  }
  absl::StrAppend(&text, "leaf ", HexEncode(entry.leaf), "\nsealed row ", HexEncode(packed), "\npublic row ",
                  HexEncode(reader->FindEntry(1).value()->packed), "\n\n", batch->note());
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(kGolden) << text;
  std::ifstream file(kGolden);
  EXPECT_EQ(text, std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()));
}

}  // namespace
}  // namespace derwent::ledger
