#include "broker/exchange/emergency/emergencies.h"

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"

#include "broker/exchange/erasure/erasures.h"
#include "broker/exchange/mailbox/mailbox.h"
#include "broker/exchange/upkeep/sweep.h"
#include "derwent/v1/message.pb.h"
#include "policy/loader/emergency.h"
#include "tests/broker/exchange/request_fixture.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::exchange {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kAsker[] = "dfrs";
constexpr char kDuty[] = "p-duty";
constexpr char kSecond[] = "p-second";
constexpr char kEmergency[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b40";
constexpr char kAnother[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b41";

using CommandChange = std::function<void(v1::EmergencyCommand&)>;

// The fire service's duty officer asks adults' services at noon on a Tuesday.
class EmergencyTest : public RequestTest {
 protected:
  EmergencyTest()
      : RequestTest(HomeVisit()),
        duty_(pki_.IssueFor(kAsker, "person", kDuty)),
        second_(pki_.IssueFor(kAsker, "person", kSecond)),
        reviewer_(pki_.IssueFor(kAsker, "person", "p-dpo")),
        holders_officer_(pki_.IssueFor(kHolder, "person", "p-dpo")) {
    Give(kAsker, kDuty, "duty_officer");
    Give(kAsker, kSecond, "spoc");
    Give(kAsker, "p-dpo", "dpo");
    Give(kHolder, "p-dpo", "dpo");
    Give(kHolder, kOfficer, "duty_officer");
  }

  v1::EmergencyCommand Command(const std::string& id) const {
    v1::EmergencyCommand command;
    command.set_emergency_id(id);
    command.set_agency(kAsker);
    command.set_officer(kDuty);
    command.set_second_person(kSecond);
    command.set_profile(setting_.profile);
    command.set_area(kArea);
    command.set_subject_role(setting_.subject_role);
    command.add_holders(kHolder);
    for (const std::string& category : setting_.asked) command.add_categories(category);
    *command.mutable_create_time() = trust::ToTimestamp(now_);
    *command.mutable_expire_time() = trust::ToTimestamp(now_ + absl::Hours(24));
    return command;
  }
  static void SignAs(const testing::TestIdentity& identity, const v1::EmergencyCommand& command,
                     v1::SignedEmergency& declaration) {
    const v1::DsseEnvelope one =
        SignedWith(trust::SigningKey::FromPem(trust::SecretBytes::CopyOf(identity.key_pem)).value(),
                   trust::kEmergencyType, command);
    declaration.mutable_command()->set_payload_type(one.payload_type());
    declaration.mutable_command()->set_payload(one.payload());
    *declaration.mutable_command()->add_signatures() = one.signatures(0);
    declaration.add_certificates(identity.certificate_der);
  }
  v1::SignedEmergency Declaration(const CommandChange& change = nullptr, const std::string& id = kEmergency) const {
    v1::EmergencyCommand command = Command(id);
    if (change) change(command);
    v1::SignedEmergency declaration;
    SignAs(duty_, command, declaration);
    SignAs(second_, command, declaration);
    return declaration;
  }
  std::string Declared(const v1::SignedEmergency& declaration, const std::string& agency = kAsker) {
    v1::DeclareEmergencyRequest request;
    request.set_request_id(FreshRequestId());
    *request.mutable_declaration() = declaration;
    const auto checked = CheckDeclaration(request, world(), now_);
    if (!checked.ok()) return Told(checked.status());
    v1::Emergency response;
    return Told(
        Run([&](Batch& batch) { return DeclareEmergency(AgentOf(agency), request, *checked, response, batch); }));
  }
  // A request that says what was declared, but for what `change` does.
  v1::SubmitCaseRequestRequest Ask(const SelectorChange& change = nullptr, const std::string& share_id = kShareId) {
    return Request(
        [&](v1::Manifest& m, v1::SenderStatement& statement) {
          OnTheRoute(m);
          m.set_recipient_role(policy::kDutyOfficer);
          m.mutable_question()->set_acting_person(kDuty);
          m.mutable_question()->set_role(policy::kDutyOfficer);
          statement.set_acting_person(kDuty);
          if (change) change(m, statement);
        },
        share_id);
  }
  v1::SubmitCaseAnswerRequest Reply(const SelectorChange& change = nullptr) {
    return Answer([&](v1::Manifest& m, v1::SenderStatement& statement) {
      OnTheRoute(m);
      m.set_recipient_role(policy::kDutyOfficer);
      m.set_recipient_person(kDuty);
      m.mutable_units(1)->set_form("flag_only");  // The vulnerability flag.
      if (change) change(m, statement);
    });
  }
  void OnTheRoute(v1::Manifest& m) const {
    m.set_purpose(policy::kEmergencyPurpose);
    m.set_case_id("");
    m.set_document_reference(kEmergency);
    m.mutable_subjects(0)->clear_grounds();
    *m.mutable_expire_time() = trust::ToTimestamp(now_ + absl::Hours(20));
  }
  void Use() {
    ASSERT_EQ(Declared(Declaration()), "OK");
    ASSERT_EQ(Told(Ask()), "STORED");
  }
  std::string Reviewed(const testing::TestIdentity& signer, const std::string& person,
                       const std::function<void(v1::EmergencyReview&)>& change = nullptr) {
    v1::EmergencyReview review;
    review.set_emergency_id(kEmergency);
    review.set_agency(kAsker);
    review.set_reviewer(person);
    review.set_finding(v1::EMERGENCY_FINDING_JUSTIFIED);
    if (change) change(review);
    v1::ReviewEmergencyRequest request;
    request.set_request_id(FreshRequestId());
    request.set_certificate(signer.certificate_der);
    *request.mutable_review() =
        SignedWith(trust::SigningKey::FromPem(trust::SecretBytes::CopyOf(signer.key_pem)).value(),
                   trust::kEmergencyReviewType, review);
    const auto checked = CheckReview(request, world(), now_);
    if (!checked.ok()) return Told(checked.status());
    v1::Emergency response;
    return Told(Run(
        [&](Batch& batch) { return ReviewEmergency(PersonOf(kAsker, person), request, *checked, response, batch); }));
  }
  std::string Reviewed() { return Reviewed(reviewer_, "p-dpo"); }
  // The officer of whose data it is asks to erase the newest entry of a step.
  std::string ErasureAsked(const std::string& step) {
    const bool own = step == "emergency_declared";
    const std::string agency = own ? kAsker : kHolder;
    const testing::TestIdentity& officer = own ? reviewer_ : holders_officer_;
    v1::ErasureCommand command;
    const std::vector<uint64_t> entries =
        store_->Read().value()->SearchEntries({.viewer_agency = kAsker, .step = step, .limit = 1}).value();
    if (entries.empty()) return "no such entry";
    command.set_erasure_id(absl::StrFormat("5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e%04d", entries[0]));
    command.add_entries(entries[0]);
    command.set_reason("RIGHT_TO_ERASURE");
    command.set_signer_agency(agency);
    command.set_signer_person("p-dpo");
    command.set_signer_role("dpo");
    *command.mutable_create_time() = trust::ToTimestamp(now_);
    *command.mutable_expire_time() = trust::ToTimestamp(now_ + absl::Hours(24));
    v1::SignedCommand sent;
    *sent.mutable_command() = SignedWith(
        trust::SigningKey::FromPem(trust::SecretBytes::CopyOf(officer.key_pem)).value(), trust::kErasureType, command);
    sent.set_certificate(officer.certificate_der);
    const auto checked = CheckErasure(sent, world(), now_);
    if (!checked.ok()) return Told(checked.status());
    v1::Erasure shown;
    return Told(Run([&](Batch& batch) { return RequestErasure(PersonOf(agency, "p-dpo"), *checked, shown, batch); }));
  }
  void SweepNow() {
    ASSERT_OK(Run([](Batch& batch) { return Sweep(batch); }));
  }

  testing::TestIdentity duty_, second_, reviewer_, holders_officer_;
};

TEST_F(EmergencyTest, NothingOfItIsErasedWhileItsReviewIsOpen) {
  Use();
  ASSERT_OK(CollectAs(kHolder));
  EXPECT_EQ(Told(Reply()), "STORED");
  for (const char* step : {"emergency_declared", "emergency", "emergency_answer"})
    EXPECT_EQ(ErasureAsked(step), "REVIEW_DUE") << step;
  EXPECT_EQ(Reviewed(), "OK");
  EXPECT_EQ(ErasureAsked("emergency_declared"), "OK");
  EXPECT_EQ(ErasureAsked("emergency"), "SHARE_OPEN") << "only that now";
}

TEST_F(EmergencyTest, TwoDeclareOneAsksAndTheHolderAnswersAtOnce) {
  Use();
  const auto collected = CollectAs(kHolder);
  ASSERT_OK(collected);
  ASSERT_EQ(collected->deliveries_size(), 1);
  v1::Acknowledgement message;
  *message.mutable_head() = Head(kHolder, kAsker, 1);
  message.set_manifest_digest(trust::Sha256(collected->deliveries(0).package().manifest().payload()).bytes());
  message.set_delivery_id(collected->deliveries(0).delivery_id());
  v1::AcknowledgeRequest request;
  request.set_request_id(FreshRequestId());
  request.set_delivery_id(collected->deliveries(0).delivery_id());
  *request.mutable_acknowledgement() = Sign(kHolder, trust::kAcknowledgementType, message);
  v1::AcknowledgeResponse response;
  ASSERT_OK(Run([&](Batch& batch) { return Acknowledge(AgentOf(kHolder), request, response, batch); }));
  EXPECT_EQ(Told(Reply()), "STORED");
  EXPECT_EQ(EntriesOf(kAsker, "emergency_declared"), 1u);
  for (const char* agency : {kAsker, kHolder}) {
    EXPECT_EQ(EntriesOf(agency, "emergency"), 1u) << agency;
    EXPECT_EQ(EntriesOf(agency, "emergency_answer"), 1u) << agency;
    EXPECT_EQ(EntriesOf(agency, "request"), 0u) << "entered as what it is";
    EXPECT_THAT(EntriesSeenBy(agency), Contains(HasSubstr("route=BREAK_GLASS"))) << agency;
  }
}

TEST_F(EmergencyTest, NothingIsAskedThatWasNotDeclared) {
  EXPECT_EQ(Told(Ask()), "EMERGENCY_NOT_DECLARED");
  ASSERT_EQ(Declared(Declaration()), "OK");
  const SelectorChange changes[] = {
      [](v1::Manifest& m, v1::SenderStatement&) { m.mutable_question()->mutable_categories()->RemoveLast(); },
      [](v1::Manifest& m, v1::SenderStatement&) { m.mutable_subjects(0)->set_role("carer"); },
      [](v1::Manifest& m, v1::SenderStatement&) { m.set_document_reference(kAnother); },
      [](v1::Manifest& m, v1::SenderStatement&) { m.set_area("E07000035"); },
      [this](v1::Manifest& m, v1::SenderStatement&) {
        *m.mutable_expire_time() = trust::ToTimestamp(now_ + absl::Hours(25));
      }};
  for (const SelectorChange& change : changes) EXPECT_EQ(Told(Ask(change)), "EMERGENCY_NOT_DECLARED");
  EXPECT_EQ(Told(Ask()), "STORED");
  EXPECT_EQ(Told(Ask(nullptr, kAnother)), "EMERGENCY_NOT_DECLARED") << "a declaration is used once";
}

TEST_F(EmergencyTest, OneRequestUsesOneDeclaration) {
  const auto of_both = [](v1::EmergencyCommand& c) {
    c.set_holders(0, kStranger);
    c.add_holders(kHolder);
  };
  Give(kStranger, kOfficer, "duty_officer");
  ASSERT_EQ(Declared(Declaration(of_both)), "OK");
  ASSERT_EQ(Declared(Declaration(of_both, kAnother)), "OK");
  v1::SubmitCaseRequestRequest both = Ask();
  *both.add_submissions() = Ask([this](v1::Manifest& m, v1::SenderStatement&) {
                              m.set_recipient_agency(kStranger);
                              m.set_sealing_key_id(sealing_.at(kStranger));
                              m.set_document_reference(kAnother);
                            }).submissions(0);
  EXPECT_EQ(Told(both), "PAYLOAD_REJECTED") << "the second would be left to be used again";
}

TEST_F(EmergencyTest, BothPersonsSignAndHoldTheirRoles) {
  v1::SignedEmergency alone;
  SignAs(duty_, Command(kEmergency), alone);
  EXPECT_EQ(Declared(alone), "SIGNATURE_INVALID");
  v1::SignedEmergency stranger = alone;
  SignAs(pki_.IssueFor(kHolder, "person", kSecond), Command(kEmergency), stranger);
  EXPECT_EQ(Declared(stranger), "SIGNATURE_INVALID");
  EXPECT_EQ(Declared(Declaration([](v1::EmergencyCommand& c) { c.set_second_person(kDuty); })), "PAYLOAD_REJECTED");
  EXPECT_EQ(Declared(Declaration(), kHolder), "ROLE_NOT_ENTITLED");
  for (policy::DirectoryEntry& entry : world().directories[kAsker].people) {
    if (entry.id == kSecond) entry.roles.front().role = "practitioner";
  }
  EXPECT_EQ(Declared(Declaration()), "ROLE_NOT_ENTITLED");
}

TEST_F(EmergencyTest, ItIsBoundedAndShort) {
  const CommandChange changes[] = {
      [](v1::EmergencyCommand& c) { c.add_categories("zzz"); },
      [](v1::EmergencyCommand& c) { c.set_categories(0, "fire_risk"); },
      [this](v1::EmergencyCommand& c) { *c.mutable_expire_time() = trust::ToTimestamp(now_ + absl::Hours(25)); },
      [this](v1::EmergencyCommand& c) {
        *c.mutable_create_time() = trust::ToTimestamp(now_ - absl::Minutes(20));
        *c.mutable_expire_time() = trust::ToTimestamp(now_ + absl::Hours(1));
      },
      [](v1::EmergencyCommand& c) { c.set_profile("marac"); },
      [](v1::EmergencyCommand& c) { c.clear_holders(); }};
  for (const CommandChange& change : changes) EXPECT_EQ(Declared(Declaration(change)), "PAYLOAD_REJECTED");
}

TEST_F(EmergencyTest, TheSameAgainIsTheSameAndAnotherUnderItsIdIsNot) {
  ASSERT_EQ(Declared(Declaration()), "OK");
  EXPECT_EQ(Declared(Declaration()), "OK");
  EXPECT_EQ(EntriesOf(kAsker, "emergency_declared"), 1u);
  EXPECT_EQ(Declared(Declaration([](v1::EmergencyCommand& c) { c.set_area("E07000035"); })), "REQUEST_ID_REUSED");
}

TEST_F(EmergencyTest, APushIsNotOnTheRoute) {
  const auto told = Submit(Share([](v1::Manifest& m, v1::SenderStatement&) {
    m.set_purpose(policy::kEmergencyPurpose);
    m.set_recipient_role(policy::kDutyOfficer);
  }));
  ASSERT_OK(told);
  EXPECT_EQ(told->outcome(), v1::SUBMIT_OUTCOME_REFUSED);
}

TEST_F(EmergencyTest, TheReviewIsDueAtTheEndOfTheNextWorkingDayAndChased) {
  Use();
  now_ += absl::Hours(35);  // An hour before Wednesday is over.
  SweepNow();
  EXPECT_EQ(EntriesOf(kAsker, "emergency_review_overdue"), 0u);
  now_ += absl::Hours(1);
  SweepNow();
  SweepNow();
  EXPECT_EQ(EntriesOf(kAsker, "emergency_review_overdue"), 1u);
  const auto told = CollectAs(kAsker);
  ASSERT_OK(told);
  ASSERT_EQ(told->deliveries_size(), 2) << "that the request is over, and this";
  EXPECT_EQ(told->deliveries(1).notice().reason(), "EMERGENCY_REVIEW_OVERDUE");
  EXPECT_EQ(told->deliveries(1).notice().escalate_to_role(), "dpo");
  now_ += absl::Hours(48);
  SweepNow();
  EXPECT_EQ(EntriesOf(kAsker, "emergency_review_overdue"), 2u) << "again after another working day";
}

TEST_F(EmergencyTest, UntilAReviewIsDueASweepReadsNoEmergency) {
  Use();
  now_ += absl::Hours(19);  // Before the request is over.
  ASSERT_OK(Run([](Batch& batch) { return batch.write().PutSetting("emergencies", "\x01"); }));
  SweepNow();
  now_ += absl::Hours(17);
  EXPECT_EQ(Run([](Batch& batch) { return Sweep(batch); }).code(), absl::StatusCode::kDataLoss);
}

TEST_F(EmergencyTest, WhatWasSignedByACertificateRevokedMeanwhileIsNotDeclared) {
  v1::DeclareEmergencyRequest request;
  request.set_request_id(FreshRequestId());
  *request.mutable_declaration() = Declaration();
  const auto checked = CheckDeclaration(request, world(), now_);
  ASSERT_OK(checked);
  auto revoked = std::make_shared<trust::RevocationSet>(*world().revoked);
  revoked->Revoke(second_.serial);
  world().revoked = revoked;
  v1::Emergency response;
  EXPECT_EQ(
      Told(Run([&](Batch& batch) { return DeclareEmergency(AgentOf(kAsker), request, *checked, response, batch); })),
      "SIGNATURE_INVALID");
}

TEST_F(EmergencyTest, AnUnreviewedUseSuspendsTheOfficersNext) {
  Use();
  EXPECT_EQ(Declared(Declaration(nullptr, kAnother)), "OK") << "while the review is not overdue";
  now_ += absl::Hours(36);
  const std::string third = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b42";
  EXPECT_EQ(Declared(Declaration(nullptr, third)), "EMERGENCY_REVIEW_OVERDUE");
  EXPECT_EQ(Reviewed(), "OK");
  EXPECT_EQ(EntriesOf(kAsker, "emergency_reviewed"), 1u);
  EXPECT_EQ(Declared(Declaration(nullptr, third)), "OK");
  SweepNow();
  EXPECT_EQ(EntriesOf(kAsker, "emergency_review_overdue"), 0u);
}

TEST_F(EmergencyTest, NobodyReviewsTheirOwnNorTwiceNorForAnother) {
  ASSERT_EQ(Declared(Declaration()), "OK");
  EXPECT_EQ(Reviewed(), "STATE_NOT_ALLOWED") << "it was not used";
  ASSERT_EQ(Told(Ask()), "STORED");
  EXPECT_EQ(Reviewed(second_, kSecond), "SELF_APPROVAL_FORBIDDEN");
  EXPECT_EQ(Reviewed(duty_, "p-dpo"), "SIGNATURE_INVALID");
  EXPECT_EQ(Reviewed(reviewer_, "p-dpo", [](v1::EmergencyReview& r) { r.set_emergency_id(kAnother); }),
            "EMERGENCY_UNKNOWN");
  EXPECT_EQ(Reviewed(reviewer_, "p-dpo", [](v1::EmergencyReview& r) { r.clear_finding(); }), "PAYLOAD_REJECTED");
  EXPECT_EQ(Reviewed(), "OK");
  EXPECT_EQ(Reviewed(), "OK") << "the same review gets the first answer";
  EXPECT_EQ(EntriesOf(kAsker, "emergency_reviewed"), 1u);
  EXPECT_EQ(
      Reviewed(reviewer_, "p-dpo", [](v1::EmergencyReview& r) { r.set_finding(v1::EMERGENCY_FINDING_NOT_JUSTIFIED); }),
      "STATE_NOT_ALLOWED");
}

TEST_F(EmergencyTest, DeclarationsThatLapsedUnusedMakeRoom) {
  ASSERT_EQ(Declared(Declaration()), "OK");
  v1::KeptEmergencies kept;
  ASSERT_TRUE(kept.ParseFromString(store_->Read().value()->GetSetting("emergencies").value().value_or("")));
  while (kept.emergencies_size() < 1000) *kept.add_emergencies() = kept.emergencies(0);
  kept.mutable_emergencies(999)->set_request_id(kShareId);  // The last was used.
  ASSERT_OK(Run([&](Batch& batch) { return batch.write().PutSetting("emergencies", kept.SerializeAsString()); }));
  EXPECT_EQ(Declared(Declaration(nullptr, kAnother)), "TOO_MANY_EMERGENCIES") << "all may still be used";
  now_ += absl::Hours(25);
  EXPECT_EQ(Declared(Declaration(nullptr, kAnother)), "OK");
  const auto left = ListEmergencies(AgentOf(kAsker), *store_->Read().value());
  ASSERT_OK(left);
  ASSERT_EQ(left->emergencies_size(), 2);
  EXPECT_EQ(left->emergencies(1).request_id(), kShareId) << "what waits for its review stays";
}

TEST_F(EmergencyTest, ItsPartiesSeeItAndNobodyElse) {
  Use();
  const auto seen = [&](const std::string& agency) {
    return ListEmergencies(AgentOf(agency), *store_->Read().value())->emergencies();
  };
  EXPECT_THAT(seen(kAsker), SizeIs(1));
  EXPECT_THAT(seen(kHolder), SizeIs(1));
  EXPECT_EQ(seen(kHolder)[0].request_id(), kShareId);
  EXPECT_THAT(seen(kStranger), IsEmpty());
}

// What is kept is one record for all: no agency fills it.
TEST_F(EmergencyTest, OneAgencyHasTwentyOpenAtMost) {
  for (int i = 0; i < 20; ++i)
    ASSERT_EQ(Declared(Declaration(nullptr, absl::StrFormat("5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1e%02d", i))), "OK");
  EXPECT_EQ(Declared(Declaration()), "TOO_MANY_EMERGENCIES");
  now_ += absl::Hours(25);
  EXPECT_EQ(Declared(Declaration()), "OK") << "those lapsed unused";
}

TEST_F(EmergencyTest, ADeclarationIsSmall) {
  EXPECT_EQ(Declared(Declaration([](v1::EmergencyCommand& c) { c.add_holders("no.such"); })), "PAYLOAD_REJECTED");
  EXPECT_EQ(Declared(Declaration([](v1::EmergencyCommand& c) {
              c.clear_holders();
              for (int i = 0; i < 21; ++i) c.add_holders(absl::StrFormat("a%02d", i));
            })),
            "PAYLOAD_REJECTED");
  v1::SignedEmergency third = Declaration();
  third.add_certificates(second_.certificate_der);
  EXPECT_EQ(Declared(third), "PAYLOAD_REJECTED") << "three certificates";
  v1::SignedEmergency large = Declaration();
  large.GetReflection()->MutableUnknownFields(&large)->AddLengthDelimited(99, std::string(size_t{16} << 10, 'x'));
  EXPECT_EQ(Declared(large), "PAYLOAD_REJECTED") << "over 16 KiB";
}

}  // namespace
}  // namespace derwent::exchange
