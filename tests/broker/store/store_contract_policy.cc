#include "tests/broker/store/sample_rows.h"
#include "tests/broker/store/store_contract.h"

namespace derwent::store {
namespace {

using ::derwent::testing::IsOk;
using ::derwent::testing::StatusIs;
using ::testing::ElementsAre;

PolicyRow SamplePolicy(uint64_t revision, PolicyRowState state) {
  const int number = static_cast<int>(revision);
  return {.revision = revision,
          .state = state,
          .base_revision = revision - 1,
          .action = 1,
          .proposer_agency = "dfrs",
          .content_digest = trust::Sha256(Tag(number)),
          .policy_digest = trust::Sha256("policy"),
          .governance_digest = trust::Sha256("governance"),
          .opening_givers = {"cbc", "dfrs"},
          .create_time = At(number),
          .activate_time = state == PolicyRowState::kDraft ? std::nullopt : std::optional(At(number + 1)),
          .entry_index = 7,
          .files = std::string("files\0", 6)};
}

TEST_P(StoreContract, ReadsARevisionOfThePolicyBack) {
  const PolicyRow draft = SamplePolicy(2, PolicyRowState::kDraft);
  const PolicyRow active = SamplePolicy(1, PolicyRowState::kInForce);
  Write([&](Transaction& transaction) {
    EXPECT_OK(transaction.PutPolicy(draft));
    EXPECT_OK(transaction.PutPolicy(active));
  });
  Reopen();
  EXPECT_EQ(Read()->FindPolicy(2).value(), draft);
  EXPECT_EQ(Read()->PolicyInForce().value(), active);
  EXPECT_FALSE(Read()->FindPolicy(3).value().has_value());
  PolicyRow listed = draft;
  PolicyRow listed_active = active;
  listed.files.clear();
  listed_active.files.clear();
  EXPECT_THAT(Read()->ListPolicies().value(), ElementsAre(listed, listed_active));
}

TEST_P(StoreContract, OneRevisionIsInForceAndDraftsGoTogether) {
  Write([](Transaction& transaction) {
    EXPECT_OK(transaction.PutPolicy(SamplePolicy(1, PolicyRowState::kInForce)));
    EXPECT_OK(transaction.PutPolicy(SamplePolicy(2, PolicyRowState::kDraft)));
    EXPECT_THAT(transaction.PutPolicy(SamplePolicy(3, PolicyRowState::kInForce)),
                StatusIs(absl::StatusCode::kAlreadyExists));
    EXPECT_OK(transaction.PutPolicy(SamplePolicy(1, PolicyRowState::kSuperseded)));
    EXPECT_OK(transaction.PutPolicy(SamplePolicy(3, PolicyRowState::kInForce)));
    EXPECT_OK(transaction.DeletePolicyDrafts());
  });
  EXPECT_EQ(Read()->PolicyInForce().value()->revision, 3u);
  EXPECT_EQ(Read()->FindPolicy(1).value()->state, PolicyRowState::kSuperseded);
  EXPECT_FALSE(Read()->FindPolicy(2).value().has_value());
}

}  // namespace
}  // namespace derwent::store
