#include "agents/sdk/keys.h"

#include <map>
#include <optional>
#include <set>
#include <string>

#include "agents/sdk/agency_signature.h"
#include "agents/sdk/checkpoint_watch.h"
#include "agents/sdk/messages.h"
#include "agents/sdk/receipts.h"
#include "tests/agents/sdk/test_agency.h"
#include "tests/support/matchers.h"

namespace derwent::agents {
namespace {

using testing::AnchorsFor;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;
using testing::TestAgency;
using testing::TestLog;
using testing::TestPki;

class KeysTest : public ::testing::Test {
 protected:
  KeysTest() { anchors_.emplace(AnchorsFor(pki_, log_, {&police_}, now_)); }

  absl::Time now_ = absl::Now();
  TestPki pki_{now_};
  TestLog log_;
  TestAgency police_{pki_, "police.derbys", now_};
  std::optional<TrustAnchors> anchors_;
  KeyBook book_;
};

TEST_F(KeysTest, FollowsAChainFromThePinnedKey) {
  ASSERT_THAT(book_.Take(police_.Keys(log_), *anchors_, now_), IsOk());
  const auto history = book_.Find("police.derbys");
  EXPECT_NE(history->Current(trust::KeyUse::kSealing, now_), nullptr);
  EXPECT_TRUE(book_.Foreign("police.derbys", {police_.first_key(), police_.sealing_identity().key_id}).empty());
}

TEST_F(KeysTest, KeysThatAForkedLogTellsOfCountNowhere) {
  const KnownLedger forked{.observe = [](const std::vector<ShownCheckpoint>& checkpoints) {
    EXPECT_FALSE(checkpoints.empty());
    return absl::DataLossError("LEDGER_FORKED");
  }};
  EXPECT_THAT(book_.Take(police_.Keys(log_), *anchors_, now_, forked), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(book_.Find("police.derbys")->length(), 0u);
  EXPECT_FALSE(book_.Published("police.derbys", police_.sealing_identity().key_id));
}

TEST_F(KeysTest, ASwappedSealingKeyIsCaught) {
  // The broker, with a CA in its hand, puts a key of its own into the chain.
  const testing::TestIdentity swapped = pki_.IssueFor("police.derbys", "agent", "one");
  const trust::SigningKey signer = TestAgency::KeyOf(swapped);
  police_.Publish(v1::KEY_PURPOSE_SEALING, swapped, &signer);
  EXPECT_THAT(book_.Take(police_.Keys(log_), *anchors_, now_),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("KEY_NOT_CERTIFIED")));
  EXPECT_EQ(book_.Find("police.derbys")->length(), 0u);
}

TEST_F(KeysTest, AnAgencyWhoseFirstKeyIsNotPinnedHasNoKeys) {
  TestAgency stranger(pki_, "dfrs", now_);
  EXPECT_THAT(book_.Take(stranger.Keys(log_), *anchors_, now_), StatusIs(absl::StatusCode::kUnauthenticated));
  TestAgency impostor(pki_, "police.derbys", now_);
  EXPECT_THAT(book_.Take(impostor.Keys(log_), *anchors_, now_),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("out of band")));
}

TEST_F(KeysTest, AnEventThatIsNotInTheLedgerDoesNotCount) {
  v1::AgencyKeys keys = police_.Keys(log_);
  keys.mutable_receipts()->SwapElements(0, 1);
  EXPECT_THAT(book_.Take(keys, *anchors_, now_),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("another entry")));
}

