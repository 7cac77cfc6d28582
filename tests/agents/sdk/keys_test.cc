#include "agents/sdk/keys.h"

#include <optional>

#include "agents/sdk/checkpoint_watch.h"
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
  const auto forked = [](const std::vector<trust::Checkpoint>& checkpoints) {
    EXPECT_FALSE(checkpoints.empty());
    return absl::DataLossError("LEDGER_FORKED");
  };
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
