#include "broker/exchange/command/refusal.h"
#include "broker/exchange/request/requests.h"
#include "broker/ledger/entry_opener.h"
#include "tests/broker/exchange/exchange_fixture.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

// A referral whose unit needs a role's agreement: it comes with the approval, or not at all.

namespace derwent::exchange {
namespace {

constexpr char kOfficer[] = "p-7d20aa";
constexpr char kApprovalId[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b30";
constexpr char kSecondId[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b40";
using CommandChange = std::function<void(v1::ApprovalCommand&)>;

// Adults' services tell the fire service that somebody is ill, once their SPOC agreed.
class HeldBackTest : public ExchangeTest {
 protected:
  void SetUp() override {
    Give(kSender, kOfficer, "spoc");
    now_ += absl::Seconds(1);
  }
  v1::SubmitReferralRequest Waited(const CommandChange& change = nullptr, const ShareChange& also = nullptr) {
    v1::SubmitReferralRequest request = Share([&](v1::Manifest& m, v1::SenderStatement& s) {
      m.mutable_subjects(0)->add_grounds("fire_safety.health.physical");
      m.mutable_units(0)->set_category("health.physical");
      m.mutable_units(0)->set_form("flag_only");
      s.mutable_subjects(0)->set_categories(0, "health.physical");
      if (also) also(m, s);
    });
    *request.add_approvals() = Approval(change);
    return request;
  }
  v1::SignedApproval Approval(const CommandChange& change = nullptr) {
    v1::ApprovalCommand command;
    command.set_approval_id(kApprovalId);
    command.set_request_share_id(kShareId);
    command.set_holder_agency(kSender);
    command.set_recipient_agency(kRecipient);
    command.set_approver_agency(kSender);
    command.set_approver_person(kOfficer);
    command.set_approver_role("spoc");
    command.set_subject(1);
    v1::ApprovedUnit& unit = *command.add_units();
    unit.set_category("health.physical");
    unit.set_form("flag_only");
    command.set_policy_digest(world().bundle->policy_digest);
    command.set_approved(true);
    command.set_ground("gw.cl_public_interest");
    *command.mutable_create_time() = trust::ToTimestamp(now_);
    *command.mutable_expire_time() = trust::ToTimestamp(now_ + absl::Hours(48));
    if (change) change(command);
    const testing::TestIdentity signer = pki_.IssueFor(command.approver_agency(), "person", command.approver_person());
    serial_ = signer.serial;
    v1::SignedApproval approval;
    *approval.mutable_command() = SignedWith(
        trust::SigningKey::FromPem(trust::SecretBytes::CopyOf(signer.key_pem)).value(), trust::kApprovalType, command);
    approval.set_certificate(signer.certificate_der);
    return approval;
  }
  std::string Told(const v1::SubmitReferralRequest& request) {
    const auto response = Submit(request);
    if (!response.ok()) return ReasonOf(response.status());
    return response->outcome() == v1::SUBMIT_OUTCOME_STORED ? "STORED" : "REFUSED " + response->reason();
  }

  std::string serial_;
};

TEST_F(HeldBackTest, GoesWithTheApprovalAndIsDecidedAgainWithItAtCollection) {
  ASSERT_EQ(Told(Waited()), "STORED");
  EXPECT_EQ(EntriesOf(kSender, "approval_used"), 1u);
  EXPECT_EQ(EntriesOf(kRecipient, "approval_used"), 0u) << "who agreed is the sender's business";
  const auto collected = CollectAs(kRecipient);
  ASSERT_OK(collected);
  ASSERT_EQ(collected->deliveries_size(), 1);
  EXPECT_TRUE(collected->deliveries(0).has_package());
}

TEST_F(HeldBackTest, DoesNotGoWithout) {
  v1::SubmitReferralRequest bare = Waited();
  bare.clear_approvals();
  EXPECT_EQ(Told(bare), "REFUSED APPROVAL_REQUIRED");
}

// Also where existence is secret: who sends knows what was given, and who receives it too.
TEST_F(HeldBackTest, TheEntryOfWhatWentBeforeSaysThatItWasNotGiven) {
  policy().profiles.at("fire_safety").existence_sensitive = true;
  ASSERT_EQ(Told(Share([](v1::Manifest& m, v1::SenderStatement& s) {
              m.set_existence_sensitive(true);
              m.mutable_subjects(0)->add_grounds("fire_safety.health.physical");
              s.mutable_subjects(0)->add_categories("health.physical");
            })),
            "STORED");
  const auto reader = store_->Read().value();
  const uint64_t newest = reader->GetLogState()->size - 1;
  const std::string categories = ledger::FindEntry(*reader, newest)->entry.fields[trust::Field::kCategories];
  EXPECT_THAT(categories, ::testing::HasSubstr("category=health.physical asked=full outcome=APPROVE\n"));
  EXPECT_THAT(categories, ::testing::HasSubstr("outcome=PERMIT form=full\n"));
}

TEST_F(HeldBackTest, IsStoppedAtCollectionWhenNobodyMayAgreeToItAnyMore) {
  ASSERT_EQ(Told(Waited()), "STORED");
  policy().profiles.at("fire_safety").conditional.at("health.physical").approver = "caldicott_guardian";
  const auto collected = CollectAs(kRecipient);
  ASSERT_OK(collected);
  EXPECT_EQ(collected->deliveries_size(), 0);
  EXPECT_EQ(StateOf(), v1::RECIPIENT_STATE_HELD);
}

TEST_F(HeldBackTest, AnApprovalIsUsedOnce) {
  const v1::SubmitReferralRequest first = Waited();
  ASSERT_EQ(Told(first), "STORED");
  EXPECT_EQ(Told(first), "STORED") << "the same bytes get the first answer";
  v1::SubmitReferralRequest again = Waited([](v1::ApprovalCommand& c) { c.set_request_share_id(kRequestId); },
                                           [](v1::Manifest& m, v1::SenderStatement&) { m.set_share_id(kRequestId); });
  again.set_request_id(kRequestId);
  EXPECT_EQ(Told(again), "REFUSED APPROVAL_NOT_VALID");
}

struct Flaw {
  const char* name;
  CommandChange change;
  const char* told;
};
class FlawedTest : public HeldBackTest, public ::testing::WithParamInterface<Flaw> {};

TEST_P(FlawedTest, LetsNothingOut) {
  EXPECT_EQ(Told(Waited(GetParam().change)), GetParam().told);
  EXPECT_FALSE(store_->Read().value()->FindShare(kShareId).value().has_value());
  EXPECT_FALSE(store_->Read().value()->FindApproval(kApprovalId).value().has_value());
}

INSTANTIATE_TEST_SUITE_P(
    Each, FlawedTest,
    ::testing::Values(Flaw{"another_share", [](v1::ApprovalCommand& c) { c.set_request_share_id(kSecondId); },
                           "REFUSED APPROVAL_NOT_VALID"},
                      Flaw{"another_recipient", [](v1::ApprovalCommand& c) { c.set_recipient_agency("cbc"); },
                           "REFUSED APPROVAL_NOT_VALID"},
                      Flaw{"another_subject", [](v1::ApprovalCommand& c) { c.set_subject(2); },
                           "REFUSED APPROVAL_NOT_VALID"},
                      Flaw{"another_form", [](v1::ApprovalCommand& c) { c.mutable_units(0)->set_form("full"); },
                           "REFUSED APPROVAL_NOT_VALID"},
                      Flaw{"another_policy", [](v1::ApprovalCommand& c) { c.set_policy_digest(std::string(32, 'o')); },
                           "REFUSED APPROVAL_NOT_VALID"},
                      Flaw{"another_role", [](v1::ApprovalCommand& c) { c.set_approver_role("practitioner"); },
                           "REFUSED APPROVAL_NOT_VALID"},
                      Flaw{"a_stranger", [](v1::ApprovalCommand& c) { c.set_approver_person("p-stranger"); },
                           "REFUSED APPROVAL_NOT_VALID"},
                      Flaw{"refused",
                           [](v1::ApprovalCommand& c) {
                             c.set_approved(false);
                             c.set_reason("CONFIDENCE");
                           },
                           "REFUSED APPROVAL_NOT_VALID"},
                      Flaw{"lapsed", [](v1::ApprovalCommand& c) { *c.mutable_expire_time() = c.create_time(); },
                           "REFUSED APPROVAL_NOT_VALID"},
                      // Whoever sends it is a SPOC too in this directory, and must ask another one.
                      Flaw{"the_senders_own", [](v1::ApprovalCommand& c) { c.set_approver_person(kPractitioner); },
                           "REFUSED SELF_APPROVAL_FORBIDDEN"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST_F(HeldBackTest, WhoWasRevokedAgreesToNothing) {
  const v1::SubmitReferralRequest request = Waited();
  auto revoked = std::make_shared<trust::RevocationSet>(*world().revoked);
  revoked->Revoke(serial_);
  world().revoked = revoked;
  EXPECT_EQ(Told(request), "REFUSED APPROVAL_NOT_VALID");
}

TEST_F(HeldBackTest, ApprovalsComeWithOneRecipientAndOneSubject) {
  v1::SubmitReferralRequest two = Waited();
  *two.add_submissions() = two.submissions(0);
  EXPECT_EQ(Told(two), "PAYLOAD_REJECTED");
  const v1::SubmitReferralRequest subjects = Waited(nullptr, [](v1::Manifest& m, v1::SenderStatement& s) {
    m.add_subjects()->set_number(2);
    m.mutable_subjects(1)->set_role("resident");
    *s.add_subjects() = s.subjects(0);
    s.mutable_subjects(1)->set_number(2);
  });
  EXPECT_EQ(Told(subjects), "PAYLOAD_REJECTED");
  v1::SubmitReferralRequest many = Waited();
  for (int i = 0; i < 64; ++i) *many.add_approvals() = many.approvals(0);
  EXPECT_EQ(Told(many), "PAYLOAD_REJECTED");
}

TEST_F(HeldBackTest, AddsOnlyToAShareOfTheSameSenderToTheSameRecipient) {
  const auto adding = [](const char* to) {
    return [to](v1::Manifest& m, v1::SenderStatement&) { m.set_adds_to_share_id(to); };
  };
  EXPECT_EQ(Told(Waited(nullptr, adding(kSecondId))), "SHARE_UNKNOWN");
  EXPECT_EQ(Told(Waited(nullptr, adding("not-an-id"))), "PAYLOAD_REJECTED");
  EXPECT_EQ(Told(Waited(nullptr, adding(kShareId))), "PAYLOAD_REJECTED") << "to itself";
  v1::SubmitReferralRequest first = Share([](v1::Manifest& m, v1::SenderStatement&) { m.set_share_id(kSecondId); });
  first.set_request_id(kSecondId);
  ASSERT_EQ(Told(first), "STORED");
  EXPECT_EQ(Told(Waited(nullptr, adding(kSecondId))), "STORED");
}

// Of a role that a board's owner appoints to somebody of another agency may be asked, though nothing is stored yet.
class HeldBackQuestionTest : public HeldBackTest {
 protected:
  void SetUp() override {
    HeldBackTest::SetUp();
    Give(kRecipient, "p-chair", "marac_chair");
    Give(kStranger, "p-chair-2", "marac_chair");
  }
  absl::Status Ask(const std::function<void(v1::ApprovalQuestion&)>& change = nullptr) {
    v1::ApprovalQuestion question;
    v1::ApprovalCommand& proposed = *question.mutable_proposed();
    proposed.set_approval_id(kApprovalId);
    proposed.set_request_share_id(kShareId);
    proposed.set_holder_agency(kSender);
    proposed.set_recipient_agency(kRecipient);
    proposed.set_approver_role("marac_chair");
    proposed.set_subject(1);
    v1::ApprovedUnit& unit = *proposed.add_units();
    unit.set_category("health.mental");
    unit.set_form("generalise");
    proposed.set_policy_digest(world().bundle->policy_digest);
    question.set_profile("marac");
    question.set_purpose("case.da_safety");
    question.set_area("E07000034");
    question.add_grounds("marac.health.mental");
    question.set_role("marac_chair");
    *question.mutable_due_time() = trust::ToTimestamp(now_ + absl::Hours(48));
    question.set_acting_person(kPractitioner);
    if (change) change(question);
    v1::AskApprovalRequest request;
    request.set_request_id(kRequestId);
    *request.mutable_question() = Sign(kSender, trust::kApprovalQuestionType, question);
    return Run([&](Batch& batch) { return AskApproval(AgentOf(kSender), request, asked_, batch); });
  }
  std::string Told(const absl::Status& status) { return status.ok() ? "OK" : ReasonOf(status); }

  v1::AskApprovalResponse asked_;
};

TEST_F(HeldBackQuestionTest, WhereExistenceIsSecretNobodyOfTheRecipientIsAsked) {
  ASSERT_OK(Ask());
  ASSERT_EQ(asked_.agencies_size(), 1);
  EXPECT_EQ(asked_.agencies(0), kStranger);
  EXPECT_EQ(CollectAs(kStranger)->deliveries_size(), 1);
  EXPECT_EQ(CollectAs(kRecipient)->deliveries_size(), 0);
}

TEST_F(HeldBackQuestionTest, SaysAllThatIsWrongWithIt) {
  using Q = v1::ApprovalQuestion;
  EXPECT_EQ(Told(Ask([](Q& q) { q.set_acting_person("p-stranger"); })), "ROLE_NOT_ENTITLED");
  EXPECT_EQ(Told(Ask([](Q& q) { q.clear_acting_person(); })), "SHARE_UNKNOWN") << "a request nobody sent";
  for (const auto& change : std::vector<std::function<void(Q&)>>{
           [](Q& q) { q.set_profile("nowhere"); },
           [](Q& q) { q.set_purpose("case.asb"); },
           [](Q& q) { q.mutable_proposed()->set_recipient_agency("nobody"); },
           [](Q& q) { q.mutable_proposed()->set_recipient_agency(kSender); },
           [](Q& q) { q.mutable_proposed()->set_request_share_id("one"); },
           [](Q& q) { q.mutable_proposed()->set_subject(0); },
           [](Q& q) { q.mutable_proposed()->clear_units(); },
           [](Q& q) { q.mutable_proposed()->mutable_units(0)->set_category("nothing"); },
           [](Q& q) { q.set_board("a board"); },
           [](Q& q) { q.add_grounds("free text, about somebody"); },
           [](Q& q) { q.set_role("spoc"); },
       }) {
    EXPECT_EQ(Told(Ask(change)), "PAYLOAD_REJECTED");
  }
  EXPECT_EQ(EntriesOf(kSender, "approval_asked"), 0u);
}

TEST_F(HeldBackQuestionTest, IsNotAskedOfWhatWasSent) {
  ASSERT_OK(Submit(Share()));
  EXPECT_EQ(Told(Ask()), "REQUEST_ID_REUSED");
}

}  // namespace
}  // namespace derwent::exchange
