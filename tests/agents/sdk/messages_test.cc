#include "agents/sdk/messages.h"

#include "agents/sdk/companion.h"
#include "agents/sdk/keys.h"
#include "agents/sdk/mailbox_lifetime.h"
#include "agents/sdk/references.h"
#include "tests/agents/sdk/test_agency.h"
#include "tests/support/matchers.h"
#include "trust/message/envelope.h"
#include "trust/message/timestamp.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Not;
using testing::StatusIs;
using testing::TestAgency;

TEST(SequenceTest, DropsReplaysAndHoldsBehindGaps) {
  EXPECT_EQ(JudgeSequence(0, 1), SequenceVerdict::kNext);
  EXPECT_EQ(JudgeSequence(3, 4), SequenceVerdict::kNext);
  EXPECT_EQ(JudgeSequence(3, 3), SequenceVerdict::kReplay);
  EXPECT_EQ(JudgeSequence(3, 1), SequenceVerdict::kReplay);
  EXPECT_EQ(JudgeSequence(3, 5), SequenceVerdict::kGap);
}

class MessageTest : public ::testing::Test {
 protected:
  v1::Progress Progress() {
    v1::Progress progress;
    v1::MessageHead& head = *progress.mutable_head();
    head.set_share_id("7c9e6679-7425-40de-944b-e07fc1f90ae7");
    head.set_version(1);
    head.set_from_agency("police.derbys");
    head.set_to_agency("rp.housing");
    head.set_sequence(1);
    *head.mutable_create_time() = trust::ToTimestamp(now_);
    progress.set_state(v1::PROGRESS_STATE_ACCEPTED);
    return progress;
  }
  absl::Status Verify(const v1::DsseEnvelope& envelope, const std::string& own) {
    const auto message = ReadMessage(envelope);
    if (!message.ok()) return message.status();
    return VerifyMessage(envelope, *message, own, *history_, now_);
  }

  absl::Time now_ = absl::Now();
  testing::TestPki pki_{now_};
  testing::TestLog log_;
  TestAgency police_{pki_, "police.derbys", now_};
  KeyBook book_;
  std::shared_ptr<const trust::KeyHistory> history_ =
      book_.Take(police_.Keys(log_), testing::AnchorsFor(pki_, log_, {&police_}, now_), now_).value().history;
};

