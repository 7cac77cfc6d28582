#include "broker/exchange/command/refusal.h"
#include "broker/ledger/entry_opener.h"
#include "tests/broker/exchange/exchange_fixture.h"

namespace derwent::exchange {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Pair;

class SubmitTest : public ExchangeTest {
 protected:
  std::string Refused(const v1::SubmitReferralRequest& request, const std::string& agency = kSender) {
    return ReasonOf(Submit(request, agency).status());
  }
  size_t Waiting() { return store_->Read().value()->GetMailboxDepth(kRecipient)->waiting; }
};

TEST_F(SubmitTest, AShareThatPolicyAllowsIsStoredEnteredAndDelivered) {
  const auto response = Submit(Share());
  ASSERT_OK(response);
  EXPECT_EQ(response->outcome(), v1::SUBMIT_OUTCOME_STORED) << response->DebugString();
  EXPECT_EQ(response->receipts_size(), 1);
  EXPECT_EQ(response->policy_digest(), world().bundle->policy_digest);
  EXPECT_EQ(Waiting(), 1u);
  EXPECT_EQ(StateOf(), v1::RECIPIENT_STATE_WAITING);
  EXPECT_EQ(EntriesOf(kSender, "referral"), 1u);
  EXPECT_EQ(EntriesOf(kRecipient, "referral"), 1u);
  EXPECT_EQ(EntriesOf(kStranger, "referral"), 0u);
}

TEST_F(SubmitTest, TheEntrySaysUnderWhichRevisionsItWasDecided) {
  world().register_revision = 7;
  ASSERT_OK(Submit(Share()));
  const auto reader = store_->Read().value();
  const uint64_t newest = reader->GetLogState()->size - 1;
  EXPECT_EQ(ledger::FindEntry(*reader, newest)->entry.fields[trust::Field::kEngine],
            absl::StrCat("semantics=", policy::kEngineVersion, " policy=", world().bundle->revision, " registers=7"));
  EXPECT_EQ(world().bundle->revision, 3);
}

TEST_F(SubmitTest, TheSameShareAgainGetsTheFirstAnswerAndTakesEffectOnce) {
  const v1::SubmitReferralRequest share = Share();
  const auto first = Submit(share);
  const auto again = Submit(share);
  ASSERT_OK(first);
  ASSERT_OK(again);
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(*first, *again));
  EXPECT_EQ(Waiting(), 1u);
  EXPECT_EQ(EntriesOf(kSender, "referral"), 1u);
}

TEST_F(SubmitTest, AnotherShareUnderTheSameIdIsAborted) {
  ASSERT_OK(Submit(Share()));
  const auto other = Submit(Share([](v1::Manifest& manifest, v1::SenderStatement&) { manifest.set_marking("OS"); }));
  EXPECT_EQ(other.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(other.status()), "REQUEST_ID_REUSED");
}

TEST_F(SubmitTest, ValidateOnlyEntersTheCheckAndStoresNothing) {
  v1::SubmitReferralRequest request = Share();
  request.set_validate_only(true);
  const auto response = Submit(request);
  ASSERT_OK(response);
  EXPECT_EQ(response->outcome(), v1::SUBMIT_OUTCOME_VALID);
  EXPECT_EQ(Waiting(), 0u);
  EXPECT_EQ(EntriesOf(kSender, "check"), 1u);
}

TEST_F(SubmitTest, AUnitThatPolicyDeniesRefusesTheWholeShare) {
  const auto response = Submit(Share([](v1::Manifest& manifest, v1::SenderStatement& statement) {
    manifest.mutable_units(1)->set_category("intelligence");
    statement.mutable_subjects(0)->set_categories(1, "intelligence");
  }));
  ASSERT_OK(response);
  EXPECT_EQ(response->outcome(), v1::SUBMIT_OUTCOME_REFUSED);
  EXPECT_NE(response->reason(), "");
  EXPECT_EQ(response->receipts_size(), 1);
  EXPECT_EQ(Waiting(), 0u);
  EXPECT_EQ(StateOf(), v1::RECIPIENT_STATE_UNSPECIFIED);
  EXPECT_EQ(EntriesOf(kSender, "referral"), 1u) << "a refusal counts too";
}

