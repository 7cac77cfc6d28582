#include "broker/store/sqlite/sqlite_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "broker/store/sqlite/schema.h"
#include "broker/store/sqlite/sqlite_transaction.h"
#include "trust/base/mutex.h"
#include "trust/base/status_macros.h"

namespace derwent::store {
namespace {

const SystemClock kMachineClock;
// How long a log of changes that a reader needs is left alone.
constexpr absl::Duration kDelay = absl::Seconds(1);

// A lock file held for the life of the process: one broker a database.
class ProcessLock {
 public:
  explicit ProcessLock(int descriptor) : descriptor_(descriptor) {}
  ProcessLock(ProcessLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  ProcessLock& operator=(ProcessLock&&) = delete;
  ProcessLock(const ProcessLock&) = delete;
  ProcessLock& operator=(const ProcessLock&) = delete;
  ~ProcessLock() {
    if (descriptor_ >= 0) close(descriptor_);
  }

  static absl::StatusOr<ProcessLock> Take(const std::string& path) {
    const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) return absl::UnavailableError("store: the lock file cannot be opened");
    ProcessLock lock(descriptor);
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0)
      return absl::UnavailableError("store: another process uses the database");
    return lock;
  }

 private:
  int descriptor_;
};

// Makes the file first, so that it (and what SQLite puts beside it) is readable by its owner only.
absl::Status MakeFile(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return absl::UnavailableError("store: the database file cannot be opened for writing");
  close(descriptor);
  return absl::OkStatus();
}

int CountPages(void* pages, sqlite3* /*database*/, const char* /*name*/, int in_log) {
  *static_cast<int*>(pages) = in_log;
  return SQLITE_OK;
}

class SqliteStore final : public Store {
 public:
  SqliteStore(SqliteOptions options, ProcessLock lock, std::unique_ptr<Connection> writer)
      : options_(std::move(options)),
        clock_(options_.clock == nullptr ? kMachineClock : *options_.clock),
        lock_(std::move(lock)),
        writer_(std::move(writer)) {
    sqlite3_wal_hook(writer_->database(), CountPages, &pages_in_log_);
  }
  SqliteStore(const SqliteStore&) = delete;
  SqliteStore& operator=(const SqliteStore&) = delete;
  ~SqliteStore() override = default;

  absl::StatusOr<std::unique_ptr<Transaction>> Begin() override;
  absl::StatusOr<std::unique_ptr<Reader>> Read() override;
  // Takes a reader's connection back; nullptr: it broke.
  void Return(std::unique_ptr<Connection> connection);

 private:
  absl::Status Trim();
  absl::Status EmptyLog();
  bool MayEmptyLog() const;
  absl::StatusOr<std::unique_ptr<Connection>> TakeReader();

  const SqliteOptions options_;
  const Clock& clock_;
  const ProcessLock lock_;
  const std::unique_ptr<Connection> writer_;
  int pages_in_log_ = 0;       // touched inside the open transaction only
  bool erased_in_log_ = true;  // likewise: the log of changes may still hold what was erased, as after a crash
  absl::Time delayed_ = absl::InfinitePast();  // likewise: when a reader last kept it from being emptied
  Mutex mutex_;
  bool writing_ GUARDED_BY(mutex_) = false;
  size_t reading_ GUARDED_BY(mutex_) = 0;
  std::vector<std::unique_ptr<Connection>> idle_ GUARDED_BY(mutex_);
};

// A reader's snapshot; gives its connection back to the store.
class Snapshot final : public SqliteReads {
 public:
  Snapshot(SqliteStore& store, std::unique_ptr<Connection> connection)
      : SqliteReads(*connection), store_(store), own_(std::move(connection)) {}
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  ~Snapshot() override {
    if (!own_->Run("ROLLBACK").ok()) own_ = nullptr;
    store_.Return(std::move(own_));
  }

