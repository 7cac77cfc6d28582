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
  // A checkpoint that the log's key signed, of more entries than the empty database holds.
  static std::string Foreign() {
    const std::string body =
        trust::Checkpoint{.origin = ledger::kOrigin, .size = 7, .root = trust::Sha256("another"), .extensions = ""}
            .Body();
    return trust::Note{.text = body, .signatures = {trust::SignNote(body, ledger::kOrigin, ledger::TestKey()).value()}}
        .ToString();
  }

  store::TempFolder folder_;
  std::unique_ptr<store::Store> store_ =
      store::OpenSqliteStore({.path = folder_.path() + "/derwent.db", .vfs = ""}).value();
  BusyStore busy_{*store_};
  std::vector<std::string> refuted_;
  Gossip gossip_{trust::VerifierKey::Make(ledger::kOrigin, trust::kNoteEd25519, ledger::TestKey().public_key()).value(),
                 busy_, [this](const std::string& note) { refuted_.push_back(note); }};
};

TEST_F(GossipTest, ToldOfAnotherHistoryItSaysSoOnce) {
  gossip_.Heard(Foreign());
  gossip_.Heard(Foreign());
  EXPECT_EQ(refuted_, std::vector<std::string>{Foreign()});
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
