#include "broker/ledger/fsck.h"
#include "tests/broker/ledger/ledger_fixture.h"
#include "trust/note/checkpoint.h"
#include "trust/note/log_key_change.h"

namespace derwent::ledger {
namespace {

using ::derwent::testing::StatusIs;
using ::testing::HasSubstr;

// A log whose key 'k' is followed by 'n': two entries under the first, the change, two under both, two under the next.
class LogKeyTest : public LedgerTest {
 protected:
  void SetUp() override {
    LedgerTest::SetUp();
    Commit({Referral(0), Referral(1)});
    Reopen(TestKey('k'), TestKey('n'));
    Commit({EntryDraft::Public(trust::EntryKind::kKeyEvent, log_->KeyChange().value(), "log_key", "")});
    Commit({Referral(2), Referral(3)});
    overlap_ = store_->Read().value()->NewestCheckpoint().value()->note;
    Reopen(TestKey('n'), std::nullopt);
    Commit({Referral(4), Referral(5)});
  }
  void Reopen(trust::Ed25519Key key, std::optional<trust::Ed25519Key> next) {
    log_.reset();
    store_.reset();
    store_ = store::OpenSqliteStore({.path = path()}).value();
    log_ = std::make_unique<Log>(kOrigin, std::move(key), std::move(next));
    ASSERT_OK(log_->TakeOver(*store_));
  }
  static trust::VerifierKey Vkey(char seed) {
    return trust::VerifierKey::Make(kOrigin, trust::kNoteEd25519, TestKey(seed).public_key()).value();
  }
  std::string Broken(std::vector<trust::VerifierKey> vkeys, const std::vector<trust::LogKey>& retired = {}) {
    return Fsck(path(), FsckTrust{.vkeys = std::move(vkeys), .retired = retired}).value().broken;
  }

  std::string overlap_;
};

TEST_F(LogKeyTest, BothKeysSignWhileOneFollowsTheOther) {
  EXPECT_OK(trust::OpenCheckpoint(overlap_, Vkey('k')));
  EXPECT_OK(trust::OpenCheckpoint(overlap_, Vkey('n')));
  const std::string newest = store_->Read().value()->NewestCheckpoint().value()->note;
  EXPECT_THAT(trust::OpenCheckpoint(newest, Vkey('k')), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_OK(trust::OpenCheckpoint(newest, Vkey('n')));
}

TEST_F(LogKeyTest, WhoBelievesTheFirstKeyFollowsTheLogToTheNext) {
  EXPECT_EQ(Broken({Vkey('k')}), "");
  EXPECT_THAT(Broken({Vkey('n')}), HasSubstr("checkpoint 2")) << "old checkpoints need the old key";
  EXPECT_EQ(Broken({Vkey('n'), Vkey('k')}), "");
}

TEST_F(LogKeyTest, ARetiredKeyCountsForNothingBeyondItsLastSize) {
  EXPECT_EQ(Broken({Vkey('k')}, {{.key = Vkey('k'), .last_size = 5}}), "");
  EXPECT_EQ(Broken({Vkey('k')}, {{.key = Vkey('k'), .last_size = 3}}), "") << "the next signed too";
  EXPECT_THAT(Broken({Vkey('k')}, {{.key = Vkey('k'), .last_size = 2}}),
              HasSubstr("entry 2: the log's key is changed by one that was retired before"));
  // Whoever stole it goes on under it.
  Reopen(TestKey('n'), TestKey('k'));
  Commit({Referral(6)});
  Reopen(TestKey('k'), std::nullopt);
  Commit({Referral(7)});
  EXPECT_EQ(Broken({Vkey('k')}), "");
  EXPECT_THAT(Broken({Vkey('k')}, {{.key = Vkey('k'), .last_size = 5}}), HasSubstr("checkpoint 9: "));
}

TEST_F(LogKeyTest, AKeyIsNotTakenThatNothingOfTheLogSigned) {
  log_.reset();
  store_.reset();
  store_ = store::OpenSqliteStore({.path = path()}).value();
  EXPECT_THAT(Log(kOrigin, TestKey('x')).TakeOver(*store_), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(Log(kOrigin, TestKey('x'), TestKey('n')).TakeOver(*store_), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(LogKeyTest, AChangeThatAnotherKeySignedIsCaught) {
  const std::string foreign = trust::SignLogKeyChange(kOrigin, TestKey('x'), TestKey('y')).value();
  Commit({EntryDraft::Public(trust::EntryKind::kKeyEvent, foreign, "log_key", "")});
  EXPECT_THAT(Broken({Vkey('k')}), HasSubstr("entry 7: the log's key is changed by a key that is not the log's"));
}

}  // namespace
}  // namespace derwent::ledger
