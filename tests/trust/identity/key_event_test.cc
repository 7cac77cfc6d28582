#include "trust/identity/key_event.h"

#include <functional>

#include "absl/strings/str_cat.h"

#include "tests/support/matchers.h"
#include "tests/support/test_pki.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::trust {
namespace {

using ::derwent::testing::StatusIs;
using ::derwent::testing::TestIdentity;
using ::derwent::testing::TestPki;
using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'790'000'000);

class KeyHistoryTest : public ::testing::Test {
 protected:
  // The next event of `history_`, which publishes `key`; not signed yet.
  KeyEvent Draft(const TestIdentity& key, KeyUse use) const {
    KeyEvent event;
    event.agency = "dfrs";
    event.sequence = history_.length() + 1;
    event.use = use;
    event.certificate_der = key.certificate_der;
    event.key_id = key.key_id;
    event.previous_event_digest = history_.last_event_digest();
    event.valid_from = kNow;
    event.valid_until = kNow + absl::Hours(24 * 30);
    return event;
  }
  static void Sign(KeyEvent& event, const TestIdentity& signer) {
    const SigningKey key = SigningKey::FromPem(SecretBytes::CopyOf(signer.key_pem)).value();
    // The payload stands for the event's protobuf, which trust does not know.
    event.envelope = SignEnvelope(kKeyEventType, absl::StrCat("event ", event.sequence, event.key_id), key).value();
  }
  absl::Status Add(const KeyEvent& event, absl::Time now = kNow) {
    return history_.Add(event, authority_, revoked_, now);
  }
  absl::Status Publish(const TestIdentity& key, KeyUse use, const TestIdentity& signer) {
    KeyEvent event = Draft(key, use);
    Sign(event, signer);
    return Add(event);
  }

