// What many threads change at once: durable together, failing alone. And the threads that make it so.
#include "agents/daemon/state/group_commit.h"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

#include "agents/daemon/context/at_once.h"
#include "agents/daemon/context/doorbell.h"
#include "agents/daemon/context/keyed_lock.h"
#include "tests/support/matchers.h"

namespace derwent::agents {
namespace {

using testing::IsOk;
using testing::StatusIs;

class GroupCommitTest : public ::testing::Test {
 protected:
  GroupCommitTest() : folder_(::testing::TempDir() + "derwent_commits_XXXXXX") {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    Open();
    EXPECT_OK(sql_->Execute("CREATE TABLE numbers (number INTEGER PRIMARY KEY)"));
  }
  ~GroupCommitTest() override { std::filesystem::remove_all(folder_); }

  void Open() {
    sql_.reset();
    auto opened = Sql::Open(folder_ + "/numbers.db");
    ASSERT_OK(opened);
    sql_ = *std::move(opened);
  }
  static absl::Status Insert(Sql& sql, int64_t number) {
    return Sql::Statement(sql, "INSERT INTO numbers VALUES (?)").Bind(number).Run();
  }
  int64_t Count() {
    Sql::Statement query(*sql_, "SELECT count(*) FROM numbers");
    EXPECT_TRUE(query.Next().value());
    return query.Int(0);
  }

  std::string folder_;
  std::unique_ptr<Sql> sql_;
};

TEST_F(GroupCommitTest, EachOfManyIsDurableAndOneThatFailsUndoesItselfAlone) {
  Mutex database;
  GroupCommit commits(database, *sql_);
  std::atomic<int> failed = 0;
  {
    std::vector<std::jthread> threads;
    for (int64_t thread = 0; thread < 8; ++thread) {
      threads.emplace_back([&, thread] {
        for (int64_t i = 0; i < 25; ++i) {
          const int64_t number = 1000 * thread + 2 * i;
          const absl::Status changed = commits.Run([&](Sql& sql) {
            EXPECT_OK(Insert(sql, number));
            return i % 5 == 0 ? Insert(sql, number) : Insert(sql, number + 1);  // Every fifth breaks the key.
          });
          EXPECT_EQ(changed.ok(), i % 5 != 0) << changed;
          if (!changed.ok()) ++failed;
        }
      });
    }
  }
  EXPECT_EQ(failed, 40);
  Open();
  EXPECT_EQ(Count(), 2 * (200 - 40));
}

TEST_F(GroupCommitTest, ACommitThatFailsAnswersNobodyWithOk) {
  Mutex database;
  GroupCommit commits(database, *sql_);
  ASSERT_OK(sql_->Execute("PRAGMA query_only = ON"));
  EXPECT_FALSE(commits.Run([](Sql& sql) { return Insert(sql, 1); }).ok());
  ASSERT_OK(sql_->Execute("PRAGMA query_only = OFF"));
  EXPECT_OK(commits.Run([](Sql& sql) { return Insert(sql, 1); }));
  EXPECT_EQ(Count(), 1);
}

TEST(AtOnceTest, EachIsDoneOnce) {
  std::vector<std::atomic<int>> done(100);
  EXPECT_OK(AtOnce(done.size(), [&](size_t i) {
    ++done[i];
    return absl::OkStatus();
  }));
  for (const std::atomic<int>& one : done) EXPECT_EQ(one, 1);
}

TEST(AtOnceTest, NothingIsBegunAfterAnError) {
  std::atomic<size_t> begun = 0;
  EXPECT_THAT(AtOnce(100'000,
                     [&](size_t) {
                       ++begun;
                       return absl::UnavailableError("no answer");
                     }),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_LE(begun, 8u);
}

TEST(KeyedLockTest, OneNameIsHeldByOneAtATime) {
  KeyedLock lock;
  int unguarded = 0;  // Counted right only if the lock works.
  EXPECT_OK(AtOnce(2000, [&](size_t) {
    const KeyedLock::Hold other(lock, "other");
    const KeyedLock::Hold hold(lock, "name");
    ++unguarded;
    return absl::OkStatus();
  }));
  EXPECT_EQ(unguarded, 2000);
}

TEST(DoorbellTest, ARingBeforeTheWaitIsHeard) {
  Doorbell bell;
  bell.Ring();
  bell.WaitFor(absl::Hours(1));  // Returns at once, or the test's own time ends it.
}

}  // namespace
}  // namespace derwent::agents
