#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "broker/backup/backup_keys.h"
#include "broker/backup/sealed_backup.h"
#include "broker/store/sqlite/sqlite_store.h"
#include "tests/broker/store/temp_folder.h"
#include "tests/support/matchers.h"
#include "tests/trust/seeded_random.h"

namespace derwent::backup {
namespace {

namespace fs = std::filesystem;
using ::derwent::testing::IsOk;
using ::derwent::testing::SeededRandom;
using ::derwent::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1'790'000'000);
constexpr absl::Duration kLifetime = absl::Hours(24 * 30);

std::string Content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class BackupTest : public ::testing::Test {
 protected:
  std::string Path(const char* name) const { return folder_.path() + "/" + name; }
  const store::TempFolder folder_;
  const BackupKeys keys_{folder_.path() + "/keys", kLifetime};
  SeededRandom random_{1};
};

TEST_F(BackupTest, AKeyIsKnownByItsIdUntilItsTimeIsOver) {
  const BackupKeys::Made made = keys_.Make(kNow, random_).value();
  EXPECT_TRUE(keys_.Find(made.id, kNow + kLifetime - absl::Seconds(1)).value() == made.key);
  EXPECT_THAT(keys_.Find(made.id, kNow + kLifetime), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(BackupTest, LapsedKeysAreDestroyedAndTheOthersStay) {
  const std::string old = keys_.Make(kNow, random_).value().id;
  const std::string young = keys_.Make(kNow + absl::Hours(1), random_).value().id;
  std::ofstream(Path("keys/README")) << "not a key";
  EXPECT_THAT(keys_.DestroyLapsed(kNow + kLifetime - absl::Seconds(1)).value(), IsEmpty());
  EXPECT_THAT(keys_.DestroyLapsed(kNow + kLifetime).value(), ElementsAre(old));
  EXPECT_FALSE(fs::exists(Path("keys/") + old + ".key"));
  EXPECT_THAT(keys_.Find(old, kNow), StatusIs(absl::StatusCode::kNotFound)) << "also with the clock put back";
  EXPECT_THAT(keys_.Find(young, kNow + kLifetime), IsOk());
  EXPECT_TRUE(fs::exists(Path("keys/README")));
}

TEST_F(BackupTest, AShorterLifetimeEndsKeysThatExist) {
  const std::string id = keys_.Make(kNow, random_).value().id;
  const BackupKeys shorter(folder_.path() + "/keys", absl::Hours(1));
  EXPECT_THAT(shorter.DestroyLapsed(kNow + absl::Hours(2)).value(), ElementsAre(id));
}

TEST_F(BackupTest, AnIdIsNeverAPath) {
  std::ofstream(Path("keys.key")) << "2026-11-27T00:00:00Z\n";
  for (const char* id : {"", "..", "../keys", "/etc/passwd", "a/b"})
    EXPECT_THAT(keys_.Find(id, kNow), StatusIs(absl::StatusCode::kNotFound)) << id;
}

TEST_F(BackupTest, AKeyThatOthersMayReadDoesNotCount) {
  const std::string id = keys_.Make(kNow, random_).value().id;
  ASSERT_EQ(chmod((Path("keys/") + id + ".key").c_str(), 0640), 0);
  EXPECT_THAT(keys_.Find(id, kNow), StatusIs(absl::StatusCode::kPermissionDenied));
}

class SealedBackupTest : public BackupTest {
 protected:
  void SetUp() override {
    store_ = store::OpenSqliteStore({.path = Path("broker.db")}).value();
    auto transaction = store_->Begin().value();
    ASSERT_OK(transaction->Commit());
  }
  std::unique_ptr<store::Store> store_;
};

TEST_F(SealedBackupTest, IsPutBackAsItWasWhileTheBrokerWrites) {
  ASSERT_OK(SealBackup(Path("broker.db"), Path("b"), keys_, kNow, random_));
  EXPECT_EQ(Content(Path("b")).find("SQLite format 3"), std::string::npos);
  EXPECT_EQ(Content(Path("b")).find("CREATE TABLE"), std::string::npos);
  ASSERT_OK(OpenBackup(Path("b"), Path("again.db"), keys_, kNow));
  EXPECT_EQ(fs::status(Path("again.db")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  const auto again = store::OpenSqliteStore({.path = Path("again.db")});
  ASSERT_OK(again);
  EXPECT_EQ((*again)->Read().value()->GetLogState()->root, store_->Read().value()->GetLogState()->root);
}

TEST_F(SealedBackupTest, LeavesNothingPlainAndNothingHalf) {
  ASSERT_OK(SealBackup(Path("broker.db"), Path("b"), keys_, kNow, random_));
  EXPECT_THAT(SealBackup(Path("broker.db"), Path("b"), keys_, kNow, random_),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(SealBackup(Path("none.db"), Path("c"), keys_, kNow, random_), StatusIs(absl::StatusCode::kNotFound));
  std::string sealed = Content(Path("b"));
  sealed[sealed.size() / 2] ^= 1;
  std::ofstream(Path("changed"), std::ios::binary) << sealed;
  EXPECT_THAT(OpenBackup(Path("changed"), Path("again.db"), keys_, kNow), StatusIs(absl::StatusCode::kDataLoss));
  std::ofstream(Path("cut"), std::ios::binary) << Content(Path("b")).substr(0, 21 + 36 + 65536);
  EXPECT_THAT(OpenBackup(Path("cut"), Path("again.db"), keys_, kNow), StatusIs(absl::StatusCode::kDataLoss));
  for (const fs::directory_entry& file : fs::directory_iterator(folder_.path())) {
    const std::string name = file.path().filename();
    EXPECT_THAT(name, ::testing::AnyOf("keys", "b", "changed", "cut", "broker.db", "broker.db-wal", "broker.db-shm",
                                       "broker.db.lock"));
  }
}

TEST_F(SealedBackupTest, CannotBeReadOnceItsKeyIsDestroyed) {
  ASSERT_OK(SealBackup(Path("broker.db"), Path("b"), keys_, kNow, random_));
  ASSERT_EQ(keys_.DestroyLapsed(kNow + kLifetime).value().size(), 1u);
  EXPECT_THAT(OpenBackup(Path("b"), Path("again.db"), keys_, kNow), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_FALSE(fs::exists(Path("again.db")));
}

}  // namespace
}  // namespace derwent::backup