  TestPki pki_{kNow};
  Authority authority_ = Authority::FromPem(pki_.ca_pem(), "derwent.example").value();
  RevocationSet revoked_ = RevocationSet::FromPem(pki_.Crl({}), authority_, kNow).value();
  TestIdentity first_ = pki_.IssueFor("dfrs", "agent", "one");
  TestIdentity second_ = pki_.IssueFor("dfrs", "agent", "one");
  TestIdentity sealing_ = pki_.IssueFor("dfrs", "agent", "one");
  KeyHistory history_{"dfrs", first_.key_id};
};

TEST_F(KeyHistoryTest, FollowsAChainFromThePinnedKey) {
  ASSERT_OK(Publish(first_, KeyUse::kSigning, first_));
  ASSERT_OK(Publish(sealing_, KeyUse::kSealing, first_));
  ASSERT_OK(Publish(second_, KeyUse::kSigning, first_));
  ASSERT_NE(history_.Current(KeyUse::kSigning, kNow), nullptr);
  EXPECT_EQ(history_.Current(KeyUse::kSigning, kNow)->certificate.public_key().key_id(), second_.key_id);
  EXPECT_EQ(history_.Current(KeyUse::kSealing, kNow)->certificate.public_key().key_id(), sealing_.key_id);
  EXPECT_NE(history_.Find(KeyUse::kSigning, first_.key_id, kNow), nullptr);
  EXPECT_EQ(history_.Find(KeyUse::kSealing, first_.key_id, kNow), nullptr);
}

TEST_F(KeyHistoryTest, CountsAKeyOnlyWithinItsTime) {
  ASSERT_OK(Publish(first_, KeyUse::kSigning, first_));
  EXPECT_EQ(history_.Current(KeyUse::kSigning, kNow - absl::Seconds(1)), nullptr);
  EXPECT_NE(history_.Current(KeyUse::kSigning, kNow + absl::Hours(24 * 30) - absl::Seconds(1)), nullptr);
  EXPECT_EQ(history_.Current(KeyUse::kSigning, kNow + absl::Hours(24 * 30)), nullptr);
}

TEST_F(KeyHistoryTest, StopsCountingARevokedKeyAtOnce) {
  ASSERT_OK(Publish(first_, KeyUse::kSigning, first_));
  ASSERT_OK(Publish(second_, KeyUse::kSigning, first_));
  KeyEvent revoke = Draft(first_, KeyUse::kSigning);
  revoke.step = KeyStep::kRevoke;
  Sign(revoke, second_);
  ASSERT_OK(Add(revoke));
  EXPECT_EQ(history_.Find(KeyUse::kSigning, first_.key_id, kNow), nullptr);
  EXPECT_THAT(Publish(sealing_, KeyUse::kSealing, first_), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_OK(Publish(sealing_, KeyUse::kSealing, second_));
}

TEST_F(KeyHistoryTest, AChainOutlivesTheKeysAndCertificatesThatProvedIt) {
  const TestIdentity later = pki_.Issue("spiffe://derwent.example/agency/dfrs/agent/one", absl::Hours(24 * 200));
  const absl::Time ended = kNow + absl::Hours(24 * 100);  // First key and certificate ended, of 30 and 60 days.
  KeyEvent first = Draft(first_, KeyUse::kSigning);
  Sign(first, first_);
  ASSERT_OK(Add(first, ended));
  KeyEvent second = Draft(later, KeyUse::kSigning);
  second.valid_from = kNow + absl::Hours(24 * 20);
  second.valid_until = kNow + absl::Hours(24 * 150);
  Sign(second, first_);
  ASSERT_OK(Add(second, ended));
  EXPECT_EQ(history_.Find(KeyUse::kSigning, first_.key_id, ended), nullptr);
  ASSERT_NE(history_.Current(KeyUse::kSigning, ended), nullptr);
  EXPECT_EQ(history_.Current(KeyUse::kSigning, ended)->certificate.public_key().key_id(), later.key_id);
  KeyEvent third = Draft(sealing_, KeyUse::kSealing);
  third.valid_from = kNow + absl::Hours(24 * 40);  // The first key had ended by then.
  third.valid_until = kNow + absl::Hours(24 * 50);
  Sign(third, first_);
  EXPECT_THAT(Add(third, ended), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST_F(KeyHistoryTest, WhatEndedSignsNothingNewWhateverItsEventSays) {
  ASSERT_OK(Publish(first_, KeyUse::kSigning, first_));
  KeyEvent late = Draft(sealing_, KeyUse::kSealing);
  Sign(late, first_);
  EXPECT_OK(history_.CheckSignedNow(late, kNow));
  const absl::Time ended = kNow + absl::Hours(24 * 31);
  EXPECT_THAT(history_.CheckSignedNow(late, ended), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_OK(Add(late, ended)) << "it may have been entered in time";
}

TEST_F(KeyHistoryTest, AKeyThatIsPendingSignsTheNextEventAndCountsForNothingElse) {
  ASSERT_OK(Publish(first_, KeyUse::kSigning, first_));
  KeyEvent second = Draft(second_, KeyUse::kSigning);
  Sign(second, first_);
  ASSERT_OK(history_.Add(second, authority_, revoked_, kNow, EventStanding::kPending));
  EXPECT_EQ(history_.Find(KeyUse::kSigning, second_.key_id, kNow), nullptr);
  EXPECT_EQ(history_.Current(KeyUse::kSigning, kNow)->certificate.public_key().key_id(), first_.key_id);
  EXPECT_TRUE(history_.IsPending(KeyUse::kSigning, second_.key_id, kNow));
  EXPECT_FALSE(history_.IsPending(KeyUse::kSigning, first_.key_id, kNow));
  KeyEvent third = Draft(sealing_, KeyUse::kSealing);
  Sign(third, second_);
  EXPECT_OK(history_.CheckSignedNow(third, kNow));
  EXPECT_OK(history_.Add(third, authority_, revoked_, kNow, EventStanding::kPending));
}

TEST_F(KeyHistoryTest, AKeyEndsWithItsCertificate) {
  KeyEvent event = Draft(first_, KeyUse::kSigning);
  event.valid_until = kNow + absl::Hours(24 * 365);  // Its certificate is good for 60 days.
  Sign(event, first_);
  ASSERT_OK(Add(event));
  EXPECT_NE(history_.Current(KeyUse::kSigning, kNow + absl::Hours(24 * 59)), nullptr);
  EXPECT_EQ(history_.Current(KeyUse::kSigning, kNow + absl::Hours(24 * 61)), nullptr);
}

TEST_F(KeyHistoryTest, ARevokedKeyIsNotPublishedAgain) {
  ASSERT_OK(Publish(first_, KeyUse::kSigning, first_));
  ASSERT_OK(Publish(second_, KeyUse::kSigning, first_));
  KeyEvent revoke = Draft(second_, KeyUse::kSigning);
  revoke.step = KeyStep::kRevoke;
  Sign(revoke, first_);
  ASSERT_OK(Add(revoke));
  EXPECT_THAT(Publish(second_, KeyUse::kSigning, first_), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST_F(KeyHistoryTest, RefusesAFirstEventThatIsNotThePinnedSigningKey) {
  EXPECT_THAT(Publish(second_, KeyUse::kSigning, second_),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("out of band")));
  EXPECT_THAT(Publish(first_, KeyUse::kSealing, first_),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("first key event")));
  EXPECT_THAT(Publish(first_, KeyUse::kSigning, second_), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_EQ(history_.length(), 0u);
}

// What the broker, or an authority in its hands, could try with the second event: each is refused and changes nothing.
TEST_F(KeyHistoryTest, RefusesEveryBrokenLink) {
  ASSERT_OK(Publish(first_, KeyUse::kSigning, first_));
  TestPki stranger(kNow);
  const TestIdentity foreign = stranger.IssueFor("dfrs", "agent", "one");
  const TestIdentity person = pki_.IssueFor("dfrs", "person", "p-1");
  const TestIdentity neighbour = pki_.IssueFor("cbc", "agent", "one");
  struct Case {
    const char* name;
    std::function<void(KeyEvent&)> change;
    const TestIdentity* signer;
  };
  const std::vector<Case> cases = {
      {"another agency", [](KeyEvent& e) { e.agency = "cbc"; }, &first_},
      {"a gap in the sequence", [](KeyEvent& e) { e.sequence = 3; }, &first_},
      {"a repeated sequence", [](KeyEvent& e) { e.sequence = 1; }, &first_},
      {"no link to the event before", [](KeyEvent& e) { e.previous_event_digest.clear(); }, &first_},
      {"a link to another event", [](KeyEvent& e) { e.previous_event_digest = Sha256("other").bytes(); }, &first_},
      {"signed by the new key itself", [](KeyEvent&) {}, &second_},
      {"signed by a stranger", [](KeyEvent&) {}, &neighbour},
      {"a key of another authority",
       [&](KeyEvent& e) {
         e.certificate_der = foreign.certificate_der;
         e.key_id = foreign.key_id;
       },
       &first_},
      {"a person's certificate",
       [&](KeyEvent& e) {
         e.certificate_der = person.certificate_der;
         e.key_id = person.key_id;
       },
       &first_},
      {"a neighbour's certificate",
       [&](KeyEvent& e) {
         e.certificate_der = neighbour.certificate_der;
         e.key_id = neighbour.key_id;
       },
       &first_},
      {"a key id of another key", [&](KeyEvent& e) { e.key_id = neighbour.key_id; }, &first_},
      {"an empty validity", [](KeyEvent& e) { e.valid_until = e.valid_from; }, &first_},
      {"a certificate cut short", [](KeyEvent& e) { e.certificate_der.pop_back(); }, &first_},
      {"a sealing key of over 90 days",
       [](KeyEvent& e) {
         e.use = KeyUse::kSealing;
         e.valid_until = e.valid_from + absl::Hours(24 * 90 + 1);
       },
       &first_},
  };
  for (const Case& c : cases) {
    KeyEvent event = Draft(second_, KeyUse::kSigning);
    c.change(event);
    Sign(event, *c.signer);
    EXPECT_FALSE(Add(event).ok()) << c.name;
    EXPECT_EQ(history_.length(), 1u) << c.name;
  }
}

TEST_F(KeyHistoryTest, RefusesARevokedCertificateAndAnAlteredPayload) {
  ASSERT_OK(Publish(first_, KeyUse::kSigning, first_));
  KeyEvent event = Draft(second_, KeyUse::kSigning);
  Sign(event, first_);
  event.envelope.payload += "x";
  EXPECT_THAT(Add(event), StatusIs(absl::StatusCode::kUnauthenticated));
  revoked_.Revoke(second_.serial);
  EXPECT_THAT(Publish(second_, KeyUse::kSigning, first_),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("revoked")));
}

TEST(KeyChainTest, AKeyKnowsTheAuthorityAboveItAndOneOfARevokedAuthorityIsRefused) {
  TestPki pki(kNow, TestPki::Depth::kIssuingBelow);
  const Authority authority = Authority::FromPem(pki.ca_pem(), "derwent.example").value();
  const TestIdentity key = pki.IssueFor("dfrs", "agent", "one");
  KeyEvent event{.agency = "dfrs",
                 .sequence = 1,
                 .certificate_der = key.certificate_der,
                 .key_id = key.key_id,
                 .previous_event_digest = "",
                 .valid_from = kNow,
                 .valid_until = kNow + absl::Hours(24),
                 .envelope = {}};
  event.envelope =
      SignEnvelope(kKeyEventType, "event", SigningKey::FromPem(SecretBytes::CopyOf(key.key_pem)).value()).value();
  const std::string issuing = pki.Crl({});
  const RevocationSet before = RevocationSet::FromPem(issuing, authority, kNow).value();
  const RevocationSet after =
      RevocationSet::FromPem(pki.RootCrl({.serials = {pki.authority_serial()}}) + issuing, authority, kNow).value();

  KeyHistory taken("dfrs", key.key_id);
  ASSERT_OK(taken.Add(event, authority, before, kNow));
  EXPECT_TRUE(after.BreaksChain(taken.Current(KeyUse::kSigning, kNow)->chain));
  KeyHistory refused("dfrs", key.key_id);
  EXPECT_THAT(refused.Add(event, authority, after, kNow),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("revoked")));
}

}  // namespace
}  // namespace derwent::trust