// The swapped receipts stand for whatever a whole verification would find.
TEST_F(KeysTest, WhatWasVerifiedIsNotAgainForSecondsUnderTheSameAnchors) {
  anchors_->digest = "as read";
  ASSERT_THAT(book_.Take(police_.Keys(log_), *anchors_, now_), IsOk());
  v1::AgencyKeys keys = police_.Keys(log_);
  keys.mutable_receipts()->SwapElements(0, 1);
  EXPECT_THAT(book_.Take(keys, *anchors_, now_ + absl::Seconds(5)), IsOk());
  EXPECT_THAT(book_.Take(keys, *anchors_, now_ + absl::Seconds(11)), StatusIs(absl::StatusCode::kUnauthenticated));
  anchors_->digest = "read again: a certificate was revoked";
  EXPECT_THAT(book_.Take(keys, *anchors_, now_ + absl::Seconds(1)), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST_F(KeysTest, EventsSeenBeforeCannotVanish) {
  ASSERT_THAT(book_.Take(police_.Keys(log_), *anchors_, now_), IsOk());
  v1::AgencyKeys shorter = police_.Keys(log_);
  shorter.mutable_events()->RemoveLast();
  shorter.mutable_receipts()->RemoveLast();
  EXPECT_THAT(book_.Take(shorter, *anchors_, now_), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("KEYS_REWRITTEN")));
}

// Its own process ended and started again.
class KeyMemoryTest : public KeysTest {
 protected:
  KeyBook Restarted(std::set<std::string> accepted = {}) {
    return KeyBook({[this](const std::string& name) { return kept_[name]; },
                    [this](const std::string& name, const std::string& value) {
                      kept_[name] = value;
                      return absl::OkStatus();
                    }},
                   std::move(accepted));
  }
  // 31 days on, when every key has ended and no certificate.
  void EveryKeyEnds() {
    later_ = now_ + absl::Hours(24 * 31);
    anchors_->revoked =
        trust::RevocationSet::FromPem(pki_.CrlOf({.made = later_ - absl::Hours(1)}), anchors_->authority, later_)
            .value();
  }

  absl::Time later_;
  std::map<std::string, std::string> kept_;
};

TEST_F(KeyMemoryTest, EventsSeenBeforeARestartCannotVanish) {
  const testing::TestIdentity stolen = pki_.IssueFor("police.derbys", "agent", "one");
  police_.Publish(v1::KEY_PURPOSE_SIGNING, stolen);
  police_.Revoke(v1::KEY_PURPOSE_SIGNING, stolen);
  ASSERT_THAT(Restarted().Take(police_.Keys(log_), *anchors_, now_), IsOk());
  KeyBook book = Restarted();
  police_.ForgetLast();
  EXPECT_THAT(book.Take(police_.Keys(log_), *anchors_, now_),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("KEYS_REWRITTEN")));
  police_.Publish(v1::KEY_PURPOSE_SEALING, stolen);  // As long a chain, and another.
  EXPECT_THAT(book.Take(police_.Keys(log_), *anchors_, now_),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("KEYS_REWRITTEN")));
  EXPECT_EQ(book.Find("police.derbys")->Find(trust::KeyUse::kSigning, stolen.key_id, now_), nullptr);
}

TEST_F(KeyMemoryTest, NothingCountsWhereWhatIsRememberedCannotBeRead) {
  ASSERT_THAT(Restarted().Take(police_.Keys(log_), *anchors_, now_), IsOk());
  kept_["key_chain/police.derbys"] = "two";
  EXPECT_FALSE(Restarted().Take(police_.Keys(log_), *anchors_, now_).ok());
  KeyBook unwritable({[](const std::string&) { return ""; },
                      [](const std::string&, const std::string&) { return absl::UnavailableError("full"); }});
  EXPECT_THAT(unwritable.Take(police_.Keys(log_), *anchors_, now_), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(unwritable.Find("police.derbys")->length(), 0u);
}

TEST_F(KeyMemoryTest, WhoHoldsAKeyThatEndedPublishesNothingMore) {
  ASSERT_THAT(Restarted().Take(police_.Keys(log_), *anchors_, now_), IsOk());
  EveryKeyEnds();
  const testing::TestIdentity forged = pki_.IssueFor("police.derbys", "agent", "one");
  police_.Publish(v1::KEY_PURPOSE_SIGNING, forged);  // Its event says that it is from before the end.
  KeyBook book = Restarted();
  EXPECT_THAT(book.Take(police_.Keys(log_), *anchors_, later_),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("signing key in force")));
  EXPECT_FALSE(book.Published("police.derbys", forged.key_id));
  EXPECT_THAT(Restarted({forged.key_id}).Take(police_.Keys(log_), *anchors_, later_), IsOk())
      << "the agency was asked by another way";
}

