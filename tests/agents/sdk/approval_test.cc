// Whose signature counts as an approval, for what and until when.
#include "agents/sdk/approval.h"

#include "tests/agents/sdk/test_agency.h"
#include "tests/support/matchers.h"
#include "trust/message/envelope.h"
#include "trust/message/timestamp.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

using testing::AnchorsFor;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;
using testing::TestAgency;
using testing::TestIdentity;
using testing::TestLog;
using testing::TestPki;

class ApprovalTest : public ::testing::Test {
 protected:
  ApprovalTest() {
    policy_.roles["caldicott_guardian"] = {"approve_health_outbound"};
    policy_.roles["marac_chair"] = {"approve_marac"};
    policy_.board_roles = {{"marac_chair", "marac"}};
    policy_.profiles["marac"].owners = {{"dcc.community_safety", {"E23000018"}}};
    policy_.categories["health.mental"] = {.id = "health.mental", .confidential = true};
    policy_.areas["E07000034"] = {.gss = "E07000034", .within = {"E23000018"}};
    const policy::RoleHolding guardian{.role = "caldicott_guardian", .areas = {"E23000018"}};
    const policy::RoleHolding chair{.role = "marac_chair", .boards = {"marac"}, .areas = {"E23000018"}};
    const absl::CivilDay trained(2040, 1, 1);
    directories_["nhs.dhcft"].people = {{.id = "p-e5b79c", .roles = {guardian}, .training_until = trained},
                                        {.id = "p-691fea", .roles = {}, .training_until = trained}};
    directories_["police.derbys"].people = {{.id = "p-60ab93", .roles = {chair}, .training_until = trained}};
    directories_["dcc.community_safety"].appointments = {
        {.agency = "police.derbys", .person = "p-60ab93", .holding = chair}};
    v1::ApprovalCommand& proposed = *question_.mutable_proposed();
    proposed.set_approval_id("0b1f9f0e-6f7a-4a52-9d7e-0a3f5f1c2d3e");
    proposed.set_request_share_id("7c0f1e2d-3b4a-4c5d-8e6f-708192a3b4c5");
    proposed.set_holder_agency("nhs.dhcft");
    proposed.set_recipient_agency("rp.housing");
    proposed.set_approver_role("caldicott_guardian");
    proposed.set_subject(1);
    proposed.set_policy_digest(std::string(32, 'p'));
    v1::ApprovedUnit& unit = *proposed.add_units();
    unit.set_category("health.mental");
    unit.set_form("flag_only");
    question_.set_area("E07000034");
    question_.set_role("caldicott_guardian");
    *question_.mutable_due_time() = trust::ToTimestamp(now_ + absl::Hours(24));
  }

  v1::ApprovalCommand Command() {
    v1::ApprovalCommand command = question_.proposed();
    command.set_approver_agency("nhs.dhcft");
    command.set_approver_person("p-e5b79c");
    command.set_approved(true);
    command.set_ground("gw.cl_public_interest");
    *command.mutable_create_time() = trust::ToTimestamp(now_);
    *command.mutable_expire_time() = question_.due_time();
    return command;
  }

  v1::SignedApproval Sign(const v1::ApprovalCommand& command, const TestIdentity& identity) {
    v1::SignedApproval approval;
    *approval.mutable_command() =
        trust::SignMessage(trust::kApprovalType, command, TestAgency::KeyOf(identity)).value();
    approval.set_certificate(identity.certificate_der);
    return approval;
  }

  absl::Status Check(const v1::SignedApproval& approval, const std::string& asker = "p-f91b60") {
    TrustAnchors anchors = AnchorsFor(pki_, log_, {}, now_);
    for (const std::string& serial : revoked_) anchors.revoked.Revoke(serial);
    return CheckApproval(approval, question_, asker, anchors, {.policy = &policy_, .directories = &directories_}, now_)
        .status();
  }
  void ExpectNot(const v1::ApprovalCommand& command, const std::string& why) {
    EXPECT_THAT(Check(Sign(command, guardian_)), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(why)));
  }

  absl::Time now_ = absl::Now();
  TestPki pki_{now_};
  TestLog log_;
  TestIdentity guardian_ = pki_.IssueFor("nhs.dhcft", "person", "p-e5b79c");
  std::vector<std::string> revoked_;  // Serials.
  policy::Policy policy_;
  policy::Directories directories_;
  v1::ApprovalQuestion question_;
};

TEST_F(ApprovalTest, TheGuardiansOwnSignatureCounts) {
  EXPECT_THAT(Check(Sign(Command(), guardian_)), IsOk());
  v1::ApprovalCommand refusal = Command();
  refusal.set_approved(false);
  refusal.set_ground("");
  refusal.set_reason("CONFIDENCE");
  EXPECT_THAT(Check(Sign(refusal, guardian_)), IsOk());
}

TEST_F(ApprovalTest, NothingCountsUnderARevokedCertificateOrAuthority) {
  for (const std::string& serial : {guardian_.serial, pki_.authority_serial()}) {
    revoked_ = {serial};
    ExpectNot(Command(), "certificate does not count");
  }
}

