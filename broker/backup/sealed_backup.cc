#include "broker/backup/sealed_backup.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "broker/store/sqlite/sqlite_backup.h"
#include "trust/base/durable_file.h"
#include "trust/base/status_macros.h"
#include "trust/secret/content_encoding.h"

namespace derwent::backup {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kRecord = 64 << 10;

// A file that is gone when this is, unless it was kept.
class Passing {
 public:
  explicit Passing(std::string path) : path_(std::move(path)) {}
  ~Passing() { std::remove(path_.c_str()); }
  Passing(const Passing&) = delete;
  Passing& operator=(const Passing&) = delete;
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

absl::Status Sync(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = file >= 0 && fsync(file) == 0;
  if (file >= 0) close(file);
  return synced ? absl::OkStatus() : absl::UnavailableError(absl::StrCat("backup: `", path, "` cannot be synced"));
}

// Has `write` fill a new file, synced before it has its name.
absl::Status MakeWhole(const std::string& path, const std::function<absl::Status(std::ostream&)>& write) {
  if (fs::exists(path)) return absl::AlreadyExistsError(absl::StrCat("backup: `", path, "` is there already"));
  const Passing part(path + ".part");
  std::remove(part.path().c_str());
  const int file = open(part.path().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return absl::UnavailableError(absl::StrCat("backup: `", part.path(), "` cannot be made"));
  close(file);
  {
    std::ofstream to(part.path(), std::ios::binary);
    RETURN_IF_ERROR(write(to));
    to.close();
    if (!to) return absl::UnavailableError(absl::StrCat("backup: `", part.path(), "` cannot be written"));
  }
  RETURN_IF_ERROR(Sync(part.path()));
  // A link, not a rename: what came there meanwhile is never replaced.
  if (link(part.path().c_str(), path.c_str()) != 0)
    return absl::AlreadyExistsError(absl::StrCat("backup: `", path, "` is there already"));
  return SyncFolder(fs::absolute(path).parent_path().string());
}

}  // namespace

absl::Status SealBackup(const std::string& database, const std::string& to, const BackupKeys& keys, absl::Time now,
                        trust::Random& random) {
  return MakeWhole(to, [&](std::ostream& sealed) -> absl::Status {
    ASSIGN_OR_RETURN(const BackupKeys::Made made, keys.Make(now, random));
    ASSIGN_OR_RETURN(const store::UnnamedFile plain, store::CopySqlite(database, made.id));
    std::ifstream from(plain.path(), std::ios::binary);
    return trust::SealContent(made.key, {.salt = random.Bytes(16), .record = kRecord, .key_id = made.id}, from, sealed);
  });
}

absl::Status OpenBackup(const std::string& from, const std::string& to, const BackupKeys& keys, absl::Time now) {
  std::ifstream sealed(from, std::ios::binary);
  if (!sealed) return absl::NotFoundError(absl::StrCat("backup: `", from, "` cannot be read"));
  return MakeWhole(to, [&](std::ostream& database) {
    return trust::OpenContent([&](absl::string_view id) { return keys.Find(id, now); }, sealed, database);
  });
}

}  // namespace derwent::backup