TEST_F(SubmitTest, AUnitThatWasNotAskedRefusesTheShare) {
  const auto response = Submit(Share([](v1::Manifest&, v1::SenderStatement& statement) {
    statement.mutable_subjects(0)->mutable_categories()->RemoveLast();
  }));
  ASSERT_OK(response);
  EXPECT_EQ(response->outcome(), v1::SUBMIT_OUTCOME_REFUSED);
}

TEST_F(SubmitTest, AUnitThatNeedsAnApproverIsNotSent) {
  const auto response = Submit(Share([](v1::Manifest& manifest, v1::SenderStatement& statement) {
    manifest.mutable_units(1)->set_category("health.physical");
    manifest.mutable_units(1)->set_form("flag_only");
    manifest.mutable_subjects(0)->add_grounds("fire_safety.health.physical");
    statement.mutable_subjects(0)->set_categories(1, "health.physical");
  }));
  ASSERT_OK(response);
  EXPECT_EQ(response->outcome(), v1::SUBMIT_OUTCOME_REFUSED);
  EXPECT_EQ(Waiting(), 0u);
}

TEST_F(SubmitTest, PolicyThatTightenedBetweenPlanAndSubmitSaysPolicyChanged) {
  const v1::SubmitReferralRequest share =
      Share([](v1::Manifest& manifest, v1::SenderStatement&) { manifest.set_policy_digest(std::string(32, 'o')); });
  for (policy::Agreement& agreement : policy().agreements) agreement.signed_by.erase(kRecipient);
  const auto response = Submit(share);
  ASSERT_OK(response);
  EXPECT_EQ(response->outcome(), v1::SUBMIT_OUTCOME_REFUSED);
  EXPECT_EQ(response->reason(), "POLICY_CHANGED");
  EXPECT_EQ(Waiting(), 0u);
}

TEST_F(SubmitTest, ARefusalIsNotRemembered) {
  const v1::SubmitReferralRequest share = Share();
  const policy::Policy before = policy();
  for (policy::Agreement& agreement : policy().agreements) agreement.signed_by.clear();
  EXPECT_EQ(Submit(share)->outcome(), v1::SUBMIT_OUTCOME_REFUSED);
  policy() = before;
  EXPECT_EQ(Submit(share)->outcome(), v1::SUBMIT_OUTCOME_STORED);
}

TEST_F(SubmitTest, APersonWhoLeftTheDirectoryPushesNothing) {
  world().directories[kSender].people.clear();
  const auto response = Submit(Share());
  ASSERT_OK(response);
  EXPECT_EQ(response->outcome(), v1::SUBMIT_OUTCOME_REFUSED);
  EXPECT_EQ(response->reason(), "ROLE_NOT_ENTITLED");
}

TEST_F(SubmitTest, AnEditedManifestDoesNotVerify) {
  v1::SubmitReferralRequest share = Share();
  v1::DsseEnvelope& envelope = *share.mutable_submissions(0)->mutable_package()->mutable_manifest();
  v1::Manifest manifest;
  ASSERT_TRUE(manifest.ParseFromString(envelope.payload()));
  manifest.set_marking("OS");
  envelope.set_payload(manifest.SerializeAsString());
  EXPECT_EQ(Refused(share), "SIGNATURE_INVALID");
}

// A second key id would let the share pass at collection when the key that signed it is revoked (P09).
TEST_F(SubmitTest, AnEnvelopeHasExactlyOneSignature) {
  v1::SubmitReferralRequest share = Share();
  auto& signatures = *share.mutable_submissions(0)->mutable_package()->mutable_manifest()->mutable_signatures();
  signatures.Add()->set_keyid("another");
  EXPECT_EQ(Refused(share), "SIGNATURE_INVALID");
  signatures.Clear();
  EXPECT_EQ(Refused(share), "SIGNATURE_INVALID");
}

