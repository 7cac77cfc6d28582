// The disk fails at the n-th write, for every n: nothing acknowledged is lost, nothing is half done, fsck passes.

#include <set>

#include "broker/ledger/fsck.h"
#include "tests/broker/ledger/ledger_fixture.h"
#include "tests/broker/store/fault_vfs.h"
#include "tests/broker/store/sample_rows.h"
#include "trust/base/status_macros.h"

namespace derwent::ledger {
namespace {

using ::derwent::testing::IsOk;
using store::FaultVfs;

constexpr int kBatches = 8;
constexpr int kCases = 4;

// One broker's life on a disk that fails: batches of entries, shares and deliveries, as the writer runs them.
class Life {
 public:
  explicit Life(store::SqliteOptions options = {.path = "", .trim_pages = 24})
      : store_(Open(std::move(options))), log_(kOrigin, TestKey()) {
    EXPECT_OK(log_.TakeOver(*store_));
    const auto transaction = store_->Begin().value();
    for (int number = 1; number <= kCases; ++number) EXPECT_OK(transaction->InsertCase(store::SampleCase(number)));
    EXPECT_OK(transaction->Commit());
  }

  // Runs all batches; stops where the process would end.
  void Run() {
    for (int batch = 1; batch <= kBatches; ++batch) {
      const absl::Status status = RunBatch(batch);
      if (status.ok()) {
        acknowledged_.insert(batch);
        continue;
      }
      log_.Forget();
      if (store::EndsProcess(status)) return;
      disk_.Heal();
      auto reader = store_->Read();
      if (!reader.ok() || !log_.Load(**reader).ok()) return;
    }
  }

  // What the medium holds when the machine comes up again.
  void Check(FaultVfs::Unsynced unsynced, uint32_t seed) {
    store::TempFolder after;
    disk_.SaveMedium(folder_.path(), after.path(), unsynced, seed);
    const std::string path = after.path() + "/derwent.db";
    {
      auto store = store::OpenSqliteStore({.path = path});
      ASSERT_OK(store);
      Log log(kOrigin, TestKey());
      ASSERT_OK(log.TakeOver(**store));
      CheckBatches(*(*store)->Read().value());
    }
    const auto report = Fsck(path, log_.vkey());
    ASSERT_OK(report);
    EXPECT_EQ(report->broken, "");
  }

  void Close() { store_.reset(); }
  FaultVfs& disk() { return disk_; }
  size_t acknowledged() const { return acknowledged_.size(); }

 private:
  std::string path() const { return folder_.path() + "/derwent.db"; }
  std::unique_ptr<store::Store> Open(store::SqliteOptions options) const {
    options.path = path();
    options.vfs = disk_.name();
    return store::OpenSqliteStore(options).value();
  }

