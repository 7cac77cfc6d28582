#include "broker/sequencer/sequencer.h"

#include <atomic>
#include <future>
#include <thread>

#include "broker/exchange/command/refusal.h"
#include "broker/exchange/share/stored.h"
#include "broker/store/sqlite/sqlite_store.h"
#include "derwent/v1/dsse.pb.h"
#include "derwent/v1/register.pb.h"
#include "tests/broker/exchange/exchange_fixture.h"
#include "tests/broker/store/fault_vfs.h"

namespace derwent::sequencer {
namespace {

using exchange::Batch;

class StillClock final : public Clock {
 public:
  explicit StillClock(absl::Time now) : now_(now) {}
  absl::Time Now() const override { return now_; }

 private:
  absl::Time now_;
};

// The one writer over a disk that can fail.
class SequencerTest : public exchange::ExchangeTest {
 protected:
  void SetUp() override {
    store_ = store::OpenSqliteStore({.path = folder_.path() + "/other.db", .vfs = disk_.name()}).value();
    log_ = std::make_unique<ledger::Log>(ledger::kOrigin, ledger::TestKey());
    ASSERT_OK(log_->TakeOver(*store_));
    world_.Set(std::make_shared<const exchange::World>(world()));
  }
  void TearDown() override {
    if (sequencer_ != nullptr) sequencer_->Stop();
    sequencer_.reset();
    log_.reset();
    store_.reset();
  }

  void Start(SequencerOptions options = {}) {
    sequencer_ = std::make_unique<Sequencer>(
        SequencerParts{
            .store = *store_, .log = *log_, .world = world_, .tagger = *tagger_, .clock = clock_, .random = random_},
        options,
        SequencerEvents{
            .woken = [this](const std::set<std::string>& agencies) { woken_ = agencies; },
            .committed = [this](size_t commands, absl::Duration,
                                const std::shared_ptr<const ledger::SealedBatch>&) { batches_.push_back(commands); },
            .failed = [this](const absl::Status&) { ++failed_; },
            .fatal = [this](const absl::Status&) { fatal_ = true; }});
  }

  using Outcome = std::pair<absl::Status, std::shared_ptr<const ledger::SealedBatch>>;
  std::future<Outcome> Enqueue(std::function<absl::Status(Batch&)> run,
                               decltype(Command::new_world) new_world = nullptr) {
    auto promise = std::make_shared<std::promise<Outcome>>();
    const absl::Status queued = sequencer_->Enqueue(
        {.run = std::move(run),
         .done =
             [promise](const absl::Status& status, std::shared_ptr<const ledger::SealedBatch> sealed) {
               promise->set_value({status, sealed});
             },
         .new_world = std::move(new_world)});
    if (!queued.ok()) promise->set_value({queued, nullptr});
    return promise->get_future();
  }
  static absl::Status Enter(Batch& batch) {
    return batch.Append(ledger::EntryDraft("read", ledger::Actor::kReleasing).SetReleasing("dfrs", "")).status();
  }
  uint64_t Durable() { return store_->Read().value()->GetLogState()->size; }

