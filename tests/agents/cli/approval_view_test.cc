#include "agents/cli/share/approval_view.h"

#include "google/protobuf/text_format.h"

#include "tests/support/matchers.h"

namespace derwent::cli {
namespace {

v1::ShowApprovalResponse Parse(const char* text) {
  v1::ShowApprovalResponse shown;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &shown));
  return shown;
}

TEST(ApprovalViewTest, UnitsStandByCategoryAndFormHoweverTheAnswerWasPutTogether) {
  v1::ShowApprovalResponse shown = Parse(R"pb(
    approval {
      question {
        proposed {
          units { category: "narrative" form: "summarise" }
          units { category: "household" form: "mask" }
          units { category: "household" form: "full" }
        }
      }
    }
    units {
      subject: 1
      content { category: "narrative" form: "summarise" }
    }
    units {
      subject: 2
      content { category: "household" form: "full" }
    }
    units {
      subject: 1
      content { category: "household" form: "full" }
    })pb");
  PutInOrder(shown);
  EXPECT_EQ(UnitsText(shown.approval().question().proposed()), "household=full household=mask narrative=summarise");
  ASSERT_EQ(shown.units_size(), 3);
  EXPECT_EQ(shown.units(0).subject(), 1u);
  EXPECT_EQ(shown.units(1).subject(), 2u);
  EXPECT_EQ(shown.units(2).content().category(), "narrative");
}

TEST(ApprovalViewTest, EveryApprovalOfAListStandsSo) {
  v1::ListApprovalsResponse waiting;
  for (int i = 0; i < 2; ++i)
    *waiting.add_approvals() = Parse(R"pb(
                                 approval {
                                   question {
                                     proposed {
                                       units { category: "incident" form: "full" }
                                       units { category: "contact" form: "full" }
                                     }
                                   }
                                 })pb")
                                   .approval();
  PutInOrder(waiting);
  for (const v1::PendingApproval& pending : waiting.approvals())
    EXPECT_EQ(UnitsText(pending.question().proposed()), "contact=full incident=full");
}

}  // namespace
}  // namespace derwent::cli
