#include "broker/ledger/draft.h"

#include "broker/ledger/packed_entry.h"
#include "tests/broker/ledger/ledger_fixture.h"

namespace derwent::ledger {
namespace {

using ::derwent::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::Not;

absl::StatusOr<EntryPacker::Packed> Pack(const EntryDraft& draft) {
  CountedRandom random;
  return EntryPacker::Pack(draft, 0, TestTime(), random);
}

struct Case {
  const char* name;
  void (*spoil)(EntryDraft&);
};
class DraftLimitTest : public ::testing::TestWithParam<Case> {};

TEST_P(DraftLimitTest, RefusesWhatBreaksAFieldsSyntax) {
  EntryDraft draft = Referral(1);
  GetParam().spoil(draft);
  EXPECT_THAT(Pack(draft), StatusIs(absl::StatusCode::kInvalidArgument, Not(HasSubstr("Nobody"))));
}

INSTANTIATE_TEST_SUITE_P(
    Fields, DraftLimitTest,
    ::testing::Values(Case{"person", [](EntryDraft& draft) { draft.SetReleasing("police.derbys", "A Nobody"); }},
                      Case{"role", [](EntryDraft& draft) { draft.SetSubject(1, "a role", {}); }},
                      Case{"short_tag", [](EntryDraft& draft) { draft.SetSubject(1, "victim", {"short"}); }},
                      Case{"many_tags",
                           [](EntryDraft& draft) {
                             std::vector<std::string> tags;
                             for (int i = 0; i < 65; ++i) tags.push_back(TestTag(i));
                             draft.SetSubject(1, "victim", tags);
                           }},
                      Case{"many_categories",
                           [](EntryDraft& draft) {
                             for (int i = 0; i < 65; ++i)
                               draft.AddCategory(
                                   {.category = "identity", .asked = "full", .outcome = "DENY", .form = ""});
                           }},
                      Case{"reason", [](EntryDraft& draft) { draft.SetOutcome("DENY", {"A,B"}, {}, {}); }},
                      Case{"justification", [](EntryDraft& draft) { draft.SetGrounds({}, "", "not a digest"); }},
                      Case{"commitment", [](EntryDraft& draft) { draft.SetHolderCommitment("not 32 octets"); }},
                      Case{"request", [](EntryDraft& draft) { draft.SetDecisionRequest(std::string(70'000, 'q')); }}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(DraftTest, SortsTagsAndKeepsEachOnce) {
  const std::string low(32, 'a');
  const std::string high(32, 'b');
  EntryDraft draft = Referral(1);
  draft.SetSubject(1, "victim", {high, low, high});
  const auto entry = PackedEntry::Decode(Pack(draft)->row.packed).value();
  EXPECT_EQ(entry.fields[trust::Field::kSubjectTags], low + high);
  EXPECT_THAT(entry.Tags(), ::testing::ElementsAre(low, high));
}

TEST(DraftTest, SearchesByWhatTheFieldsSay) {
  const store::EntryColumns columns = Pack(Referral(1))->row.columns;
  EXPECT_EQ(columns.actor_agency, "police.derbys");
  EXPECT_EQ(columns.board, "tb.dasv");
  EXPECT_THAT(columns.reasons, ::testing::ElementsAre("NOT_NECESSARY"));
  EXPECT_EQ(columns.step, "referral");
}

TEST(DraftTest, TakesAPublicBodyWithinItsBounds) {
  const auto with = [](size_t size) {
    return EntryDraft::Public(trust::EntryKind::kRegister, std::string(size, 'b'), "directory", "dfrs");
  };
  EXPECT_THAT(Pack(with(0)), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Pack(with(65'001)), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(Pack(with(65'000))->body->body.size(), 65'000u);
}

TEST(DraftTest, SaltsEveryFieldAfreshSoThatTwoLikeEntriesShareNoHash) {
  CountedRandom random;
  const auto first = PackedEntry::Decode(EntryPacker::Pack(Referral(1), 0, TestTime(), random)->row.packed).value();
  const auto second = PackedEntry::Decode(EntryPacker::Pack(Referral(1), 1, TestTime(), random)->row.packed).value();
  for (size_t i = 0; i < trust::kFieldCount; ++i) EXPECT_NE(first.hashes[i], second.hashes[i]) << i + 1;
}

}  // namespace
}  // namespace derwent::ledger
