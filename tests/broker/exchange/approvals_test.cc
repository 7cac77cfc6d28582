#include "broker/exchange/request/requests.h"
#include "tests/broker/exchange/request_fixture.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::exchange {
namespace {

// A district asked adults' services; what needs nobody was answered, what needs the Caldicott Guardian waits.
class ApprovalTest : public RequestTest {
 protected:
  void SetUp() override {
    RequestTest::SetUp();
    HandOverRequest();
    ASSERT_EQ(Told(Answer()), "STORED");
  }
  v1::SubmitCaseAnswerRequest With(const v1::SignedApproval& approval) {
    v1::SubmitCaseAnswerRequest request = Supplement();
    *request.mutable_approvals(0) = approval;
    return request;
  }
};

struct Flaw {
  const char* name;
  std::function<void(v1::ApprovalCommand&)> change;
  const char* told;
};
class FlawedApprovalTest : public ApprovalTest, public ::testing::WithParamInterface<Flaw> {};

TEST_P(FlawedApprovalTest, LetsNothingOut) {
  EXPECT_EQ(Told(With(Approval(GetParam().change))), GetParam().told);
  EXPECT_FALSE(store_->Read().value()->FindShare(kSupplementId).value().has_value());
  EXPECT_FALSE(store_->Read().value()->FindApproval(kApprovalId).value().has_value())
      << "what was refused is not used up";
}

INSTANTIATE_TEST_SUITE_P(
    Each, FlawedApprovalTest,
    ::testing::Values(
        Flaw{"refused",
             [](v1::ApprovalCommand& c) {
               c.set_approved(false);
               c.set_reason("CONFIDENCE");
             },
             "REFUSED APPROVAL_NOT_VALID"},
        Flaw{"another_request", [](v1::ApprovalCommand& c) { c.set_request_share_id(kAnswerId); },
             "REFUSED APPROVAL_NOT_VALID"},
        Flaw{"another_recipient", [](v1::ApprovalCommand& c) { c.set_recipient_agency("dfrs"); },
             "REFUSED APPROVAL_NOT_VALID"},
        Flaw{"another_subject", [](v1::ApprovalCommand& c) { c.set_subject(2); }, "REFUSED APPROVAL_NOT_VALID"},
        Flaw{"another_category", [](v1::ApprovalCommand& c) { c.mutable_units(0)->set_category("identity"); },
             "REFUSED APPROVAL_NOT_VALID"},
        Flaw{"another_form", [](v1::ApprovalCommand& c) { c.mutable_units(0)->set_form("generalise"); },
             "REFUSED APPROVAL_NOT_VALID"},
        Flaw{"a_unit_too_many",
             [](v1::ApprovalCommand& c) {
               auto& u = *c.add_units();
               u.set_category("identity");
               u.set_form("full");
             },
             "REFUSED APPROVAL_NOT_VALID"},
        Flaw{"another_policy", [](v1::ApprovalCommand& c) { c.set_policy_digest(std::string(32, 'o')); },
             "REFUSED APPROVAL_NOT_VALID"},
        Flaw{"lapsed", [](v1::ApprovalCommand& c) { c.mutable_expire_time()->set_seconds(c.create_time().seconds()); },
             "REFUSED APPROVAL_NOT_VALID"},
        Flaw{
            "too_long",
            [](v1::ApprovalCommand& c) { c.mutable_expire_time()->set_seconds(c.create_time().seconds() + 9 * 86400); },
            "REFUSED APPROVAL_NOT_VALID"},
        Flaw{"from_the_future",
             [](v1::ApprovalCommand& c) { c.mutable_create_time()->set_seconds(c.create_time().seconds() + 60); },
             "REFUSED APPROVAL_NOT_VALID"},
        Flaw{"wrong_role", [](v1::ApprovalCommand& c) { c.set_approver_role("practitioner"); },
             "REFUSED APPROVAL_NOT_VALID"},
        Flaw{"no_id", [](v1::ApprovalCommand& c) { c.clear_approval_id(); }, "APPROVAL_NOT_VALID"},
        Flaw{"no_units", [](v1::ApprovalCommand& c) { c.clear_units(); }, "APPROVAL_NOT_VALID"},
        Flaw{"a_reason_to_agree", [](v1::ApprovalCommand& c) { c.set_reason("OTHER"); }, "APPROVAL_NOT_VALID"},
        Flaw{"another_ground", [](v1::ApprovalCommand& c) { c.set_ground("gw.care42"); }, "APPROVAL_NOT_VALID"},
        Flaw{"no_ground", [](v1::ApprovalCommand& c) { c.clear_ground(); }, "REFUSED APPROVAL_NOT_VALID"},
        Flaw{"another_person", [](v1::ApprovalCommand& c) { c.set_approver_person("p-other"); }, "APPROVAL_NOT_VALID"},
        Flaw{"another_agency", [](v1::ApprovalCommand& c) { c.set_approver_agency("cbc"); }, "APPROVAL_NOT_VALID"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST_F(ApprovalTest, AnApprovalIsUsedOnce) {
  const v1::SubmitCaseAnswerRequest first = Supplement();
  ASSERT_EQ(Told(first), "STORED");
  EXPECT_EQ(Told(first), "STORED") << "the same bytes get the first answer";
  v1::SubmitCaseAnswerRequest again =
      Supplement([](v1::Manifest& m, v1::SenderStatement&) { m.set_share_id(kRequestId); });
  again.set_request_id(kRequestId);
  EXPECT_EQ(Told(again), "REFUSED APPROVAL_NOT_VALID");
}

TEST_F(ApprovalTest, NorTwiceInOneSupplement) {
  v1::SubmitCaseAnswerRequest request = Supplement();
  *request.add_approvals() = request.approvals(0);
  EXPECT_EQ(Told(request), "REFUSED APPROVAL_NOT_VALID");
}

TEST_F(ApprovalTest, ASupplementWithoutItsApprovalIsRefused) {
  v1::SubmitCaseAnswerRequest request = Supplement();
  request.clear_approvals();
  EXPECT_EQ(Told(request), "REFUSED APPROVAL_REQUIRED");
}

TEST_F(ApprovalTest, WhoLeftTheDirectoryOrWasRevokedApprovesNothing) {
  const v1::SubmitCaseAnswerRequest request = Supplement();
  std::erase_if(world().directories[kHolder].people, [](const auto& entry) { return entry.id == kOfficer; });
  EXPECT_EQ(Told(request), "REFUSED APPROVAL_NOT_VALID");
  Give(kHolder, kOfficer, setting_.approver_role);
  auto revoked = std::make_shared<trust::RevocationSet>(*world().revoked);
  revoked->Revoke(officer_.serial);
  const auto before = std::exchange(world().revoked, revoked);
  EXPECT_EQ(Told(request), "REFUSED APPROVAL_NOT_VALID");
  world().revoked = before;
  EXPECT_EQ(Told(request), "STORED");
}

TEST_F(ApprovalTest, AHoldersRoleIsTheHoldersOwn) {
  Give("cbc", "p-guardian", setting_.approver_role);
  const v1::SignedApproval others = Approval([](v1::ApprovalCommand& c) {
    c.set_approver_agency("cbc");
    c.set_approver_person("p-guardian");
  });
  v1::ApprovalCommand command;
  ASSERT_TRUE(command.ParseFromString(others.command().payload()));
  EXPECT_EQ(Told(With(SignedBy(pki_.IssueFor("cbc", "person", "p-guardian"), command))), "REFUSED APPROVAL_NOT_VALID");
}

TEST_F(ApprovalTest, OnlyAPersonsOwnCertificateOfTheConsortiumSigns) {
  v1::ApprovalCommand command;
  ASSERT_TRUE(command.ParseFromString(Approval().command().payload()));
  EXPECT_EQ(Told(With(SignedBy(pki_.IssueFor(kHolder, "agent", kOfficer), command))), "APPROVAL_NOT_VALID")
      << "an agent";
  testing::TestPki strangers(now_);
  EXPECT_EQ(Told(With(SignedBy(strangers.IssueFor(kHolder, "person", kOfficer), command))), "APPROVAL_NOT_VALID")
      << "another authority";
  v1::SignedApproval edited = Approval();
  command.set_ground("gw.consent_confidence");
  edited.mutable_command()->set_payload(command.SerializeAsString());
  EXPECT_EQ(Told(With(edited)), "APPROVAL_NOT_VALID") << "edited after it was signed";
  v1::SignedApproval swapped = Approval();
  swapped.set_certificate(pki_.IssueFor(kHolder, "person", kOfficer).certificate_der);
  EXPECT_EQ(Told(With(swapped)), "APPROVAL_NOT_VALID") << "another key of the same person";
}

// Under MARAC a chair agrees, who may be of any agency; the broker finds her.
class PanelApprovalTest : public RequestTest {
 protected:
  PanelApprovalTest() : RequestTest(Marac()) {}
  void SetUp() override {
    RequestTest::SetUp();
    std::erase_if(world().directories[kHolder].people, [](const auto& entry) { return entry.id == kOfficer; });
    Give("dfrs", "p-chair", "marac_chair");
    HandOverRequest();
    now_ -= absl::Hours(1);  // Before the slot.
  }
  v1::AskApprovalRequest Asking(const std::function<void(v1::ApprovalQuestion&)>& change = nullptr) {
    v1::ApprovalQuestion question;
    EXPECT_TRUE(question.mutable_proposed()->ParseFromString(Approval().command().payload()));
    question.mutable_proposed()->clear_approver_agency();
    question.mutable_proposed()->clear_approver_person();
    question.mutable_proposed()->clear_approver_role();
    question.mutable_proposed()->set_approved(false);
    question.set_profile("marac");
    question.set_purpose("case.da_safety");
    question.set_area(kArea);
    question.add_grounds("marac.health.mental");
    question.set_role("marac_chair");
    *question.mutable_due_time() = trust::ToTimestamp(now_ + absl::Hours(48));
    if (change) change(question);
    v1::AskApprovalRequest request;
    request.set_request_id(kRequestId);
    *request.mutable_question() = Sign(kHolder, trust::kApprovalQuestionType, question);
    return request;
  }
  absl::Status Ask(const v1::AskApprovalRequest& request, const std::string& agency = kHolder) {
    return Run([&](Batch& batch) { return AskApproval(AgentOf(agency), request, asked_, batch); });
  }
  v1::GiveApprovalRequest Giving(const std::function<void(v1::ApprovalCommand&)>& change = nullptr) {
    v1::ApprovalCommand command;
    EXPECT_TRUE(command.ParseFromString(Approval().command().payload()));
    command.set_approver_agency("dfrs");
    command.set_approver_person("p-chair");
    if (change) change(command);
    v1::GiveApprovalRequest request;
    request.set_request_id(kRequestId);
    *request.mutable_approval() = SignedBy(chair_, command);
    return request;
  }
  absl::Status GiveIt(const v1::GiveApprovalRequest& request, const std::string& agency = "dfrs") {
    const auto checked = CheckApproval(request.approval(), world(), now_);
    if (!checked.ok()) return checked.status();
    v1::GiveApprovalResponse response;
    return Run([&](Batch& batch) { return GiveApproval(AgentOf(agency), request, *checked, response, batch); });
  }

  testing::TestIdentity chair_ = pki_.IssueFor("dfrs", "person", "p-chair");
  v1::AskApprovalResponse asked_;
};

TEST_F(PanelApprovalTest, ReachesWhoeverHoldsTheRoleAndComesBackToTheHolder) {
  ASSERT_OK(Ask(Asking()));
  ASSERT_EQ(asked_.agencies_size(), 1);
  EXPECT_EQ(asked_.agencies(0), "dfrs");
  const auto question = CollectAs("dfrs");
  ASSERT_EQ(question->deliveries_size(), 1);
  EXPECT_EQ(question->deliveries(0).message().payload_type(), trust::kApprovalQuestionType);
  ASSERT_OK(GiveIt(Giving()));
  const auto given = CollectAs(kHolder);
  ASSERT_EQ(given->deliveries_size(), 1);
  EXPECT_TRUE(given->deliveries(0).has_approval());
  MoveToSlot();
  v1::SubmitCaseAnswerRequest answer = Answer();
  *answer.add_approvals() = given->deliveries(0).approval();
  EXPECT_EQ(Told(answer), "STORED");
  EXPECT_EQ(store_->Read().value()->FindApproval(kApprovalId).value()->state, store::ApprovalState::kUsed);
}

// The tree is public: it must not grow only where somebody is known (P08).
TEST_F(PanelApprovalTest, IsEnteredWithTheAnswerAndNotBefore) {
  const auto size = [&] { return store_->Read().value()->GetLogState().value().size; };
  const uint64_t before = size();
  ASSERT_OK(Ask(Asking()));
  ASSERT_OK(GiveIt(Giving()));
  EXPECT_EQ(size(), before);
  EXPECT_FALSE(asked_.has_receipt()) << "there is no entry yet";
  MoveToSlot();
  v1::SubmitCaseAnswerRequest answer = Answer();
  *answer.add_approvals() = CollectAs(kHolder)->deliveries(0).approval();
  ASSERT_EQ(Told(answer), "STORED");
  EXPECT_EQ(size(), before + 2) << "the answer, and one entry about approvals as always";
  EXPECT_THAT(EntriesSeenBy(kHolder),
              ::testing::Contains(::testing::AllOf(
                  ::testing::HasSubstr(absl::StrCat("asked:marac_chair:dfrs:", kApprovalId)),
                  ::testing::HasSubstr(absl::StrCat("agreed:marac_chair:dfrs:p-chair:", kApprovalId)))));
}

TEST_F(PanelApprovalTest, ARefusalIsEnteredWithTheAnswerToo) {
  ASSERT_OK(Ask(Asking()));
  ASSERT_OK(GiveIt(Giving([](v1::ApprovalCommand& c) {
    c.set_approved(false);
    c.set_reason("NOT_NECESSARY");
  })));
  MoveToSlot();
  ASSERT_EQ(Told(Answer()), "STORED");
  EXPECT_THAT(EntriesSeenBy(kHolder), ::testing::Contains(::testing::HasSubstr(absl::StrCat(
                                          "refused:marac_chair:dfrs:p-chair:", kApprovalId, ":NOT_NECESSARY"))));
}

// Who agrees signs the question's own time, which need not be a whole millisecond.
TEST_F(PanelApprovalTest, AgreementMayLastAsLongAsItsQuestionToTheNanosecond) {
  const auto due = trust::ToTimestamp(now_ + absl::Hours(48) + absl::Nanoseconds(1'234'567));
  ASSERT_OK(Ask(Asking([&](v1::ApprovalQuestion& q) { *q.mutable_due_time() = due; })));
  EXPECT_OK(GiveIt(Giving([&](v1::ApprovalCommand& c) { *c.mutable_expire_time() = due; })));
}

TEST_F(PanelApprovalTest, ARefusalComesBackTooAndCannotBeTurnedIntoAnAgreement) {
  ASSERT_OK(Ask(Asking()));
  ASSERT_OK(GiveIt(Giving([](v1::ApprovalCommand& c) {
    c.set_approved(false);
    c.set_reason("NOT_NECESSARY");
  })));
  EXPECT_TRUE(CollectAs(kHolder)->deliveries(0).has_approval());
  v1::GiveApprovalRequest later = Giving();
  later.set_request_id(kAnswerId);
  EXPECT_EQ(Told(GiveIt(later)), "APPROVAL_NOT_VALID") << "given before";
  MoveToSlot();
  v1::SubmitCaseAnswerRequest answer = Answer();
  *answer.add_approvals() = later.approval();
  EXPECT_EQ(Told(answer), "REFUSED APPROVAL_NOT_VALID");
}

TEST_F(PanelApprovalTest, TheSameCallsAgainGetTheFirstAnswers) {
  ASSERT_OK(Ask(Asking()));
  const std::string first = asked_.SerializeAsString();
  const v1::GiveApprovalRequest giving = Giving();
  ASSERT_OK(GiveIt(giving));
  ASSERT_OK(GiveIt(giving));
  ASSERT_OK(Ask(Asking()));
  EXPECT_EQ(asked_.SerializeAsString(), first);
}

// The question alone would tell that there is something: so would its refusal, which is an entry.
TEST_F(PanelApprovalTest, WhereNobodyHoldsTheRoleNothingGrowsAndTheAskersOwnDoNotCount) {
  std::erase_if(world().directories["dfrs"].people, [](const auto& entry) { return entry.id == "p-chair"; });
  Give("cbc", kPractitioner, "marac_chair");
  Give("cbc", "p-second", "marac_chair");
  const uint64_t size = log_->size();
  ASSERT_OK(Ask(Asking()));
  EXPECT_EQ(asked_.agencies_size(), 0);
  EXPECT_EQ(log_->size(), size);
  MoveToSlot();
  ASSERT_EQ(Told(Answer()), "STORED");
  EXPECT_THAT(EntriesSeenBy(kHolder),
              ::testing::Contains(::testing::HasSubstr(absl::StrCat("asked:marac_chair::", kApprovalId))));
}

TEST_F(PanelApprovalTest, NobodyIsAskedWhomOnlyItsOwnAgencyCallsChair) {
  for (auto& [agency, directory] : world().directories) directory.appointments.clear();
  ASSERT_OK(Ask(Asking()));
  EXPECT_EQ(asked_.agencies_size(), 0);
}

TEST_F(PanelApprovalTest, NobodyAgreesWhoseAppointmentEnded) {
  ASSERT_OK(Ask(Asking()));
  for (auto& [agency, directory] : world().directories) directory.appointments.clear();
  EXPECT_EQ(Told(GiveIt(Giving())), "APPROVAL_NOT_VALID");
}

TEST_F(PanelApprovalTest, NothingReachesTheAskersOwnAgency) {
  Give("cbc", "p-second", "marac_chair");
  ASSERT_OK(Ask(Asking()));
  ASSERT_EQ(asked_.agencies_size(), 1);
  EXPECT_EQ(asked_.agencies(0), "dfrs");
  const auto collected = CollectAs("cbc");
  for (const v1::Delivery& delivery : collected->deliveries())
    EXPECT_EQ(delivery.message().payload_type(), trust::kAcknowledgementType);
  EXPECT_EQ(EntriesOf("cbc", "approval_asked"), 0u);
}

TEST_F(PanelApprovalTest, TheAskerApprovesNothing) {
  ASSERT_OK(Ask(Asking()));
  Give("cbc", kPractitioner, "marac_chair");
  v1::ApprovalCommand command;
  ASSERT_TRUE(command.ParseFromString(Giving().approval().command().payload()));
  command.set_approver_agency("cbc");
  command.set_approver_person(kPractitioner);
  v1::GiveApprovalRequest request;
  request.set_request_id(kRequestId);
  *request.mutable_approval() = SignedBy(pki_.IssueFor("cbc", "person", kPractitioner), command);
  EXPECT_EQ(Told(GiveIt(request, "cbc")), "SELF_APPROVAL_FORBIDDEN");
}

// Who knows the question's id all the same, and holds the role in the asker's agency, agrees to nothing (issue 3).
TEST_F(PanelApprovalTest, NorDoesAColleagueOfTheAskerWhereExistenceIsSecret) {
  ASSERT_OK(Ask(Asking()));
  Give("cbc", "p-second", "marac_chair");
  v1::ApprovalCommand command;
  ASSERT_TRUE(command.ParseFromString(Giving().approval().command().payload()));
  command.set_approver_agency("cbc");
  command.set_approver_person("p-second");
  v1::GiveApprovalRequest request;
  request.set_request_id(kRequestId);
  *request.mutable_approval() = SignedBy(pki_.IssueFor("cbc", "person", "p-second"), command);
  EXPECT_EQ(Told(GiveIt(request, "cbc")), "APPROVAL_NOT_VALID");
  MoveToSlot();
  v1::SubmitCaseAnswerRequest answer = Answer();
  *answer.add_approvals() = request.approval();
  EXPECT_EQ(Told(answer), "REFUSED APPROVAL_NOT_VALID") << "nor when the holder brings it";
}

TEST_F(PanelApprovalTest, OnlyWhatWasAskedForCounts) {
  EXPECT_EQ(Told(GiveIt(Giving())), "APPROVAL_NOT_VALID") << "nobody asked";
  ASSERT_OK(Ask(Asking()));
  EXPECT_EQ(Told(GiveIt(Giving([](v1::ApprovalCommand& c) { c.mutable_units(0)->set_form("full"); }))),
            "APPROVAL_NOT_VALID");
  EXPECT_EQ(Told(GiveIt(Giving([](v1::ApprovalCommand& c) { c.set_recipient_agency("dfrs"); }))), "APPROVAL_NOT_VALID");
  EXPECT_EQ(Told(GiveIt(Giving([](v1::ApprovalCommand& c) { c.set_approver_role("marac_coordinator"); }))),
            "APPROVAL_NOT_VALID");
  EXPECT_EQ(Told(GiveIt(Giving(
                [](v1::ApprovalCommand& c) { c.mutable_expire_time()->set_seconds(c.expire_time().seconds() + 1); }))),
            "APPROVAL_NOT_VALID")
      << "it would outlast its question";
  EXPECT_EQ(Told(GiveIt(Giving(), "cbc")), "APPROVAL_NOT_VALID") << "another agency's agent";
  now_ += absl::Hours(49);
  EXPECT_EQ(Told(GiveIt(Giving([&](v1::ApprovalCommand& c) {
              *c.mutable_expire_time() = trust::ToTimestamp(now_ + absl::Hours(1));
            }))),
            "APPROVAL_NOT_VALID")
      << "too late";
}

// A refusal would be an entry, and only who has something asks.
TEST_F(PanelApprovalTest, AQuestionAboutAnEarlierPolicyIsPutToNobodyAndNothingShows) {
  const auto size = [&] { return store_->Read().value()->GetLogState().value().size; };
  const uint64_t before = size();
  ASSERT_OK(
      Ask(Asking([](v1::ApprovalQuestion& q) { q.mutable_proposed()->set_policy_digest(std::string(32, 'o')); })));
  EXPECT_TRUE(asked_.agencies().empty());
  EXPECT_EQ(size(), before);
  EXPECT_TRUE(CollectAs("dfrs")->deliveries().empty());
}

TEST_F(PanelApprovalTest, AQuestionThatIsNotTheRequestsIsRefused) {
  EXPECT_EQ(Told(Ask(Asking([](v1::ApprovalQuestion& q) { q.set_role("spoc"); }))), "PAYLOAD_REJECTED")
      << "the holder's own role";
  EXPECT_EQ(Told(Ask(Asking([](v1::ApprovalQuestion& q) { q.set_area("E07000038"); }))), "PAYLOAD_REJECTED");
  EXPECT_EQ(Told(Ask(Asking([](v1::ApprovalQuestion& q) { q.clear_grounds(); }))), "PAYLOAD_REJECTED");
  EXPECT_EQ(Told(Ask(Asking(
                [](v1::ApprovalQuestion& q) { q.mutable_proposed()->mutable_units(0)->set_category("contact"); }))),
            "PAYLOAD_REJECTED");
  EXPECT_EQ(Told(Ask(Asking([](v1::ApprovalQuestion& q) { q.mutable_proposed()->set_approved(true); }))),
            "PAYLOAD_REJECTED");
  EXPECT_EQ(Told(Ask(Asking([&](v1::ApprovalQuestion& q) {
              *q.mutable_due_time() = trust::ToTimestamp(now_ + absl::Hours(24 * 9));
            }))),
            "PAYLOAD_REJECTED");
  EXPECT_EQ(Told(Ask(Asking([](v1::ApprovalQuestion& q) { q.mutable_proposed()->set_request_share_id(kAnswerId); }))),
            "SHARE_UNKNOWN");
  EXPECT_EQ(Told(Ask(Asking(), "dfrs")), "ROLE_NOT_ENTITLED");
  v1::AskApprovalRequest unsigned_one = Asking();
  unsigned_one.mutable_question()->mutable_signatures(0)->set_sig("no signature");
  EXPECT_EQ(Told(Ask(unsigned_one)), "SIGNATURE_INVALID");
}

}  // namespace
}  // namespace derwent::exchange
