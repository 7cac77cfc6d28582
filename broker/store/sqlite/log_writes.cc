#include "broker/store/sqlite/log_writes.h"

#include <sqlite3.h>

#include <functional>
#include <map>
#include <memory>

#include "absl/strings/str_cat.h"

#include "trust/base/mutex.h"

namespace derwent::store {
namespace {

// What waits to be written at most: a longer commit is written in several calls. SQLite's own file layer takes less
// than 128 KiB a call (it masks the length).
constexpr size_t kLargest = size_t{124} << 10;
// Octets of the headers in a log of changes (https://www.sqlite.org/walformat.html, sections 2.1 and 2.2).
constexpr int kLogHeader = 32;
constexpr int kPageHeader = 24;

// The octets appended since the last write, and where they go.
struct Waiting {
  std::string octets;
  sqlite3_int64 offset = 0;
};

// The log of changes as one connection has it open: the file of the VFS below follows in the same allocation.
struct LogFile {
  sqlite3_file base;
  Waiting* waiting;
  sqlite3_file* real;
};

LogFile& Self(sqlite3_file* file) { return *reinterpret_cast<LogFile*>(file); }
sqlite3_file* Real(sqlite3_file* file) { return Self(file).real; }

int WriteOut(LogFile& self) {
  Waiting& waiting = *self.waiting;
  if (waiting.octets.empty()) return SQLITE_OK;
  const int rc = self.real->pMethods->xWrite(self.real, waiting.octets.data(), static_cast<int>(waiting.octets.size()),
                                             waiting.offset);
  // Written or not, it is over: SQLite rolls a commit back whose write failed, and begins at the same place again.
  waiting.octets.clear();
  return rc;
}

// Before what only looks at the log. "Disk full" of a look makes SQLite undo the statement that looked and go on: what
// waited, of statements before it, would be missing in a commit that succeeds. An error of the medium undoes the
// transaction.
int WriteOutToLook(LogFile& self) { return WriteOut(self) == SQLITE_OK ? SQLITE_OK : SQLITE_IOERR_WRITE; }

int Close(sqlite3_file* file) {
  LogFile& self = Self(file);
  const int written = WriteOut(self);
  const int closed = self.real->pMethods->xClose(self.real);
  delete self.waiting;
  return written != SQLITE_OK ? written : closed;
}

int Read(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
  if (const int rc = WriteOutToLook(Self(file)); rc != SQLITE_OK) return rc;
  return Real(file)->pMethods->xRead(Real(file), out, size, offset);
}

// A commit begins with the header of a page or of the whole log, and ends with a sync; but on a disk that may spoil
// what lies beside a write, SQLite pads it past the sync. That is written at once: nothing waits when the index names
// it.
int Write(sqlite3_file* file, const void* octets, int size, sqlite3_int64 offset) {
  LogFile& self = Self(file);
  Waiting& waiting = *self.waiting;
  const auto length = static_cast<size_t>(size);
  const bool follows = offset == waiting.offset + static_cast<sqlite3_int64>(waiting.octets.size());
  if (!follows || waiting.octets.size() + length > kLargest) {
    if (const int rc = WriteOut(self); rc != SQLITE_OK) return rc;
  }
  if (waiting.octets.empty()) {
    if (size != kPageHeader && size != kLogHeader) return self.real->pMethods->xWrite(self.real, octets, size, offset);
    waiting.offset = offset;
  }
  waiting.octets.append(static_cast<const char*>(octets), length);
  return SQLITE_OK;
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (const int rc = WriteOut(Self(file)); rc != SQLITE_OK) return rc;
  return Real(file)->pMethods->xTruncate(Real(file), size);
}

int Sync(sqlite3_file* file, int flags) {
  if (const int rc = WriteOut(Self(file)); rc != SQLITE_OK) return rc;
  return Real(file)->pMethods->xSync(Real(file), flags);
}

int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  if (const int rc = WriteOutToLook(Self(file)); rc != SQLITE_OK) return rc;
  return Real(file)->pMethods->xFileSize(Real(file), size);
}

int Lock(sqlite3_file* file, int level) { return Real(file)->pMethods->xLock(Real(file), level); }
int Unlock(sqlite3_file* file, int level) { return Real(file)->pMethods->xUnlock(Real(file), level); }
int CheckLock(sqlite3_file* file, int* out) { return Real(file)->pMethods->xCheckReservedLock(Real(file), out); }
int Control(sqlite3_file* file, int operation, void* argument) {
  return Real(file)->pMethods->xFileControl(Real(file), operation, argument);
}
int SectorSize(sqlite3_file* file) { return Real(file)->pMethods->xSectorSize(Real(file)); }
int Characteristics(sqlite3_file* file) { return Real(file)->pMethods->xDeviceCharacteristics(Real(file)); }

constexpr sqlite3_io_methods kLogMethods = {.iVersion = 1,
                                            .xClose = Close,
                                            .xRead = Read,
                                            .xWrite = Write,
                                            .xTruncate = Truncate,
                                            .xSync = Sync,
                                            .xFileSize = FileSize,
                                            .xLock = Lock,
                                            .xUnlock = Unlock,
                                            .xCheckReservedLock = CheckLock,
                                            .xFileControl = Control,
                                            .xSectorSize = SectorSize,
                                            .xDeviceCharacteristics = Characteristics,
                                            .xShmMap = nullptr,
                                            .xShmLock = nullptr,
                                            .xShmBarrier = nullptr,
                                            .xShmUnmap = nullptr,
                                            .xFetch = nullptr,
                                            .xUnfetch = nullptr};

// Every file but the log of changes is the lower VFS's own.
int Open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  auto* const under = static_cast<sqlite3_vfs*>(vfs->pAppData);
  if ((flags & SQLITE_OPEN_WAL) == 0) return under->xOpen(under, path, file, flags, out_flags);
  LogFile& self = Self(file);
  self = {.base = {.pMethods = nullptr}, .waiting = nullptr, .real = reinterpret_cast<sqlite3_file*>(&self + 1)};
  const int rc = under->xOpen(under, path, self.real, flags, out_flags);
  if (rc != SQLITE_OK) return rc;
  self.waiting = new Waiting;
  self.base.pMethods = &kLogMethods;
  return SQLITE_OK;
}

