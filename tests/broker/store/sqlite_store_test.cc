#include "broker/store/sqlite/sqlite_store.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/broker/store/fault_vfs.h"
#include "tests/broker/store/sample_rows.h"
#include "tests/broker/store/store_contract.h"
#include "tests/broker/store/temp_folder.h"

namespace derwent::store {
namespace {

using ::derwent::testing::IsOk;
using ::derwent::testing::StatusIs;
using ::testing::HasSubstr;

class SqliteUnderTest final : public StoreUnderTest {
 public:
  std::unique_ptr<Store> Open() override { return OpenSqliteStore({.path = folder_.path() + "/derwent.db"}).value(); }

 private:
  TempFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract,
                         ::testing::Values(MakeStoreUnderTest([] { return std::make_unique<SqliteUnderTest>(); })));

class SqliteStoreTest : public ::testing::Test {
 protected:
  std::string path() const { return folder_.path() + "/derwent.db"; }
  TempFolder folder_;
};

TEST_F(SqliteStoreTest, MakesFilesThatOnlyItsOwnerReads) {
  auto store = OpenSqliteStore({.path = path()}).value();
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
    struct stat status = {};
    ASSERT_EQ(stat((path() + suffix).c_str(), &status), 0) << suffix;
    EXPECT_EQ(status.st_mode & 077, 0u) << suffix;
  }
}

TEST_F(SqliteStoreTest, LetsOneProcessInOnly) {
  auto store = OpenSqliteStore({.path = path()}).value();
  EXPECT_THAT(OpenSqliteStore({.path = path()}),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("another process")));
}

TEST_F(SqliteStoreTest, RefusesAFileThatIsNoDatabase) {
  std::ofstream(path()) << std::string(10'000, 'x');
  EXPECT_THAT(OpenSqliteStore({.path = path()}), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(SqliteStoreTest, RefusesAFolderThatIsNotThere) {
  EXPECT_THAT(OpenSqliteStore({.path = folder_.path() + "/none/derwent.db"}), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(SqliteStoreTest, NothingMoreRunsInATransactionThatAFailureUndid) {
  FaultVfs disk;
  auto store = OpenSqliteStore({.path = path(), .cache_kib = 64, .vfs = disk.name()}).value();
  auto transaction = store->Begin().value();
  disk.Arm(FaultVfs::Fault::kErrorOnce, 1);
  uint64_t size = 0;
  const auto write = [&] { return transaction->InsertCheckpoint({.size = ++size, .note = std::string(2000, 'x')}); };
  absl::Status failed;
  while (failed.ok() && size < 1000) failed = write();  // Until the cache is full.
  ASSERT_THAT(failed, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(write(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(transaction->NewestCheckpoint(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(transaction->Savepoint(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_FALSE(transaction->Commit().ok());
  transaction = nullptr;
  EXPECT_FALSE(store->Read().value()->NewestCheckpoint().value().has_value());
  EXPECT_OK(store->Begin());
}

TEST_F(SqliteStoreTest, LimitsReadersAtOnce) {
  auto store = OpenSqliteStore({.path = path(), .max_readers = 2}).value();
  auto first = store->Read().value();
  auto second = store->Read().value();
  EXPECT_THAT(store->Read(), StatusIs(absl::StatusCode::kResourceExhausted));
  first.reset();
  EXPECT_OK(store->Read());
}

TEST_F(SqliteStoreTest, OverwritesWhatItDeletes) {
  const std::string secret = "PLANTED-PAYLOAD-OCTETS";
  {
    auto store = OpenSqliteStore({.path = path()}).value();
    DeliveryRow delivery = SampleDelivery(1);
    delivery.payload = secret + std::string(9'000, 'p') + secret;
    auto transaction = store->Begin().value();
    const uint64_t sequence = transaction->InsertDelivery(delivery).value();
    ASSERT_OK(transaction->Commit());
    transaction = store->Begin().value();
    ASSERT_OK(transaction->DeleteDelivery(sequence));
    ASSERT_OK(transaction->Commit());
  }
  std::ifstream file(path(), std::ios::binary);
  const std::string octets{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_EQ(octets.find(secret), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path() + "-wal"));
}

class MovedClock final : public Clock {
 public:
  absl::Time Now() const override { return now_; }
  void Move(absl::Duration by) { now_ += by; }

 private:
  absl::Time now_ = At(0);
};

// A store that has just erased an entry.
class ErasedLogTest : public SqliteStoreTest {
 protected:
  void Open(SqliteOptions options) {
    options.path = path();
    options.clock = &clock_;
    store_ = OpenSqliteStore(options).value();
    auto transaction = store_->Begin().value();
    ASSERT_OK(transaction->InsertEntry(SampleEntry(0)));
    ASSERT_OK(transaction->Commit());
  }
  void Erase() {
    auto transaction = store_->Begin().value();
    ASSERT_OK(transaction->EraseEntry(SampleEntry(0), SampleEntry(0).tags));
    ASSERT_OK(transaction->Commit());
  }
  // Whether a transaction begins, and the log of changes is empty then.
  bool EmptyAtNextBegin() {
    EXPECT_OK(store_->Begin());
    return std::filesystem::file_size(path() + "-wal") == 0;
  }

  MovedClock clock_;
  std::unique_ptr<Store> store_;
};

TEST_F(ErasedLogTest, IsEmptiedByTheNextTransaction) {
  Open({});
  Erase();
  EXPECT_TRUE(EmptyAtNextBegin());
}

TEST_F(ErasedLogTest, IsTriedOnceASecondWhileAReaderDelaysIt) {
  Open({});
  auto reader = store_->Read().value();
  Erase();
  EXPECT_FALSE(EmptyAtNextBegin());
  reader.reset();
  clock_.Move(absl::Milliseconds(999));
  EXPECT_FALSE(EmptyAtNextBegin()) << "not each transaction copies the log";
  clock_.Move(absl::Milliseconds(1));
  EXPECT_TRUE(EmptyAtNextBegin());
  Erase();
  EXPECT_TRUE(EmptyAtNextBegin()) << "nothing delays it";
}

TEST_F(ErasedLogTest, IsTriedAtOnceWhenTheClockWentBack) {
  Open({});
  auto reader = store_->Read().value();
  Erase();
  EXPECT_FALSE(EmptyAtNextBegin());
  reader.reset();
  clock_.Move(-absl::Hours(1));
  EXPECT_TRUE(EmptyAtNextBegin());
}

TEST_F(ErasedLogTest, AFileThatCannotBeWrittenIsTold) {
  FaultVfs disk;
  Open({.vfs = disk.name()});
  Erase();
  disk.Arm(FaultVfs::Fault::kErrorOnce, 2);  // After the sync of the log itself.
  EXPECT_THAT(store_->Begin(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(EmptyAtNextBegin());
  store_.reset();
}

}  // namespace
}  // namespace derwent::store