TEST_F(MessageTest, AMessageIsOfItsSenderAndForItsReceiver) {
  const v1::DsseEnvelope envelope = trust::SignMessage(trust::kProgressType, Progress(), police_.signing()).value();
  EXPECT_THAT(Verify(envelope, "rp.housing"), IsOk());
  EXPECT_THAT(Verify(envelope, "dfrs"), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST_F(MessageTest, AMessageOlderThanAMailboxKeepsIsRefused) {
  const v1::DsseEnvelope envelope = trust::SignMessage(trust::kProgressType, Progress(), police_.signing()).value();
  now_ += kMailboxLifetime - absl::Seconds(1);
  EXPECT_THAT(Verify(envelope, "rp.housing"), IsOk());
  now_ += absl::Seconds(1);
  EXPECT_THAT(Verify(envelope, "rp.housing"), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST_F(MessageTest, AMessageUnderAnotherTypeOrKeyIsRefused) {
  v1::DsseEnvelope envelope = trust::SignMessage(trust::kProgressType, Progress(), police_.signing()).value();
  envelope.set_payload_type(std::string(trust::kAcknowledgementType));
  EXPECT_THAT(Verify(envelope, "rp.housing"), Not(IsOk()));
  TestAgency impostor(pki_, "police.derbys", now_);
  EXPECT_THAT(Verify(trust::SignMessage(trust::kProgressType, Progress(), impostor.signing()).value(), "rp.housing"),
              StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST_F(MessageTest, ANoteOpensOnlyUnderItsOwnHead) {
  v1::MessageHead head = Progress().head();
  const std::string sealed = SealNote(head, "she is safe", police_.sealing().public_key()).value();
  EXPECT_EQ(OpenNote(head, sealed, police_.sealing()).value(), "she is safe");
  head.set_sequence(2);
  EXPECT_THAT(OpenNote(head, sealed, police_.sealing()), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(ReasonTest, OnlyCodesOfTheClosedListsCount) {
  EXPECT_TRUE(IsProgressReason(v1::PROGRESS_STATE_DECLINED, "CAPACITY"));
  EXPECT_FALSE(IsProgressReason(v1::PROGRESS_STATE_DECLINED, "TOO_BUSY"));
  EXPECT_TRUE(IsProgressReason(v1::PROGRESS_STATE_CLOSED, "SAFE"));
  EXPECT_FALSE(IsProgressReason(v1::PROGRESS_STATE_UNSPECIFIED, "SAFE"));
  EXPECT_FALSE(IsWithdrawalReason("CHANGED_OUR_MIND"));
}

TEST(ReferenceTest, CountsOnlyIdentifiersWhoseCheckPassed) {
  const trust::SecretBytes key(std::string(32, 'e'));
  EXPECT_THAT(ParseIdentifier("nhs:999 000 0026"), IsOk());
  EXPECT_THAT(ParseIdentifier("nhs:9990000027"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ParseIdentifier("shoe:43"), StatusIs(absl::StatusCode::kInvalidArgument));
  v1::CaseRecord record;
  v1::IdentifierFact& good = *record.mutable_identifier()->add_facts();
  good.set_type(v1::IDENTIFIER_TYPE_NHS);
  good.set_value("9990000026");
  good.set_check(v1::IDENTIFIER_CHECK_VERIFIED);
  v1::IdentifierFact& failed = *record.mutable_identifier()->add_facts();
  failed = good;
  failed.set_value("9990000107");
  failed.set_check(v1::IDENTIFIER_CHECK_FAILED);
  EXPECT_THAT(ReferencesOf(record, key), ElementsAre(SubjectReference(key, {.type = "nhs", .value = "9990000026"})));
}

ReferralDraft DomesticAbuse() {
  ReferralDraft draft{.sender_agency = "police.derbys", .profile = "marac", .purpose = "case.da_safety"};
  draft.subjects = {{.number = 1, .role = "victim"}, {.number = 2, .role = "victim_child_da"}};
  draft.area = "E07000034";
  draft.recipients = {{.agency = "dcc.adults", .grounds = {"2:mash.risk.victim", "marac.education"}}};
  return draft;
}

class CompanionTest : public ::testing::Test {
 protected:
  CompanionTest() {
    policy::Profile& marac = policy_.profiles["marac"];
    marac.companions = {{.subject_role = "victim_child_da",
                         .profile = "mash",
                         .purpose = "case.child_safeguard",
                         .role = "mash_manager",
                         .agencies = {"dcc.childrens", "derby.council"}}};
    policy_.areas["E07000034"] = {.gss = "E07000034", .within = {"E23000018"}};
  }
  std::vector<ReferralDraft> Companions(const ReferralDraft& draft) {
    return CompanionsOf(draft, {.policy = &policy_, .directories = &directories_}, day_);
  }
  void Holds(const std::string& agency, const std::string& area) {
    directories_[agency].people = {{.id = "p-bd6134",
                                    .roles = {{.role = "mash_manager", .areas = {area}}},
                                    .training_until = absl::CivilDay(2030, 1, 1)}};
  }

  policy::Policy policy_;
  policy::Directories directories_;
  const absl::CivilDay day_{2026, 11, 26};
};

TEST_F(CompanionTest, AChildVictimAlsoGoesToChildrensServices) {
  Holds("dcc.childrens", "E23000018");
  const auto companions = Companions(DomesticAbuse());
  ASSERT_EQ(companions.size(), 1u);
  EXPECT_EQ(companions[0].profile, "mash");
  EXPECT_EQ(companions[0].purpose, "case.child_safeguard");
  ASSERT_EQ(companions[0].subjects.size(), 1u);
  EXPECT_EQ(companions[0].subjects[0].number, 1u);
  EXPECT_EQ(companions[0].recipients[0].agency, "dcc.childrens");
  EXPECT_EQ(companions[0].recipients[0].role, "mash_manager");
  EXPECT_THAT(AssertedGrounds(companions[0].recipients[0], 1), ElementsAre("mash.risk.victim"));
}

TEST_F(CompanionTest, GoesToWhoeverHoldsTheRoleForTheArea) {
  Holds("derby.council", "E07000034");
  ASSERT_EQ(Companions(DomesticAbuse()).size(), 1u);
  EXPECT_EQ(Companions(DomesticAbuse())[0].recipients[0].agency, "derby.council");
}

TEST_F(CompanionTest, IsNotSilentlyDroppedWhenNobodyHoldsTheRole) {
  ASSERT_EQ(Companions(DomesticAbuse()).size(), 1u);
  EXPECT_EQ(Companions(DomesticAbuse())[0].recipients[0].agency, "dcc.childrens");
}

TEST_F(CompanionTest, NothingFollowsWithoutAChildOrFromChildrensServicesOrUnlessThePolicySaysSo) {
  ReferralDraft draft = DomesticAbuse();
  draft.subjects.pop_back();
  EXPECT_THAT(Companions(draft), IsEmpty());
  draft = DomesticAbuse();
  draft.sender_agency = "dcc.childrens";
  EXPECT_THAT(Companions(draft), IsEmpty());
  policy_.profiles["marac"].companions.clear();
  EXPECT_THAT(Companions(DomesticAbuse()), IsEmpty());
}

}  // namespace
}  // namespace derwent::agents
