#include "tests/broker/store/fault_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <fstream>
#include <random>

namespace derwent::store {
namespace {

// A file of the fault VFS: the system's file follows it in the same allocation.
struct FaultFile {
  sqlite3_file base;
  FaultVfs* vfs;
  FaultVfs::Medium* medium;  // null: not followed (temporary)
  sqlite3_file* real;
};

FaultFile& Self(sqlite3_file* file) { return *reinterpret_cast<FaultFile*>(file); }
sqlite3_file* Real(sqlite3_file* file) { return Self(file).real; }

int Close(sqlite3_file* file) { return Real(file)->pMethods->xClose(Real(file)); }
int Read(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
  if (Self(file).vfs->dead()) return SQLITE_IOERR_READ;
  return Real(file)->pMethods->xRead(Real(file), out, size, offset);
}
int Write(sqlite3_file* file, const void* octets, int size, sqlite3_int64 offset) {
  FaultFile& self = Self(file);
  if (const int error = self.vfs->Count(SQLITE_IOERR_WRITE, true); error != SQLITE_OK) return error;
  if (self.medium != nullptr) {
    self.medium->unsynced.push_back(
        {.offset = offset, .octets = std::string(static_cast<const char*>(octets), static_cast<size_t>(size))});
  }
  return self.real->pMethods->xWrite(self.real, octets, size, offset);
}
int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  FaultFile& self = Self(file);
  if (const int error = self.vfs->Count(SQLITE_IOERR_TRUNCATE, true); error != SQLITE_OK) return error;
  if (self.medium != nullptr) self.medium->unsynced.push_back({.offset = size, .truncation = true});
  return self.real->pMethods->xTruncate(self.real, size);
}
int Sync(sqlite3_file* file, int /*flags*/) {
  FaultFile& self = Self(file);
  if (const int error = self.vfs->Count(SQLITE_IOERR_FSYNC, false); error != SQLITE_OK) return error;
  if (self.medium == nullptr) return SQLITE_OK;
  for (const FaultVfs::Change& change : self.medium->unsynced) FaultVfs::Apply(change, self.medium->synced);
  self.medium->unsynced.clear();
  return SQLITE_OK;  // The real file needs none: the medium is kept here.
}
int FileSize(sqlite3_file* file, sqlite3_int64* size) { return Real(file)->pMethods->xFileSize(Real(file), size); }
int Lock(sqlite3_file* file, int level) { return Real(file)->pMethods->xLock(Real(file), level); }
int Unlock(sqlite3_file* file, int level) { return Real(file)->pMethods->xUnlock(Real(file), level); }
int CheckLock(sqlite3_file* file, int* out) { return Real(file)->pMethods->xCheckReservedLock(Real(file), out); }
int Control(sqlite3_file* file, int operation, void* argument) {
  return Real(file)->pMethods->xFileControl(Real(file), operation, argument);
}
int SectorSize(sqlite3_file* file) { return Real(file)->pMethods->xSectorSize(Real(file)); }
// Nothing promised: the worst disk SQLite must cope with.
int Characteristics(sqlite3_file* /*file*/) { return 0; }
int ShmMap(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  return Real(file)->pMethods->xShmMap(Real(file), page, size, extend, out);
}
int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
  return Real(file)->pMethods->xShmLock(Real(file), offset, count, flags);
}
void ShmBarrier(sqlite3_file* file) { Real(file)->pMethods->xShmBarrier(Real(file)); }
int ShmUnmap(sqlite3_file* file, int remove) { return Real(file)->pMethods->xShmUnmap(Real(file), remove); }

constexpr sqlite3_io_methods kMethods = {.iVersion = 2,
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
                                         .xShmMap = ShmMap,
                                         .xShmLock = ShmLock,
                                         .xShmBarrier = ShmBarrier,
                                         .xShmUnmap = ShmUnmap};

sqlite3_vfs* System() { return sqlite3_vfs_find(nullptr); }

int Open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  FaultFile& self = Self(file);
  self = {.base = {.pMethods = nullptr},
          .vfs = static_cast<FaultVfs*>(vfs->pAppData),
          .medium = nullptr,
          .real = reinterpret_cast<sqlite3_file*>(&self + 1)};
  if (self.vfs->dead()) return SQLITE_CANTOPEN;
  const int rc = System()->xOpen(System(), path, self.real, flags, out_flags);
  if (rc != SQLITE_OK) return rc;
  if (path != nullptr) self.medium = &self.vfs->medium(path);
  self.base.pMethods = &kMethods;
  return SQLITE_OK;
}

int Delete(sqlite3_vfs* vfs, const char* path, int sync) {
  auto& self = *static_cast<FaultVfs*>(vfs->pAppData);
  if (const int error = self.Count(SQLITE_IOERR_DELETE, false); error != SQLITE_OK) return error;
  self.medium(path) = {};
  return System()->xDelete(System(), path, sync);
}

}  // namespace

FaultVfs::FaultVfs() : vfs_(std::make_unique<sqlite3_vfs>(*System())) {
  static int count = 0;
  name_ = "fault-" + std::to_string(++count);
  vfs_->szOsFile = static_cast<int>(sizeof(FaultFile)) + System()->szOsFile;
  vfs_->zName = name_.c_str();
  vfs_->pAppData = this;
  vfs_->xOpen = Open;
  vfs_->xDelete = Delete;
  sqlite3_vfs_register(vfs_.get(), 0);
}

FaultVfs::~FaultVfs() { sqlite3_vfs_unregister(vfs_.get()); }

void FaultVfs::Arm(Fault fault, uint64_t at) {
  fault_ = fault;
  left_ = at;
  met_ = false;
}

int FaultVfs::Count(int error_once, bool writes) {
  if (dead_) return error_once;
  if (fault_ == Fault::kNone) return SQLITE_OK;
  if (left_ > 0) --left_;
  if (left_ > 0) return SQLITE_OK;
  const bool full = fault_ == Fault::kDiskFull || fault_ == Fault::kFullOnce;
  const bool once = fault_ == Fault::kErrorOnce || fault_ == Fault::kFullOnce;
  if ((full && !writes) || (once && met_)) return SQLITE_OK;
  met_ = true;
  if (full) return SQLITE_FULL;
  dead_ = fault_ == Fault::kPowerLoss;
  return error_once;
}

void FaultVfs::Apply(const Change& change, std::string& octets) {
  const auto offset = static_cast<size_t>(change.offset);
  if (change.truncation) {
    octets.resize(std::min(octets.size(), offset));
    return;
  }
  if (octets.size() < offset + change.octets.size()) octets.resize(offset + change.octets.size(), '\0');
  octets.replace(offset, change.octets.size(), change.octets);
}

void FaultVfs::SaveMedium(const std::string& from, const std::string& to, Unsynced unsynced, uint32_t seed) const {
  std::mt19937 random(seed);
  for (const auto& [path, medium] : media_) {
    if (path.compare(0, from.size(), from) != 0) continue;
    std::string octets = medium.synced;
    for (const Change& change : medium.unsynced) {
      if (unsynced == Unsynced::kKept || (unsynced == Unsynced::kSome && random() % 2 == 0)) Apply(change, octets);
    }
    if (!octets.empty()) std::ofstream(to + path.substr(from.size()), std::ios::binary) << octets;
  }
}

}  // namespace derwent::store