  absl::Status RunBatch(int batch) {
    ASSIGN_OR_RETURN(const auto transaction, store_->Begin());
    ASSIGN_OR_RETURN(const auto indexes, log_.Append(*transaction, {Referral(batch), Referral(batch), Referral(batch)},
                                                     TestTime(batch), random_));
    RETURN_IF_ERROR(transaction->InsertShare(store::SampleShare(batch)));
    RETURN_IF_ERROR(transaction->InsertPart(store::SamplePart(batch)));
    store::DeliveryRow delivery = store::SampleDelivery(batch);
    delivery.payload.resize(20'000, 'p');
    delivery.entry_indexes = indexes;
    RETURN_IF_ERROR(transaction->InsertDelivery(delivery).status());
    RETURN_IF_ERROR(RunCommand(*transaction));
    RETURN_IF_ERROR(log_.Seal(*transaction).status());
    return transaction->Commit();
  }

  // One command more, which may fail alone: it replaces rows of the batches before, by statements that SQLite undoes
  // alone, too.
  static absl::Status RunCommand(store::Transaction& transaction) {
    RETURN_IF_ERROR(transaction.Savepoint());
    for (int number = 1; number <= kCases; ++number) {
      const store::CaseMemberRow row{.case_id = store::ShareId(number),
                                     .agency = "dfrs",
                                     .roles = {"spoc"},
                                     .persons = std::vector<std::string>(100, "p-of-some-thirty-octets-of-opaque-id")};
      if (!transaction.PutCaseMember(row).ok()) return transaction.RollbackTo();
    }
    return transaction.Release();
  }

  // A batch is there wholly or not at all; an acknowledged one is there.
  void CheckBatches(store::Reader& reader) {
    std::set<uint64_t> entries;
    for (int batch = 1; batch <= kBatches; ++batch) {
      const bool share = reader.FindShare(store::ShareId(batch)).value().has_value();
      const auto delivery = reader.FindDelivery(store::SampleDelivery(batch).delivery_id).value();
      EXPECT_EQ(share, delivery.has_value()) << "batch " << batch;
      EXPECT_TRUE(share || !acknowledged_.contains(batch)) << "acknowledged batch " << batch << " is lost";
      if (delivery.has_value()) entries.insert(delivery->entry_indexes.begin(), delivery->entry_indexes.end());
    }
    const uint64_t size = reader.GetLogState().value().size;
    EXPECT_EQ(entries.size(), size);
    EXPECT_TRUE(entries.empty() || *entries.rbegin() == size - 1);
  }

  store::TempFolder folder_;
  FaultVfs disk_;
  std::unique_ptr<store::Store> store_;
  Log log_;
  CountedRandom random_;
  std::set<int> acknowledged_;
};

TEST(FaultTest, LosesNothingWhenThePowerFailsAtAnyWrite) {
  uint64_t at = 1;
  for (bool met = true; met; ++at) {
    Life life;
    life.disk().Arm(FaultVfs::Fault::kPowerLoss, at);
    life.Run();
    life.Close();
    met = life.disk().met();
    SCOPED_TRACE(at);
    for (const auto unsynced : {FaultVfs::Unsynced::kLost, FaultVfs::Unsynced::kKept, FaultVfs::Unsynced::kSome}) {
      life.Check(unsynced, static_cast<uint32_t>(at));
    }
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(at, 100u);
}

TEST(FaultTest, GoesOnAfterAnyOneWriteFailed) {
  uint64_t at = 1;
  for (bool met = true; met; ++at) {
    Life life;
    life.disk().Arm(FaultVfs::Fault::kErrorOnce, at);
    life.Run();
    met = life.disk().met();
    SCOPED_TRACE(at);
    life.Check(FaultVfs::Unsynced::kSome, static_cast<uint32_t>(at));
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(at, 100u);
}

// Pages that do not fit the cache are written before the commit, and read again in the same transaction.
TEST(FaultTest, LosesNothingWhenTheDiskIsFullForAMomentInATransactionOverTheCache) {
  uint64_t at = 1;
  for (bool met = true; met; ++at) {
    Life life({.path = "", .cache_kib = 40});
    life.disk().Arm(FaultVfs::Fault::kFullOnce, at);
    life.Run();
    met = life.disk().met();
    SCOPED_TRACE(at);
    life.Check(FaultVfs::Unsynced::kLost, 0);
    EXPECT_GE(life.acknowledged() + 1, static_cast<size_t>(kBatches)) << "more than one batch failed";
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(at, 100u);
}

TEST(FaultTest, LosesNothingWhenTheDiskIsFullFromAnyWriteOn) {
  uint64_t at = 1;
  for (bool met = true; met; ++at) {
    Life life;
    life.disk().Arm(FaultVfs::Fault::kDiskFull, at);
    life.Run();
    met = life.disk().met();
    SCOPED_TRACE(at);
    life.Check(FaultVfs::Unsynced::kLost, 0);
    EXPECT_GE(life.acknowledged() + 1, static_cast<size_t>(kBatches)) << "more than one batch failed";
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(at, 100u);
}

}  // namespace
}  // namespace derwent::ledger