TEST_F(SubmitTest, AShareExpiresWithinTheLifeOfAMailbox) {
  const auto expiring = [&](absl::Duration after) {
    return Share([&](v1::Manifest& m, v1::SenderStatement&) {
      m.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(now_ + after));
    });
  };
  EXPECT_EQ(Refused(expiring(absl::Hours(24 * 38))), "PAYLOAD_REJECTED");
  EXPECT_OK(Submit(expiring(absl::Hours(24 * 37))));
}

TEST_F(SubmitTest, AShareOfAnotherAgencyIsNotTaken) { EXPECT_EQ(Refused(Share(), kStranger), "PAYLOAD_REJECTED"); }

TEST_F(SubmitTest, AKeyThatIsUnknownDoesNotCount) {
  world().keys.erase(kSender);
  EXPECT_EQ(Refused(Share()), "KEY_NOT_CERTIFIED");
}

TEST_F(SubmitTest, APackageSealedToAKeyThatDoesNotCountIsRefused) {
  EXPECT_EQ(Refused(Share([](v1::Manifest& manifest, v1::SenderStatement&) {
              manifest.set_sealing_key_id(std::string(64, '0'));
            })),
            "KEY_NOT_CERTIFIED");
}

TEST_F(SubmitTest, AllViolationsAreToldAtOnce) {
  v1::SubmitReferralRequest share = Share([](v1::Manifest& manifest, v1::SenderStatement& statement) {
    manifest.set_recipient_role("");
    manifest.mutable_units(1)->set_size_bucket(300);
    statement.set_salt("short");
  });
  share.mutable_submissions(0)->mutable_package()->set_key_ring("another ring");
  const auto violations = Violations::Of(Submit(share).status());
  EXPECT_THAT(violations, Contains(Pair("submissions[0].manifest.recipient_role", ::testing::_)));
  EXPECT_THAT(violations, Contains(Pair("submissions[0].manifest.units[1].size_bucket", ::testing::_)));
  EXPECT_THAT(violations, Contains(Pair("submissions[0].manifest.key_ring_digest", ::testing::_)));
  EXPECT_THAT(violations, Contains(Pair("submissions[0].sender_statement.salt", ::testing::_)));
}

TEST_F(SubmitTest, AManifestOfManyPartsIsRefusedByTheirNumber) {
  const auto violations = Violations::Of(Submit(Share([](v1::Manifest& manifest, v1::SenderStatement&) {
                                           for (int i = 0; i < 50000; ++i) manifest.add_subjects();
                                           for (int i = 0; i < 50000; ++i) manifest.add_obligations();
                                         })).status());
  EXPECT_THAT(violations, ElementsAre(Pair("submissions[0].manifest.obligations", "are 64 at most"),
                                      Pair("submissions[0].manifest.subjects", "are 1 to 30"),
                                      Pair("submissions[0].manifest.units", "are 64 a subject at most")));
}

TEST_F(SubmitTest, AManifestLargerThanOneThatNamesEverythingIsNotRead) {
  const auto violations = Violations::Of(Submit(Share([](v1::Manifest& manifest, v1::SenderStatement&) {
                                           manifest.set_marking(std::string(512 << 10, 'x'));
                                         })).status());
  EXPECT_THAT(violations, ElementsAre(Pair("submissions[0].package.manifest.payload", "is 512 KiB at most")));
}

struct UnfitWord {
  const char* field;
  std::function<void(v1::Manifest&, v1::SenderStatement&)> put;
};

