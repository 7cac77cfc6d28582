#include "broker/exchange/command/refusal.h"
#include "broker/exchange/request/requests.h"
#include "tests/broker/exchange/exchange_fixture.h"
#include "trust/base/status_macros.h"
#include "trust/message/timestamp.h"
#include "trust/signature/payload_types.h"

// Onward shares: what its sender was itself given goes as who gave it agrees, bound and marked as it was given.

namespace derwent::exchange {
namespace {

using ::testing::Contains;
using ::testing::Key;

constexpr char kOriginator[] = "cbc";
constexpr char kGivenId[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b11";
constexpr char kApprovalId[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b31";
constexpr char kCategory[] = "fire_risk";

// The district told adults' services of a risk of fire; these tell the fire service.
class OnwardTest : public ExchangeTest {
 protected:
  void SetUp() override {
    const v1::SubmitReferralRequest given =
        MakeShare({.share_id = kGivenId,
                   .now = now_,
                   .policy_digest = world().bundle->policy_digest,
                   .sealing_key_id = sealing_.at(kSender)},
                  signing_.at(kOriginator), [](v1::Manifest& m, v1::SenderStatement&) {
                    m.set_sender_agency(kOriginator);
                    m.set_recipient_agency(kSender);
                    m.set_marking("OS-CHILD");
                    m.add_obligations("onward_deny");
                  });
    ASSERT_EQ(Told(Submit(given, kOriginator)), "STORED");
    now_ += absl::Seconds(1);
    waiting_ = Told(Submit(AgreedBy(kOriginator)));
    ASSERT_EQ(CollectAs(kSender)->deliveries_size(), 1);
  }
  v1::SubmitReferralRequest Onward(const ShareChange& change = nullptr) {
    return Share([&](v1::Manifest& m, v1::SenderStatement& s) {
      m.set_marking("OS-CHILD");
      m.add_obligations("onward_deny");
      v1::OnwardSource& source = *s.mutable_subjects(0)->add_onward();
      source.set_share_id(kGivenId);
      source.add_categories(kCategory);
      if (change) change(m, s);
    });
  }
  v1::SubmitReferralRequest AgreedBy(const std::string& agency, const ShareChange& change = nullptr) {
    v1::SubmitReferralRequest request = Onward(change);
    v1::ApprovalCommand command = Command();
    command.set_approver_agency(agency);
    command.set_approver_person(kPractitioner);
    command.set_approved(true);
    *command.mutable_create_time() = trust::ToTimestamp(now_);
    *command.mutable_expire_time() = trust::ToTimestamp(now_ + absl::Hours(48));
    const testing::TestIdentity signer = pki_.IssueFor(agency, "person", kPractitioner);
    v1::SignedApproval& approval = *request.add_approvals();
    *approval.mutable_command() = SignedWith(
        trust::SigningKey::FromPem(trust::SecretBytes::CopyOf(signer.key_pem)).value(), trust::kApprovalType, command);
    approval.set_certificate(signer.certificate_der);
    return request;
  }
  v1::ApprovalCommand Command() {
    v1::ApprovalCommand command;
    command.set_approval_id(kApprovalId);
    command.set_request_share_id(kShareId);
    command.set_holder_agency(kSender);
    command.set_recipient_agency(kRecipient);
    command.set_approver_role("originator");
    command.set_subject(1);
    v1::ApprovedUnit& unit = *command.add_units();
    unit.set_category(kCategory);
    unit.set_form("full");
    command.set_policy_digest(world().bundle->policy_digest);
    return command;
  }
  std::string waiting_;  // What was told of an onward share before the one it rests on was collected.

  static std::string Told(const absl::StatusOr<v1::SubmitReferralResponse>& response) {
    if (!response.ok()) return ReasonOf(response.status());
    return response->outcome() == v1::SUBMIT_OUTCOME_STORED ? "STORED" : "REFUSED " + response->reason();
  }
};

TEST_F(OnwardTest, WaitsForWhoSharedIt) {
  EXPECT_EQ(Told(Submit(Onward())), "REFUSED APPROVAL_REQUIRED");
  EXPECT_EQ(Told(Submit(AgreedBy(kOriginator))), "STORED");
}

TEST_F(OnwardTest, AnotherAgencysWordIsNotTheOriginators) {
  EXPECT_EQ(Told(Submit(AgreedBy(kSender))), "REFUSED SELF_APPROVAL_FORBIDDEN");
  EXPECT_EQ(Told(Submit(AgreedBy(kRecipient))), "REFUSED APPROVAL_NOT_VALID");
}

TEST_F(OnwardTest, OfAShareThatStillWaitsNothingGoes) { EXPECT_EQ(waiting_, "SHARE_UNKNOWN"); }

TEST_F(OnwardTest, OfAShareThatWasNeverGivenNothingGoes) {
  for (const char* never : {kShareId, "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b99"}) {
    EXPECT_EQ(Told(Submit(AgreedBy(kOriginator,
                                   [&](v1::Manifest&, v1::SenderStatement& s) {
                                     s.mutable_subjects(0)->mutable_onward(0)->set_share_id(never);
                                   }))),
              "SHARE_UNKNOWN");
  }
}

TEST_F(OnwardTest, KeepsTheMarkingAndTheObligationsItCameUnder) {
  const auto laxer = Submit(AgreedBy(kOriginator, [](v1::Manifest& m, v1::SenderStatement&) { m.set_marking("OS"); }));
  EXPECT_THAT(Violations::Of(laxer.status()), Contains(Key("manifest.marking")));
  const auto freer =
      Submit(AgreedBy(kOriginator, [](v1::Manifest& m, v1::SenderStatement&) { m.clear_obligations(); }));
  EXPECT_THAT(Violations::Of(freer.status()), Contains(Key("manifest.obligations")));
}

TEST_F(OnwardTest, WhatCanHarmNeverGoes) {
  policy().categories.at(kCategory).harm = 4;
  EXPECT_EQ(Told(Submit(AgreedBy(kOriginator))), "REFUSED ONWARD_NOT_PERMITTED");
}

TEST_F(OnwardTest, NamesItsSourceInOrder) {
  const std::pair<const char*, ShareChange> flaws[] = {
      {"onward",
       [](v1::Manifest&, v1::SenderStatement& s) { *s.mutable_subjects(0)->add_onward() = s.subjects(0).onward(0); }},
      {"onward.categories",
       [](v1::Manifest&, v1::SenderStatement& s) {
         s.mutable_subjects(0)->mutable_onward(0)->set_categories(0, "household");
       }},
      {"onward.share_id",
       [](v1::Manifest&, v1::SenderStatement& s) { s.mutable_subjects(0)->mutable_onward(0)->set_share_id("one"); }}};
  for (const auto& [field, flaw] : flaws)
    EXPECT_THAT(Violations::Of(Submit(Onward(flaw)).status()),
                Contains(Key(absl::StrCat("submissions[0].sender_statement.subjects.", field))));
}

TEST_F(OnwardTest, AsksTheOriginatorAndNobodyElse) {
  v1::ApprovalQuestion question;
  *question.mutable_proposed() = Command();
  question.mutable_proposed()->clear_approver_role();
  question.set_profile("fire_safety");
  question.set_purpose("case.fire_safety");
  question.set_area("E07000034");
  question.set_role("originator");
  question.set_acting_person(kPractitioner);
  question.set_received_share_id(kGivenId);
  *question.mutable_due_time() = trust::ToTimestamp(now_ + absl::Hours(48));
  v1::AskApprovalResponse asked;
  const auto ask = [&](const v1::ApprovalQuestion& about) {
    v1::AskApprovalRequest request;
    request.set_request_id(kRequestId);
    *request.mutable_question() = Sign(kSender, trust::kApprovalQuestionType, about);
    return Run([&](Batch& batch) { return AskApproval(AgentOf(kSender), request, asked, batch); });
  };
  v1::ApprovalQuestion unsaid = question;
  unsaid.clear_received_share_id();
  EXPECT_THAT(Violations::Of(ask(unsaid)), Contains(Key("question.received_share_id")));
  ASSERT_OK(ask(question));
  ASSERT_EQ(asked.agencies_size(), 1);
  EXPECT_EQ(asked.agencies(0), kOriginator);
  EXPECT_EQ(CollectAs(kOriginator)->deliveries_size(), 1);
}

}  // namespace
}  // namespace derwent::exchange
