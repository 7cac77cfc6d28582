// When a request is answered, and until when it waits.
#include "agents/sdk/request_draft.h"

#include "tests/policy/derbyshire.h"
#include "tests/support/matchers.h"
#include "trust/base/london.h"
#include "trust/message/timestamp.h"

namespace derwent::agents {
namespace {

using testing::IsOk;

// Of counts alone: nobody is named, so that nothing is to be decided about anybody.
HolderDecision AskedAt(absl::Time now, const std::string& profile) {
  RequestDraft draft;
  draft.selector.profile = profile;
  draft.selector.recipients.push_back({.agency = "police.derbys"});
  draft.selector.subjects.push_back({.number = 1});
  draft.categories = {"aggregate"};
  v1::PlanCaseRequestResponse plan;
  v1::AskerDecision& decision = *plan.add_decisions();
  decision.set_holder_agency("police.derbys");
  decision.mutable_question()->add_categories()->set_outcome("PERMIT");
  const policy::Snapshot snapshot{
      .policy = &policy::Derbyshire(), .directories = nullptr, .take_agreements_as_signed = true};
  trust::SystemRandom random;
  const auto decided = DecideSelectors(draft, plan, snapshot, now, {}, random);
  EXPECT_OK(decided);
  return decided.value_or(HolderDecision());
}

absl::Time LondonTime(int month, int day, int hour) {
  return LondonStartOf(absl::CivilDay(2026, month, day)) + absl::Hours(hour);
}

TEST(RequestDraftTest, OneAskedBeforeChristmasIsStillOpenWhenItsAnswerIsDue) {
  const HolderDecision decided = AskedAt(LondonTime(12, 24, 10), "tb.dsa");
  ASSERT_EQ(decided.recipients.size(), 1u);
  const PackageRecipient& selector = decided.recipients.front();
  EXPECT_EQ(trust::FromTimestamp(selector.question->answer_time()), LondonTime(12, 29, 10));
  EXPECT_EQ(selector.expire_time, LondonTime(12, 29, 10) + absl::Hours(72));
}

TEST(RequestDraftTest, ItsSlotIsCountedFromItsOwnTimeWhateverTheBrokersClockSaid) {
  const absl::Time midnight = LondonTime(12, 2, 0);
  for (const absl::Duration off : {-absl::Seconds(2), absl::Seconds(2)}) {
    const HolderDecision decided = AskedAt(midnight + off, "tb.dsa");
    ASSERT_EQ(decided.recipients.size(), 1u);
    EXPECT_EQ(trust::FromTimestamp(decided.recipients.front().question->answer_time()),
              midnight + off + absl::Hours(24));
  }
}

}  // namespace
}  // namespace derwent::agents