TEST_F(ApprovalTest, NobodyApprovesTheirOwnRequest) {
  EXPECT_THAT(Check(Sign(Command(), guardian_), "p-e5b79c"), StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(ApprovalTest, AColleagueOfTheAskerCountsOnlyWhereExistenceIsNoSecret) {
  policy_.profiles["open"] = {};
  policy_.profiles["secret"] = {};
  policy_.profiles["secret"].existence_sensitive = true;
  question_.set_role("marac_chair");
  question_.set_board("marac");
  question_.mutable_proposed()->set_approver_role("marac_chair");
  question_.mutable_proposed()->set_recipient_agency("police.derbys");
  v1::ApprovalCommand command = Command();
  command.set_approver_agency("police.derbys");
  command.set_approver_person("p-60ab93");
  const TestIdentity chair = pki_.IssueFor("police.derbys", "person", "p-60ab93");
  question_.set_profile("open");
  EXPECT_THAT(Check(Sign(command, chair)), IsOk());
  question_.set_profile("secret");
  EXPECT_THAT(Check(Sign(command, chair)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("recipient's agency")));
}

TEST_F(ApprovalTest, AnotherPersonsSignatureDoesNot) {
  const TestIdentity officer = pki_.IssueFor("nhs.dhcft", "person", "p-691fea");
  EXPECT_THAT(Check(Sign(Command(), officer)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("not that of the person named")));
  v1::ApprovalCommand own = Command();
  own.set_approver_person("p-691fea");
  EXPECT_THAT(Check(Sign(own, officer)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("does not hold the role")));
  v1::SignedApproval forged = Sign(Command(), officer);
  forged.set_certificate(guardian_.certificate_der);
  EXPECT_THAT(Check(forged), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("does not verify")));
  const TestIdentity agent = pki_.IssueFor("nhs.dhcft", "agent", "p-e5b79c");
  EXPECT_THAT(Check(Sign(Command(), agent)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("not that of the person named")));
}

TEST_F(ApprovalTest, ItCountsForWhatWasAskedAndNoMore) {
  v1::ApprovalCommand command = Command();
  command.mutable_units(0)->set_form("full");
  ExpectNot(command, "something else");
  command = Command();
  command.set_recipient_agency("police.derbys");
  ExpectNot(command, "something else");
  command = Command();
  command.set_policy_digest(std::string(32, 'q'));
  ExpectNot(command, "something else");
  command = Command();
  command.clear_units();
  ExpectNot(command, "something else");
}

TEST_F(ApprovalTest, ItLapses) {
  v1::ApprovalCommand command = Command();
  *command.mutable_expire_time() = trust::ToTimestamp(now_ - absl::Seconds(1));
  ExpectNot(command, "lapsed");
  command = Command();
  *command.mutable_expire_time() = trust::ToTimestamp(now_ + absl::Hours(25));
  ExpectNot(command, "longer");
}

TEST_F(ApprovalTest, ConfidenceIsLiftedByARecordedGroundOnly) {
  v1::ApprovalCommand command = Command();
  command.set_ground("");
  ExpectNot(command, "confidence");
  command.set_ground("gw.cda115");
  ExpectNot(command, "confidence");
}

TEST_F(ApprovalTest, ARefusalNeedsACodeOfTheList) {
  v1::ApprovalCommand command = Command();
  command.set_approved(false);
  command.set_reason("BECAUSE");
  ExpectNot(command, "code");
}

TEST_F(ApprovalTest, APanelsChairMayBeOfAnotherAgencyTheHoldersOwnRolesNot) {
  const TestIdentity chair = pki_.IssueFor("police.derbys", "person", "p-60ab93");
  question_.set_role("marac_chair");
  question_.set_board("marac");
  question_.mutable_proposed()->set_approver_role("marac_chair");
  v1::ApprovalCommand command = Command();
  command.set_approver_agency("police.derbys");
  command.set_approver_person("p-60ab93");
  EXPECT_THAT(Check(Sign(command, chair)), IsOk());
  directories_["dcc.community_safety"].appointments.clear();
  EXPECT_THAT(Check(Sign(command, chair)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("does not hold the role")))
      << "the board's owner did not appoint them";
  policy_.board_roles.clear();
  EXPECT_THAT(Check(Sign(command, chair)), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("holder's own")));
}

TEST_F(ApprovalTest, IsDueOnTheFifthWorkingDayOrWithTheRequest) {
  const auto at = [](int day, int hour) {
    return absl::FromCivil(absl::CivilHour(2026, 12, day, hour), absl::UTCTimeZone());
  };
  policy_.bank_holidays = {absl::CivilDay(2026, 12, 25), absl::CivilDay(2026, 12, 28)};
  EXPECT_EQ(ApprovalDue(policy_, at(21, 10), absl::InfiniteFuture()), at(31, 0) - absl::Seconds(1))
      << "four days to Christmas, the weekend, Boxing Day's substitute";
  EXPECT_EQ(ApprovalDue(policy_, at(21, 10), at(22, 10)), at(22, 10));
}

TEST(LastSayTest, LeavesTimeToTellThatNobodyAnswered) {
  const absl::Time asked = absl::FromUnixSeconds(1795521600);
  const auto left = [&](absl::Duration time) { return asked + time - LastSay(asked, asked + time); };
  EXPECT_EQ(left(absl::Hours(120)), absl::Hours(6));
  EXPECT_EQ(left(absl::Hours(10)), absl::Hours(1));
  EXPECT_EQ(left(absl::Hours(2)), absl::Minutes(30));
}

}  // namespace
}  // namespace derwent::agents
