#include "broker/store/sqlite/sqlite_backup.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <memory>

#include "broker/store/sqlite/connection.h"

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

}  // namespace

absl::Status BackUpSqlite(const std::string& from, const std::string& to) {
  if (access(from.c_str(), F_OK) != 0) return absl::NotFoundError("store: no such database");
  const int file = open(to.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return absl::AlreadyExistsError("store: the copy's file is there already or cannot be made");
  close(file);
  const absl::StatusOr<Database> source = Open(from, SQLITE_OPEN_READONLY);
  if (!source.ok()) return source.status();
  const absl::StatusOr<Database> copy = Open(to, SQLITE_OPEN_READWRITE);
  if (!copy.ok()) return copy.status();
  sqlite3_backup* const backup = sqlite3_backup_init(copy->get(), "main", source->get(), "main");
  if (backup == nullptr) return SqliteStatus(copy->get(), sqlite3_extended_errcode(copy->get()), "back up");
  // All pages in one step: one snapshot, and no writer in between makes it start over.
  const int rc = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (rc != SQLITE_DONE) return SqliteStatus(copy->get(), rc, "back up");
  return finished == SQLITE_OK ? absl::OkStatus() : SqliteStatus(copy->get(), finished, "back up");
}

}  // namespace derwent::store