// What an entry could not hold would else fail only when it is entered, and nobody would learn which word it was.
TEST_F(SubmitTest, AWordThatIsNoCodeIsNamedByItsField) {
  const std::string name = "Maren Oakshott";
  const UnfitWord words[] = {
      {"manifest.recipient_agency", [&](auto& m, auto&) { m.set_recipient_agency(name); }},
      {"manifest.subjects.role", [&](auto& m, auto&) { m.mutable_subjects(0)->set_role(name); }},
      {"manifest.subjects.grounds", [&](auto& m, auto&) { m.mutable_subjects(0)->add_grounds(name); }},
      {"manifest.subjects.grounds", [&](auto& m, auto&) { m.mutable_subjects(0)->add_grounds(std::string(101, 'x')); }},
      {"manifest.units[1].category", [&](auto& m, auto&) { m.mutable_units(1)->set_category(name); }},
      {"manifest.units[1].form", [&](auto& m, auto&) { m.mutable_units(1)->set_form(name); }},
      {"sender_statement.acting_person", [&](auto&, auto& s) { s.set_acting_person(name); }},
      {"sender_statement.subjects.categories", [&](auto&, auto& s) { s.mutable_subjects(0)->add_categories(name); }}};
  for (const UnfitWord& word : words) {
    const auto violations = Violations::Of(Submit(Share(word.put)).status());
    EXPECT_THAT(violations, ElementsAre(Pair(absl::StrCat("submissions[0].", word.field), ::testing::_))) << word.field;
  }
}

TEST_F(SubmitTest, AUnitChangedInItsCiphertextIsRejected) {
  v1::SubmitReferralRequest share = Share();
  (*share.mutable_submissions(0)->mutable_package()->mutable_units(0))[7] ^= 1;
  EXPECT_EQ(Refused(share), "PAYLOAD_REJECTED");
}

TEST_F(SubmitTest, AShareFromTheFutureIsRefused) {
  const v1::SubmitReferralRequest share = Share();
  now_ -= absl::Seconds(31);
  EXPECT_EQ(Refused(share), "PAYLOAD_REJECTED");
  EXPECT_EQ(Waiting(), 0u);
}

TEST_F(SubmitTest, AFinishedShareMayWaitInItsOutboxUntilItExpires) {
  const v1::SubmitReferralRequest share = Share();
  now_ += absl::Hours(73);
  EXPECT_EQ(Refused(share), "PAYLOAD_REJECTED");
  now_ -= absl::Hours(2);
  EXPECT_EQ(Submit(share)->outcome(), v1::SUBMIT_OUTCOME_STORED);
}

TEST_F(SubmitTest, AShareThatWasAnsweredGetsItsFirstAnswerHoweverLateItsBytesComeAgain) {
  const v1::SubmitReferralRequest share = Share();
  const auto first = Submit(share);
  ASSERT_OK(first);
  for (const absl::Duration later : {absl::Minutes(5), absl::Hours(24 * 7)}) {
    now_ += later;
    const auto again = Submit(share);
    ASSERT_OK(again);
    EXPECT_EQ(again->outcome(), v1::SUBMIT_OUTCOME_STORED);
  }
  EXPECT_EQ(Waiting(), 1u);
}

TEST_F(SubmitTest, ACategoryStandsOnceForASubject) {
  EXPECT_EQ(Refused(Share([](v1::Manifest& manifest, v1::SenderStatement&) {
              manifest.mutable_units(1)->set_category("fire_risk");
            })),
            "PAYLOAD_REJECTED");
}

TEST_F(SubmitTest, WhetherExistenceIsSecretIsTheProfilesToSay) {
  EXPECT_EQ(
      Refused(Share([](v1::Manifest& manifest, v1::SenderStatement&) { manifest.set_existence_sensitive(true); })),
      "PAYLOAD_REJECTED");
}

TEST_F(SubmitTest, ASubjectStandsOnceInTheStatement) {
  EXPECT_EQ(Refused(Share([](v1::Manifest&, v1::SenderStatement& statement) {
              *statement.add_subjects() = v1::AskedSubject(statement.subjects(0));
            })),
            "PAYLOAD_REJECTED");
}

TEST_F(SubmitTest, OnlyAShareOfItsOwnIsSuperseded) {
  EXPECT_EQ(Refused(Share([](v1::Manifest& manifest, v1::SenderStatement&) {
              manifest.set_version(2);
              manifest.set_supersedes_share_id("5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1bff");
            })),
            "SHARE_UNKNOWN");
}

}  // namespace
}  // namespace derwent::exchange
