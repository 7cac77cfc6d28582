#include "broker/rpc/gossip.h"

#include <utility>

#include "tests/broker/ledger/ledger_fixture.h"
#include "trust/note/checkpoint.h"

namespace derwent::rpc {
namespace {

// A store that cannot be read as often as it is told.
class BusyStore final : public store::Store {
 public:
  explicit BusyStore(store::Store& store) : store_(store) {}
  absl::StatusOr<std::unique_ptr<store::Transaction>> Begin() override { return store_.Begin(); }
  absl::StatusOr<std::unique_ptr<store::Reader>> Read() override {
    if (busy_ == 0) return store_.Read();
    --busy_;
    return absl::ResourceExhaustedError("too many readers");
  }
  void SetBusy(int times) { busy_ = times; }

 private:
  store::Store& store_;
  int busy_ = 0;
};

class GossipTest : public ::testing::Test {
 protected:
  static trust::VerifierKey VkeyOf(const trust::Ed25519Key& key) {
    return trust::VerifierKey::Make(ledger::kOrigin, trust::kNoteEd25519, key.public_key()).value();
  }
  // A checkpoint that a key of the log signed, of more entries than the empty database holds.
  static std::string Foreign(uint64_t size = 7, const trust::Ed25519Key& key = ledger::TestKey()) {
    const std::string body =
        trust::Checkpoint{.origin = ledger::kOrigin, .size = size, .root = trust::Sha256("another"), .extensions = ""}
            .Body();
    return trust::Note{.text = body, .signatures = {trust::SignNote(body, ledger::kOrigin, key).value()}}.ToString();
  }

  store::TempFolder folder_;
  std::unique_ptr<store::Store> store_ =
      store::OpenSqliteStore({.path = folder_.path() + "/derwent.db", .vfs = ""}).value();
  BusyStore busy_{*store_};
  std::vector<std::string> refuted_;
  Gossip gossip_{trust::LogKeys::Make({{.key = VkeyOf(ledger::TestKey()), .last_size = std::nullopt},
                                       {.key = VkeyOf(ledger::TestKey('e')), .last_size = 9}})
                     .value(),
                 busy_, [this](const std::string& note) { refuted_.push_back(note); }};
};

TEST_F(GossipTest, ToldOfAnotherHistoryItSaysSoOnce) {
  gossip_.Heard(Foreign());
  gossip_.Heard(Foreign());
  EXPECT_EQ(refuted_, std::vector<std::string>{Foreign()});
}

// A log that took a new key is still held to what the one before signed, up to where it counts.
TEST_F(GossipTest, ANoteOfAnEarlierKeyRefutesUpToItsLastSizeAndNothingBeyond) {
  gossip_.Heard(Foreign(10, ledger::TestKey('e')));
  EXPECT_EQ(refuted_, std::vector<std::string>{});
  const std::string counts = Foreign(9, ledger::TestKey('e'));
  gossip_.Heard(counts);
  EXPECT_EQ(refuted_, std::vector<std::string>{counts});
}

TEST_F(GossipTest, WhatCouldNotBeJudgedIsJudgedWhenItIsToldAgain) {
  busy_.SetBusy(1);
  gossip_.Heard(Foreign());
  EXPECT_EQ(refuted_, std::vector<std::string>{});
  gossip_.Heard(Foreign());
  EXPECT_EQ(refuted_, std::vector<std::string>{Foreign()});
}

}  // namespace
}  // namespace derwent::rpc
