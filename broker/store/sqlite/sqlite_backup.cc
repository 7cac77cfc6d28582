#include "broker/store/sqlite/sqlite_backup.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

#include "broker/store/sqlite/connection.h"
#include "trust/base/status_macros.h"

namespace derwent::store {
namespace {

struct Close {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
using Database = std::unique_ptr<sqlite3, Close>;

absl::StatusOr<Database> Open(const std::string& path, int flags) {
  sqlite3* database = nullptr;
  const int rc = sqlite3_open_v2(path.c_str(), &database, flags | SQLITE_OPEN_EXRESCODE, nullptr);
  Database opened(database);
  if (rc != SQLITE_OK) return SqliteStatus(database, rc, "back up");
  return opened;
}

// Copies all pages in one step: one snapshot, and no writer in between makes it start over.
absl::Status CopyPages(sqlite3* source, sqlite3* copy) {
  sqlite3_backup* const backup = sqlite3_backup_init(copy, "main", source, "main");
  if (backup == nullptr) return SqliteStatus(copy, sqlite3_extended_errcode(copy), "back up");
  const int rc = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (rc != SQLITE_DONE) return SqliteStatus(copy, rc, "back up");
  return finished == SQLITE_OK ? absl::OkStatus() : SqliteStatus(copy, finished, "back up");
}

absl::StatusOr<int> NewFile(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return absl::AlreadyExistsError("store: the copy's file is there already or cannot be made");
  return file;
}

absl::StatusOr<Database> Source(const std::string& path) {
  if (access(path.c_str(), F_OK) != 0) return absl::NotFoundError("store: no such database");
  return Open(path, SQLITE_OPEN_READONLY);
}

}  // namespace

absl::Status BackUpSqlite(const std::string& from, const std::string& to) {
  ASSIGN_OR_RETURN(const Database source, Source(from));
  ASSIGN_OR_RETURN(const int file, NewFile(to));
  close(file);
  ASSIGN_OR_RETURN(const Database copy, Open(to, SQLITE_OPEN_READWRITE));
  return CopyPages(source.get(), copy.get());
}

UnnamedFile::~UnnamedFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

absl::StatusOr<UnnamedFile> CopySqlite(const std::string& from, absl::string_view name) {
  ASSIGN_OR_RETURN(const Database source, Source(from));
  const std::string path = absl::StrCat(from, "-", name);
  ASSIGN_OR_RETURN(const int file, NewFile(path));
  UnnamedFile unnamed(file);
  const absl::StatusOr<Database> copy = Open(path, SQLITE_OPEN_READWRITE);
  // SQLite has it open: from here no name leads to it, whatever ends this process.
  const bool removed = unlink(path.c_str()) == 0;
  if (!copy.ok()) return copy.status();
  if (!removed) return absl::UnavailableError("store: the copy's name cannot be removed");
  // A journal would have a name.
  if (const int rc = sqlite3_exec(copy->get(), "PRAGMA journal_mode=OFF", nullptr, nullptr, nullptr); rc != SQLITE_OK)
    return SqliteStatus(copy->get(), rc, "back up");
  RETURN_IF_ERROR(CopyPages(source.get(), copy->get()));
  return unnamed;
}

}  // namespace derwent::store