TEST_F(KeyMemoryTest, AChainThatWasReadInTimeOutlivesItsKeys) {
  police_.Publish(v1::KEY_PURPOSE_SIGNING, pki_.IssueFor("police.derbys", "agent", "one"));
  ASSERT_THAT(Restarted().Take(police_.Keys(log_), *anchors_, now_), IsOk());
  EveryKeyEnds();
  EXPECT_THAT(Restarted().Take(police_.Keys(log_), *anchors_, later_), IsOk());
}

// Which of the log's entries have the witnesses' quorum.
KnownLedger CosignedUpTo(uint64_t size) {
  return {.witnessed = [size](uint64_t index) { return index < size; }};
}

TEST_F(KeysTest, AKeyCountsOnlyOnceItsEventIsUnderAQuorum) {
  const v1::AgencyKeys keys = police_.Keys(log_);
  const auto taken = book_.Take(keys, *anchors_, now_, CosignedUpTo(1));
  ASSERT_THAT(taken, IsOk());
  EXPECT_TRUE(taken->pending);
  const std::string sealing = police_.sealing_identity().key_id;
  EXPECT_NE(book_.Find("police.derbys")->Current(trust::KeyUse::kSigning, now_), nullptr);
  EXPECT_EQ(book_.Find("police.derbys")->Current(trust::KeyUse::kSealing, now_), nullptr);
  EXPECT_TRUE(book_.Find("police.derbys")->IsPending(trust::KeyUse::kSealing, sealing, now_));
  EXPECT_TRUE(book_.Published("police.derbys", sealing)) << "it is not published twice";
  EXPECT_EQ(book_.Find("police.derbys")->length(), 2u) << "the next event follows it";
  EXPECT_THAT(book_.Foreign("police.derbys", {police_.first_key()}), ::testing::ElementsAre(sealing))
      << "and its agency sees it at once";
  ASSERT_THAT(book_.Take(keys, *anchors_, now_, CosignedUpTo(2)), IsOk());
  EXPECT_NE(book_.Find("police.derbys")->Current(trust::KeyUse::kSealing, now_), nullptr);
  EXPECT_FALSE(book_.Find("police.derbys")->IsPending(trust::KeyUse::kSealing, sealing, now_));
}

TEST_F(KeysTest, ARevocationCountsBeforeItsWitnessesSawIt) {
  police_.Revoke(v1::KEY_PURPOSE_SEALING, police_.sealing_identity());
  ASSERT_THAT(book_.Take(police_.Keys(log_), *anchors_, now_, CosignedUpTo(2)), IsOk());
  EXPECT_EQ(book_.Find("police.derbys")->Current(trust::KeyUse::kSealing, now_), nullptr);
}

TEST_F(KeysTest, WhatAPendingKeySignedIsAskedForAgainAndNotRefused) {
  const testing::TestIdentity next = pki_.IssueFor("police.derbys", "agent", "one");
  police_.Publish(v1::KEY_PURPOSE_SIGNING, next);
  const v1::AgencyKeys keys = police_.Keys(log_);
  const v1::DsseEnvelope signed_by_next =
      trust::SignMessage(trust::kNoticeType, v1::Notice(), TestAgency::KeyOf(next)).value();
  const auto verify = [&] {
    return VerifySigned(signed_by_next, trust::kNoticeType, *book_.Find("police.derbys"), now_, now_);
  };
  ASSERT_THAT(book_.Take(keys, *anchors_, now_, CosignedUpTo(2)), IsOk());
  EXPECT_THAT(verify(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("waits for its witnesses")));
  ASSERT_THAT(book_.Take(keys, *anchors_, now_, CosignedUpTo(3)), IsOk());
  EXPECT_THAT(verify(), IsOk());
}

TEST_F(KeysTest, AKeyInOurNameThatWeDidNotMakeIsSeen) {
  const testing::TestIdentity other = pki_.IssueFor("police.derbys", "agent", "one");
  police_.Publish(v1::KEY_PURPOSE_SEALING, other);
  ASSERT_THAT(book_.Take(police_.Keys(log_), *anchors_, now_), IsOk());
  EXPECT_THAT(book_.Foreign("police.derbys", {police_.first_key(), police_.sealing_identity().key_id}),
              ::testing::ElementsAre(other.key_id));
}