// The lower VFS's functions find their own data in the VFS they are given.
int Delete(sqlite3_vfs* vfs, const char* path, int sync) {
  auto* const under = static_cast<sqlite3_vfs*>(vfs->pAppData);
  return under->xDelete(under, path, sync);
}

struct Registered {
  std::string name;
  sqlite3_vfs vfs;
};

}  // namespace

absl::StatusOr<std::string> LogWritesOver(const std::string& under_name) {
  static auto& mutex = *new Mutex;
  static auto& known = *new std::map<std::string, std::unique_ptr<Registered>, std::less<>>;
  sqlite3_vfs* const under = sqlite3_vfs_find(under_name.empty() ? nullptr : under_name.c_str());
  if (under == nullptr) return absl::InternalError("store: no such VFS");
  const MutexLock hold(mutex);
  std::unique_ptr<Registered>& own = known[under->zName];
  if (own != nullptr) return own->name;
  own = std::make_unique<Registered>(Registered{.name = absl::StrCat("log-writes-", under->zName), .vfs = *under});
  own->vfs.zName = own->name.c_str();
  own->vfs.szOsFile = static_cast<int>(sizeof(LogFile)) + under->szOsFile;
  own->vfs.pNext = nullptr;
  own->vfs.pAppData = under;
  own->vfs.xOpen = Open;
  own->vfs.xDelete = Delete;
  if (sqlite3_vfs_register(&own->vfs, 0) != SQLITE_OK) return absl::InternalError("store: a VFS cannot be registered");
  return own->name;
}

}  // namespace derwent::store