  store::TempFolder folder_;
  store::FaultVfs disk_;
  trust::SystemRandom random_;
  StillClock clock_{now_};
  CurrentWorld world_;
  std::unique_ptr<Sequencer> sequencer_;
  std::set<std::string> woken_;
  std::vector<size_t> batches_;
  std::atomic<int> failed_ = 0;
  std::atomic<bool> fatal_ = false;
};

TEST_F(SequencerTest, AnAnswerComesAfterTheCommitWithTheSealedBatch) {
  Start();
  const auto [status, sealed] = Enqueue(Enter).get();
  ASSERT_OK(status);
  ASSERT_NE(sealed, nullptr);
  EXPECT_EQ(sealed->size(), 1u);
  EXPECT_EQ(Durable(), 1u);
}

TEST_F(SequencerTest, NothingRunsThatMayNotBeWritten) {
  std::atomic<bool> may = false;
  Start({.may_write = [&]() {
    return may ? absl::OkStatus() : exchange::Refuse(absl::StatusCode::kUnavailable, "WITNESSES_AWAITED", "not yet");
  }});
  EXPECT_EQ(exchange::ReasonOf(Enqueue(Enter).get().first), "WITNESSES_AWAITED");
  EXPECT_EQ(Durable(), 0u);
  may = true;
  EXPECT_OK(Enqueue(Enter).get().first);
  EXPECT_EQ(Durable(), 1u);
}

TEST_F(SequencerTest, WhatWaitsDuringACommitIsCommittedTogether) {
  Start();
  std::promise<void> go;
  std::shared_future<void> gone = go.get_future().share();
  std::vector<std::future<Outcome>> all;
  all.push_back(Enqueue([gone](Batch& batch) {
    gone.wait();
    return Enter(batch);
  }));
  for (int i = 0; i < 20; ++i) all.push_back(Enqueue(Enter));
  go.set_value();
  for (auto& one : all) EXPECT_OK(one.get().first);
  sequencer_->Stop();
  EXPECT_LE(batches_.size(), 3u);
  EXPECT_EQ(Durable(), 21u);
}

TEST_F(SequencerTest, OneBadCommandFailsNobodyElse) {
  Start();
  std::promise<void> go;
  std::shared_future<void> gone = go.get_future().share();
  auto first = Enqueue([gone](Batch& batch) {
    gone.wait();
    return Enter(batch);
  });
  auto bad = Enqueue([](Batch& batch) {
    EXPECT_OK(Enter(batch));
    return absl::Status(exchange::Refuse(absl::StatusCode::kAborted, "SEQUENCE_BROKEN", "no"));
  });
  auto last = Enqueue(Enter);
  go.set_value();
  EXPECT_OK(first.get().first);
  EXPECT_EQ(exchange::ReasonOf(bad.get().first), "SEQUENCE_BROKEN");
  EXPECT_OK(last.get().first);
  EXPECT_EQ(Durable(), 2u);
}

TEST_F(SequencerTest, ABatchIsRunAgainOnlyForACommandThatFailsAfterItWrote) {
  Start();
  const auto fails = [](Batch&) { return absl::Status(exchange::Refuse(absl::StatusCode::kAborted, "NO", "no")); };
  for (const bool wrote : {false, true}) {
    std::promise<void> go;
    auto first = Enqueue([gone = go.get_future().share()](Batch&) {
      gone.wait();
      return absl::OkStatus();
    });
    std::atomic<int> runs = 0;
    auto good = Enqueue([&](Batch& batch) {
      ++runs;
      return Enter(batch);
    });
    auto bad = Enqueue([&](Batch& batch) { return wrote && !Enter(batch).ok() ? absl::OkStatus() : fails(batch); });
    go.set_value();
    EXPECT_OK(first.get().first);
    const auto [status, sealed] = good.get();
    EXPECT_OK(status);
    EXPECT_EQ(exchange::ReasonOf(bad.get().first), "NO");
    EXPECT_EQ(runs, wrote ? 2 : 1);
    EXPECT_EQ(sealed->entries().size(), 1u);
    EXPECT_EQ(Durable(), wrote ? 2u : 1u);
  }
}

TEST_F(SequencerTest, AFailedCommitAnswersNobodyAndTheNextGoesOnFromTheStore) {
  Start();
  ASSERT_OK(Enqueue(Enter).get().first);
  disk_.Arm(store::FaultVfs::Fault::kDiskFull, 1);
  const auto refused = Enqueue(Enter).get();
  EXPECT_TRUE(absl::IsUnavailable(refused.first)) << refused.first;
  EXPECT_EQ(exchange::ReasonOf(refused.first), "LEDGER_UNAVAILABLE");
  EXPECT_EQ(refused.second, nullptr);
  disk_.Heal();
  EXPECT_OK(Enqueue(Enter).get().first);
  EXPECT_EQ(failed_, 1);
  EXPECT_FALSE(fatal_);
  EXPECT_EQ(Durable(), 2u);
}

TEST_F(SequencerTest, ANewWorldNeverShowsRegistersOlderThanThoseInForce) {
  Start();
  v1::Directory directory;
  directory.set_agency(exchange::kSender);
  v1::DsseEnvelope envelope;
  envelope.set_payload(directory.SerializeAsString());
  ASSERT_OK(Enqueue([&](Batch& batch) -> absl::Status {
              batch.registers_changed = true;
              return batch.write().PutDirectory(
                  {.agency = exchange::kSender, .version = 1, .envelope = envelope.SerializeAsString()});
            })
                .get()
                .first);
  const auto without_registers = [](const exchange::World& world) {
    auto bare = std::make_shared<exchange::World>(world);
    bare->directories.clear();
    return bare;
  };
  std::atomic<bool> done = false;
  std::atomic<int> stale = 0;
  std::thread reader([&] {
    while (!done) stale += world_.Get()->directories.contains(exchange::kSender) ? 0 : 1;
  });
  for (int i = 0; i < 200; ++i) EXPECT_OK(Enqueue(Enter, without_registers).get().first);
  done = true;
  reader.join();
  EXPECT_EQ(stale, 0) << "a revoked key or a person who left would count for a moment";
}

TEST_F(SequencerTest, ADeliveryWakesItsMailbox) {
  Start();
  ASSERT_OK(Enqueue([](Batch& batch) {
              return batch.Deliver({.delivery_id = "d-1",
                                    .mailbox_agency = "dfrs",
                                    .share_id = exchange::kShareId,
                                    .kind = exchange::kNoticeDelivery,
                                    .payload = "x",
                                    .create_time = batch.now()});
            })
                .get()
                .first);
  sequencer_->Stop();
  EXPECT_THAT(woken_, ::testing::ElementsAre("dfrs"));
}

TEST_F(SequencerTest, ANewWorldIsInForceForTheNextCommand) {
  Start();
  const auto next = [](const exchange::World& world) {
    auto changed = std::make_shared<exchange::World>(world);
    changed->reload_error = "seen";
    return changed;
  };
  ASSERT_OK(Enqueue([](Batch&) { return absl::OkStatus(); }, next).get().first);
  std::string seen;
  ASSERT_OK(Enqueue([&](Batch& batch) {
              seen = batch.world().reload_error;
              return absl::OkStatus();
            })
                .get()
                .first);
  EXPECT_EQ(seen, "seen");
}

TEST_F(SequencerTest, AWorldThatACommandEnactsIsInForceForTheNextAndNotForItself) {
  Start();
  std::vector<std::string> seen;
  const auto look = [&](Batch& batch) {
    seen.push_back(batch.world().reload_error);
    return absl::OkStatus();
  };
  ASSERT_OK(Enqueue([&](Batch& batch) {
              auto next = std::make_shared<exchange::World>(batch.world());
              next->reload_error = "enacted";
              batch.Enact(next);
              return look(batch);
            })
                .get()
                .first);
  ASSERT_OK(Enqueue(look).get().first);
  EXPECT_THAT(seen, ::testing::ElementsAre("", "enacted"));
}

TEST_F(SequencerTest, AWorldOfACommandThatFailsNeverComesIntoForce) {
  Start();
  const auto fails = [](Batch& batch) {
    auto next = std::make_shared<exchange::World>(batch.world());
    next->reload_error = "enacted";
    batch.Enact(next);
    return absl::AbortedError("no");
  };
  EXPECT_FALSE(Enqueue(fails).get().first.ok());
  EXPECT_EQ(world_.Get()->reload_error, "");
}

TEST_F(SequencerTest, TooManyOutstandingAreRefused) {
  Start({.most_outstanding = 2});
  std::promise<void> go;
  std::shared_future<void> gone = go.get_future().share();
  std::vector<std::future<Outcome>> all;
  for (int i = 0; i < 3; ++i) {
    all.push_back(Enqueue([gone](Batch&) {
      gone.wait();
      return absl::OkStatus();
    }));
  }
  EXPECT_TRUE(absl::IsResourceExhausted(all.back().get().first));
  go.set_value();
  all.pop_back();
  for (auto& one : all) EXPECT_OK(one.get().first);
}

TEST_F(SequencerTest, OnceStoppedNothingIsTaken) {
  Start();
  sequencer_->Stop();
  EXPECT_TRUE(absl::IsUnavailable(Enqueue(Enter).get().first));
}

}  // namespace
}  // namespace derwent::sequencer