class WatchTest : public ::testing::Test {
 protected:
  void Grow(TestLog& log, int entries, const std::string& body = "body") {
    for (int i = 0; i < entries; ++i) log.EnterPublic(trust::EntryKind::kGovernance, body);
  }
  CheckpointWatch::ProofSource Proofs(const TestLog& log) {
    return [&log](uint64_t old_size, uint64_t size) -> absl::StatusOr<std::vector<Sha256Digest>> {
      if (size > log.size()) return absl::InvalidArgumentError("no such size");
      return log.Consistency(old_size, size);
    };
  }
  TestLog log_;
  CheckpointWatch watch_{std::nullopt};
};

TEST_F(WatchTest, FollowsALogThatGrows) {
  for (int i = 0; i < 5; ++i) {
    Grow(log_, 3);
    ASSERT_THAT(watch_.ObserveNewest(log_.Newest(), watch_.newest(), Proofs(log_)), IsOk());
  }
  EXPECT_EQ(watch_.newest()->size, 15u);
}

TEST_F(WatchTest, AForkIsCaught) {
  Grow(log_, 4);
  ASSERT_THAT(watch_.Observe(log_.Newest(), Proofs(log_)), IsOk());
  TestLog fork;
  Grow(fork, 6, "another body");
  EXPECT_THAT(watch_.Observe(fork.Newest(), Proofs(fork)),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("LEDGER_FORKED")));
  TestLog same_size;
  Grow(same_size, 4, "another body");
  EXPECT_THAT(watch_.Observe(same_size.Newest(), Proofs(same_size)), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(WatchTest, ARollbackIsCaught) {
  Grow(log_, 3);
  const trust::Checkpoint old = log_.Newest();
  Grow(log_, 3);
  ASSERT_THAT(watch_.Observe(log_.Newest(), Proofs(log_)), IsOk());
  EXPECT_THAT(watch_.Observe(old, Proofs(log_)), IsOk());
  EXPECT_THAT(watch_.ObserveNewest(old, watch_.newest(), Proofs(log_)),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("LEDGER_ROLLED_BACK")));
}

TEST(ReceiptTest, SaysWhatWasSentOrIsNotBelieved) {
  TestLog log;
  trust::SealedFields fields;
  fields[trust::Field::kReleasingAgency] = "police.derbys";
  fields[trust::Field::kReceivingAgency] = "rp.housing";
  fields[trust::Field::kIds] = "share=one request=two";
  fields[trust::Field::kSubjectRole] = "subject=1 role=victim";
  const v1::Receipt receipt = log.EnterSealed(fields);
  const ExpectedEntry expected{
      .releasing_agency = "police.derbys", .receiving_agency = "rp.housing", .share_id = "one", .subject = 1};
  EXPECT_THAT(CheckReceipt(receipt, log.vkey(), expected), IsOk());
  ExpectedEntry other = expected;
  other.share_id = "three";
  EXPECT_THAT(CheckReceipt(receipt, log.vkey(), other),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("RECEIPT_INVALID")));
  v1::Receipt moved = receipt;
  moved.set_index(receipt.index() + 1);
  EXPECT_THAT(CheckReceipt(moved, log.vkey(), expected), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(ReceiptTest, OneOfBeforeVerifiesByTheKeyOfBeforeUpToItsSize) {
  TestLog log;
  const v1::Receipt before = log.EnterPublic(trust::EntryKind::kRegister, "one");
  const v1::Receipt beyond = log.EnterPublic(trust::EntryKind::kRegister, "two");
  const trust::Ed25519Key next = trust::Ed25519Key::FromSeed(trust::SecretBytes(std::string(32, 'n'))).value();
  const trust::VerifierKey in_use =
      trust::VerifierKey::Make(log.vkey().name, trust::kNoteEd25519, next.public_key()).value();
  EXPECT_THAT(CheckReceipt(before, in_use, {}), StatusIs(absl::StatusCode::kUnauthenticated));
  const auto keys = trust::LogKeys::Parse(absl::StrCat(in_use.ToString(), "\n", log.vkey().ToString(), " 1\n"));
  ASSERT_THAT(keys, IsOk());
  EXPECT_THAT(CheckReceipt(before, *keys, {}), IsOk());
  EXPECT_THAT(CheckReceipt(beyond, *keys, {}),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("counts up to 1 entries")));
}

}  // namespace
}  // namespace derwent::agents
