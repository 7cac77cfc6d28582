#include "tests/broker/store/sample_rows.h"
#include "tests/broker/store/store_contract.h"

namespace derwent::store {
namespace {

using ::derwent::testing::IsOk;
using ::derwent::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(StoreContract, ReadsACaseItsMembersAndExclusionsBack) {
  const CaseMemberRow member{
      .case_id = ShareId(1), .agency = "dfrs", .roles = {"practitioner", "spoc"}, .persons = {"p-1", "p-2"}};
  const CaseMemberRow any{.case_id = ShareId(1), .agency = "cbc", .roles = {}, .persons = {}};
  const CaseExclusionRow exclusion{.case_id = ShareId(1), .agency = "dfrs", .person = "p-9", .by_agency = "cbc"};
  Write([&](Transaction& transaction) {
    EXPECT_OK(transaction.InsertCase(SampleCase(1)));
    EXPECT_OK(transaction.PutCaseMember(member));
    EXPECT_OK(transaction.PutCaseMember(any));
    EXPECT_OK(transaction.InsertCaseExclusion(exclusion));
  });
  Reopen();
  EXPECT_EQ(Read()->FindCase(ShareId(1)).value(), SampleCase(1));
  EXPECT_THAT(Read()->CaseMembers(ShareId(1)).value(), ElementsAre(any, member));
  EXPECT_THAT(Read()->CaseExclusions(ShareId(1)).value(), ElementsAre(exclusion));
  EXPECT_FALSE(Read()->FindCase(ShareId(2)).value().has_value());
}

TEST_P(StoreContract, ChangesAndClosesACase) {
  CaseRow closed = SampleCase(1);
  closed.revision = 2;
  closed.close_time = At(9);
  Write([&](Transaction& transaction) {
    EXPECT_OK(transaction.InsertCase(SampleCase(1)));
    EXPECT_THAT(transaction.InsertCase(SampleCase(1)), StatusIs(absl::StatusCode::kAlreadyExists));
    EXPECT_OK(transaction.PutCaseMember({.case_id = ShareId(1), .agency = "dfrs", .roles = {"spoc"}, .persons = {}}));
    EXPECT_OK(transaction.PutCaseMember({.case_id = ShareId(1), .agency = "dfrs", .roles = {}, .persons = {"p-1"}}));
    EXPECT_OK(transaction.InsertCaseExclusion(
        {.case_id = ShareId(1), .agency = "dfrs", .person = "p-9", .by_agency = "cbc"}));
    EXPECT_OK(transaction.InsertCaseExclusion(
        {.case_id = ShareId(1), .agency = "dfrs", .person = "p-9", .by_agency = "dfrs"}));
    EXPECT_OK(transaction.DeleteCaseExclusions(ShareId(1), "dfrs", "cbc"));
    EXPECT_OK(transaction.UpdateCase(closed));
    EXPECT_THAT(transaction.UpdateCase(SampleCase(2)), StatusIs(absl::StatusCode::kNotFound));
    EXPECT_THAT(transaction.PutCaseMember({.case_id = ShareId(2), .agency = "dfrs", .roles = {}, .persons = {}}),
                StatusIs(absl::StatusCode::kNotFound));
  });
  EXPECT_EQ(Read()->FindCase(ShareId(1)).value(), closed);
  EXPECT_THAT(Read()->CaseMembers(ShareId(1)).value().at(0).persons, ElementsAre("p-1"));
  EXPECT_EQ(Read()->CaseExclusions(ShareId(1)).value().at(0).by_agency, "dfrs");
  Write([](Transaction& transaction) { EXPECT_OK(transaction.DeleteCaseMember(ShareId(1), "dfrs")); });
  EXPECT_THAT(Read()->CaseMembers(ShareId(1)).value(), IsEmpty());
}

TEST_P(StoreContract, ListsTheCasesOfAMemberNewestFirst) {
  Write([](Transaction& transaction) {
    for (int i = 1; i <= 4; ++i) {
      EXPECT_OK(transaction.InsertCase(SampleCase(i)));
      EXPECT_OK(transaction.PutCaseMember(
          {.case_id = ShareId(i), .agency = i == 2 ? "cbc" : "dfrs", .roles = {}, .persons = {}}));
    }
  });
  const auto first = Read()->ListCases("dfrs", UINT64_MAX, 2).value();
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].row.case_id, ShareId(4));
  EXPECT_EQ(first[1].row.case_id, ShareId(3));
  EXPECT_EQ(Read()->ListCases("dfrs", first[1].position, 2).value().at(0).row.case_id, ShareId(1));
}

TEST_P(StoreContract, RemembersAnApprovalUntilItExpires) {
  ApprovalRow used = SampleApproval(3);
  used.state = ApprovalState::kUsed;
  Write([&](Transaction& transaction) {
    EXPECT_OK(transaction.PutApproval(SampleApproval(3)));
    EXPECT_OK(transaction.PutApproval(used));
    EXPECT_OK(transaction.PutApproval(SampleApproval(4)));
  });
  EXPECT_EQ(Read()->FindApproval(ShareId(3)).value(), used);
  Write([](Transaction& transaction) { EXPECT_EQ(transaction.DeleteApprovalsBefore(At(4), 10).value(), 1u); });
  EXPECT_FALSE(Read()->FindApproval(ShareId(3)).value().has_value());
  EXPECT_TRUE(Read()->FindApproval(ShareId(4)).value().has_value());
}

TEST_P(StoreContract, CountsWhatAPersonAskedByDay) {
  const QuotaRow today{.key = {.agency = "dfrs", .person = "p-1", .day = 20'001}, .holders = 7, .alarmed = true};
  Write([&](Transaction& transaction) {
    EXPECT_OK(transaction.PutQuota(
        {.key = {.agency = "dfrs", .person = "p-1", .day = 20'000}, .holders = 200, .alarmed = false}));
    EXPECT_OK(transaction.PutQuota(today));
    EXPECT_EQ(transaction.DeleteQuotasBefore(20'001, 10).value(), 1u);
  });
  Reopen();
  EXPECT_EQ(Read()->FindQuota(today.key).value(), today);
  EXPECT_FALSE(Read()->FindQuota({.agency = "dfrs", .person = "p-1", .day = 20'000}).value().has_value());
}

}  // namespace
}  // namespace derwent::store