 private:
  SqliteStore& store_;
  std::unique_ptr<Connection> own_;
};

absl::StatusOr<std::unique_ptr<Transaction>> SqliteStore::Begin() {
  {
    const MutexLock hold(mutex_);
    if (writing_) return absl::FailedPreconditionError("store: a transaction is open already");
    writing_ = true;
  }
  const auto free = [this](SqliteTransaction::End end) {
    const MutexLock hold(mutex_);
    erased_in_log_ = erased_in_log_ || end.erased;
    writing_ = false;
  };
  absl::Status begun = MayEmptyLog() ? EmptyLog() : Trim();
  if (begun.ok()) begun = writer_->Run("BEGIN IMMEDIATE");
  if (!begun.ok()) {
    free({.erased = false});
    return begun;
  }
  return std::make_unique<SqliteTransaction>(*writer_, free);
}

// Here and not inside a commit: a failed sync of the database file must be seen, and be no commit's failure.
absl::Status SqliteStore::Trim() {
  if (pages_in_log_ < options_.trim_pages) return absl::OkStatus();
  const int rc = sqlite3_wal_checkpoint_v2(writer_->database(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC) return SqliteStatus(writer_->database(), rc, "trim");
  // Anything else leaves the log of changes longer, which is safe; the next commit tries again.
  pages_in_log_ = 0;
  return absl::OkStatus();
}

// A copy of the whole log for each transaction would slow the writer down as long as a reader stays.
bool SqliteStore::MayEmptyLog() const {
  if (!erased_in_log_) return false;
  const absl::Time now = clock_.Now();
  return now < delayed_ || now - delayed_ >= kDelay;
}

// Copies the whole log of changes into the file and cuts it to nothing. While a reader needs it a later Begin tries
// again: waiting would stop the writer.
absl::Status SqliteStore::EmptyLog() {
  sqlite3_busy_timeout(writer_->database(), 0);
  const int rc = sqlite3_wal_checkpoint_v2(writer_->database(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  sqlite3_busy_timeout(writer_->database(), Connection::kBusyMillis);
  if ((rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED) {
    delayed_ = clock_.Now();
    return absl::OkStatus();
  }
  if (rc != SQLITE_OK) return SqliteStatus(writer_->database(), rc, "empty the log of changes");
  pages_in_log_ = 0;
  erased_in_log_ = false;
  delayed_ = absl::InfinitePast();
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Connection>> SqliteStore::TakeReader() {
  {
    const MutexLock hold(mutex_);
    if (reading_ >= options_.max_readers) return absl::ResourceExhaustedError("store: too many readers at once");
    ++reading_;
    if (!idle_.empty()) {
      std::unique_ptr<Connection> connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  absl::StatusOr<std::unique_ptr<Connection>> opened =
      Connection::Open(options_.path, options_.vfs, Connection::Role::kReader);
  if (!opened.ok()) Return(nullptr);
  return opened;
}

absl::StatusOr<std::unique_ptr<Reader>> SqliteStore::Read() {
  ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, TakeReader());
  absl::Status pinned = connection->Run("BEGIN");
  if (!pinned.ok()) {
    Return(nullptr);
    return pinned;
  }
  auto snapshot = std::make_unique<Snapshot>(*this, std::move(connection));
  // The first read fixes what the snapshot sees.
  RETURN_IF_ERROR(snapshot->GetLogState().status());
  return snapshot;
}

void SqliteStore::Return(std::unique_ptr<Connection> connection) {
  const MutexLock hold(mutex_);
  --reading_;
  if (connection != nullptr) idle_.push_back(std::move(connection));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(const SqliteOptions& options) {
  ASSIGN_OR_RETURN(ProcessLock lock, ProcessLock::Take(absl::StrCat(options.path, ".lock")));
  RETURN_IF_ERROR(MakeFile(options.path));
  ASSIGN_OR_RETURN(std::unique_ptr<Connection> writer,
                   Connection::Open(options.path, options.vfs, Connection::Role::kWriter));
  RETURN_IF_ERROR(writer->Execute(absl::StrCat("PRAGMA cache_size=-", options.cache_kib)));
  RETURN_IF_ERROR(PrepareSchema(*writer));
  return std::make_unique<SqliteStore>(options, std::move(lock), std::move(writer));
}

}  // namespace derwent::store
